#!/usr/bin/env bash
# House rule: clang-format has nothing to change. Skipped with another version than the one meant.
set -eu
cd "$(dirname "$0")/../.."
format=$(command -v clang-format-14 || command -v clang-format) || {
    echo "clang-format 14 is not installed"
    exit 77
}
case "$("$format" --version)" in
*"version 14."*) ;;
*) echo "clang-format 14 decides, and this is $("$format" --version)" && exit 77 ;;
esac
dirs=(src tests)
[ ! -d bench ] || dirs+=(bench)
find "${dirs[@]}" -name '*.[ch]' -print0 | xargs -0 "$format" --dry-run -Werror
