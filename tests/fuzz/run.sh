#!/usr/bin/env bash
# Runs one fuzz target for some seconds, from its seeds and from what earlier runs found.
# usage: run.sh fuzz_FOLDER_THING SECONDS
set -eu
cd "$(dirname "$0")/../.."
target=$1 seconds=$2
corpus=build-fuzz/corpus/$target
mkdir -p "$corpus"
seeds=()
[ ! -d "tests/fuzz/seeds/$target" ] || seeds+=("tests/fuzz/seeds/$target")
exec "build-fuzz/tests/$target" -max_total_time="$seconds" -timeout=5 -rss_limit_mb=1024 \
    -max_len=65536 -print_final_stats=1 -artifact_prefix="build-fuzz/$target-" \
    "$corpus" "${seeds[@]}"
