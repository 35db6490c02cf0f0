#!/usr/bin/env bash
# A failing test makes ./check fail: its last line counts it and its exit status says so.
set -u
cd "$(dirname "$0")/../.." || exit 1
run() { ./check --no-install --quick --only '^check\.no_failure_is_planted$'; }

said=$(run) && [ "$(tail -n 1 <<<"$said")" = "1 passed, 0 failed, 0 skipped" ] ||
    { printf 'without a planted failure:\n%s\n' "$said" && exit 1; }
said=$(FETTLE_CHECK_PLANT_FAILURE=1 run) && { echo "a failing test was not noticed" && exit 1; }
[ "$(tail -n 1 <<<"$said")" = "0 passed, 1 failed, 0 skipped" ] ||
    { printf 'with a planted failure:\n%s\n' "$said" && exit 1; }
