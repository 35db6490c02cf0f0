#!/usr/bin/env bash
# House rule: every header compiles without another before it.
# usage: headers_alone.sh COMPILER
set -eu
cd "$(dirname "$0")/../.."
mapfile -d '' -t headers < <(find src -name '*.h' -print0)
HEADERS=yes exec tests/house/compiles_with.sh "$1" "${headers[@]}"
