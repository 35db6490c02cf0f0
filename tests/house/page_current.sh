#!/usr/bin/env bash
# A generated page of docs/ is what the program says now.
# usage: page_current.sh config|http|cli
set -eu
cd "$(dirname "$0")/../.."
timeout 10 build/fettle docs "$1" | diff -u "docs/$1.md" - ||
    { echo "make it again: build/fettle docs $1 >docs/$1.md" && exit 1; }
