#!/usr/bin/env bash
# House rule: a source file of more than 600 lines is worth a thought, of more than 1,200 refused.
set -eu
cd "$(dirname "$0")/../.."
find src -name '*.[ch]' -print0 | sort -z | xargs -0 awk '
    FNR == 601 { printf "   note: %s has more than 600 lines\n", FILENAME }
    FNR == 1201 {
        printf "%s has more than 1,200 lines: split it\n", FILENAME
        bad = 1
    }
    END { exit bad }'
