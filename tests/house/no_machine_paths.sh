#!/usr/bin/env bash
# House rule: no file names a folder of somebody's machine.
set -eu
cd "$(dirname "$0")/../.."
# The brackets keep this file from finding itself.
pattern='(^|[^[:alnum:]_.~-])/([h]ome|[r]oot|[w]ork|[U]sers|[m]nt)/[[:alnum:]]'
found=$(find . \( -name .git -o -name 'build*' -o -name node_modules -o -name vendor \
    -o -name fettle-data \) -prune -o -type f -size -1M -print0 |
    xargs -0 grep -nEI "$pattern" /dev/null || true)
[ -z "$found" ] || { printf '%s\n' "$found" && exit 1; }
