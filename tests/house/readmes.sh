#!/usr/bin/env bash
# House rule: each folder of src/ has a README of at most a page, and docs/tour.md leads to it.
set -eu
cd "$(dirname "$0")/../.."
bad=0
for folder in src/*/; do
    readme=${folder}README.md
    if [ ! -f "$readme" ]; then
        echo "$readme is missing"
        bad=1
    elif [ "$(wc -l <"$readme")" -gt 60 ]; then
        echo "$readme has more than 60 lines, which is more than a page"
        bad=1
    fi
    grep -q "$folder" docs/tour.md || { echo "docs/tour.md does not name $folder" && bad=1; }
done
exit $bad
