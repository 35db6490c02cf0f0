#!/usr/bin/env bash
# The layer rule catches each kind of violation, planted into a small tree.
set -eu
rule=$(cd "$(dirname "$0")" && pwd)/layers.sh
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
mkdir -p "$tree/src/base" "$tree/src/store/sqlite" "$tree/src/stray"
printf '# a comment\nbase:\nstore: base\n' >"$tree/src/LAYERS"

expect() { # file, its text, the complaint ("" for none)
    local said
    printf '%b\n' "$2" >"$tree/src/$1"
    said=$("$rule" "$tree") && [ -n "$3" ] && { echo "not caught: $2 in $1" && exit 1; }
    [ "$said" = "${3:+src/$1:$3}" ] || { echo "said \"$said\" of $2 in $1" && exit 1; }
    rm "$tree/src/$1"
}
expect store/good.c '#include <string.h>\n#include "base/str.h"\n#include "store/store.h"' ''
expect base/bad.h '\n# include "store/store.h"' '2: base may not include store'
expect store/sqlite/bad.c '#include "app/app.h"' '1: store may not include app'
expect store/bad.c '#include "store.h"' \
    $'1: include "store.h" by its folder: "store/store.h"\nsrc/store/bad.c:1: store may not include store.h'
expect stray/bad.c '' '1: the folder stray has no line in src/LAYERS'
