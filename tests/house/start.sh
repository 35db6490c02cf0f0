#!/usr/bin/env bash
# A fresh start of the demo plant on a loopback port: it answers, and ends when told to.
# usage: start.sh PROGRAM
# Prints what failed, then "counts PASSED FAILED".
set -u
program=$1
data=$(mktemp -d)
log=$data/log
pid= passed=0 failed=0
cleanup() {
    [ -z "$pid" ] || kill -9 "$pid" 2>/dev/null
    rm -rf "$data"
}
trap cleanup EXIT

check() { # what it is, and a command that must succeed
    local name=$1
    shift
    if "$@"; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        printf '   FAILED: %s\n' "$name"
        tail -n 15 "$log"
    fi
}
ask() { curl -sS --max-time 5 -o "$data/answer" -w '%{http_code}' "$url$1" 2>>"$log"; }
answers() { [ "$(ask "$1")" = "$2" ]; }
ready() {
    for _ in $(seq 100); do
        answers /health 200 && return 0
        kill -0 "$pid" 2>/dev/null || return 1
        sleep 0.1
    done
    return 1
}
has_readings() { # the demo plant feeds it within seconds
    for _ in $(seq 100); do
        answers /status 200 && grep -q '"last_reading_time": *"2' "$data/answer" && return 0
        sleep 0.1
    done
    cat "$data/answer"
    return 1
}
ends_in_time() {
    kill -TERM "$pid"
    for _ in $(seq 100); do
        kill -0 "$pid" 2>/dev/null || break
        sleep 0.1
    done
    ! kill -0 "$pid" 2>/dev/null && wait "$pid"
}

for _ in 1 2 3; do # another try if somebody else has the port
    port=$((20000 + RANDOM % 12000))
    url=http://127.0.0.1:$port
    "$program" serve --demo --data "$data/plant" --set server.port=$port >"$log" 2>&1 &
    pid=$!
    ready && break
    kill -9 "$pid" 2>/dev/null
    wait "$pid" 2>/dev/null
done
check "the program answers /health within 10 s" answers /health 200
check "the demo plant's readings arrive" has_readings
check "/ is a page" answers / 200
check "/metrics answers" answers /metrics 200
check "/api/v1/anomalies answers" answers /api/v1/anomalies 200
check "/openapi.json answers" answers /openapi.json 200
check "a path that is not there is 404" answers /no/such/path 404
check "SIGTERM ends it within 10 s with status 0" ends_in_time
pid=
echo "counts $passed $failed"
