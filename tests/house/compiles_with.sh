#!/usr/bin/env bash
# Compiles every source (or the given files) under the project's warnings, without making code.
# usage: compiles_with.sh COMPILER [FILE...]; with HEADERS=yes each file is included by an empty one
set -eu
cd "$(dirname "$0")/../.."
compiler=$1
shift
command -v "$compiler" >/dev/null || { echo "$compiler is not installed" && exit 77; }
# The options of CMakeLists.txt that say what is C here and what is a warning.
options=$(sed -n '/^add_compile_options/,/)$/p' CMakeLists.txt | grep -oE -- '-W[a-z-]+' | xargs)
libraries=$(grep -oE 'IMPORTED_TARGET [^)]+' CMakeLists.txt | awk '{print $2}' | xargs)
# shellcheck disable=SC2046,SC2086  # lists are meant to be split
cflags="-std=c17 -fsyntax-only -x c -D_GNU_SOURCE -DFETTLE_VERSION=\"0\" -Isrc
    $options $(pkg-config --cflags $libraries)"
each() { xargs -0 -n 1 -P "$(nproc)" "$compiler" $cflags "$@"; }
if [ $# -gt 0 ]; then
    printf '%s\0' "$@" | each ${HEADERS:+/dev/null -include}
    exit
fi
[ "$(uname -m)" = aarch64 ] && other=x86 || other=arm
find src -name '*.c' ! -path "src/kernels/$other/*" -print0 | each
# cmocka's macros convert integers to its own types.
find tests bench -name '*.c' -print0 | each -Itests -Wno-conversion
