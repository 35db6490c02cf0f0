#!/usr/bin/env bash
# House rule: a folder of src/ includes only what its line in src/LAYERS allows.
# usage: layers.sh [top of a source tree]
set -eu
cd "${1:-$(dirname "$0")/../..}"
find src -name '*.[ch]' -print0 | sort -z | xargs -0 awk '
    BEGIN {
        while ((getline line < "src/LAYERS") > 0) {
            if (line ~ /^#/ || line !~ /:/)
                continue
            folder = line
            sub(/:.*/, "", folder)
            sub(/^[^:]*:/, "", line)
            known[folder] = 1
            count = split(line, uses, " ")
            for (i = 1; i <= count; i++)
                allowed[folder, uses[i]] = 1
        }
    }
    FNR == 1 {
        split(FILENAME, part, "/")
        own = part[2]
        if (!(own in known))
            refuse("the folder " own " has no line in src/LAYERS")
    }
    /^[ \t]*#[ \t]*include[ \t]*"/ {
        used = $0
        sub(/^[^"]*"/, "", used)
        sub(/".*/, "", used)
        if (used !~ /\//)
            refuse("include \"" used "\" by its folder: \"" own "/" used "\"")
        sub(/\/.*/, "", used)
        if (used != own && !((own, used) in allowed))
            refuse(own " may not include " used)
    }
    function refuse(why) {
        printf "%s:%d: %s\n", FILENAME, FNR, why
        bad = 1
    }
    END { exit bad }'
