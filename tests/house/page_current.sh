#!/usr/bin/env bash
# A generated page of docs/ is what the program says now.
# usage: page_current.sh PROGRAM config|http|cli
set -eu
cd "$(dirname "$0")/../.."
timeout 10 "$1" docs "$2" | diff -u "docs/$2.md" - ||
    { echo "make it again: build/fettle docs $2 >docs/$2.md" && exit 1; }
