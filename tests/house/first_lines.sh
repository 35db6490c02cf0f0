#!/usr/bin/env bash
# House rule: the first line of each source file says in a sentence what the file is.
set -eu
cd "$(dirname "$0")/../.."
dirs=(src tests)
[ ! -d bench ] || dirs+=(bench)
find "${dirs[@]}" -name '*.[ch]' -print0 | sort -z | xargs -0 awk '
    FNR == 1 && !/^\/\/ [^ ]+ [^ ]+ [^ ]+/ {
        printf "%s:1: a comment expected that says in a sentence what the file is\n", FILENAME
        bad = 1
    }
    END { exit bad }'
