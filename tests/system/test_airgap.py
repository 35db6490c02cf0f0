#!/usr/bin/env python3
"""Without a network (a namespace with loopback only) the demo plant runs, and under strace the
program asks for no other address. Skipped where namespaces or strace are not to be had."""
import os
import re
import shutil
import subprocess
import sys
import tempfile

from fettle_process import program

SKIPPED = 77
INSIDE = r"""
set -eu
ip link set lo up 2>/dev/null || ifconfig lo up
strace -f -qq -e trace=connect,sendto,sendmsg -o "$2/strace" \
    "$1" serve --demo --assets 2 --data "$2/data" --set server.port=18231 --log warn &
pid=$!
for i in $(seq 100); do
    curl -sf http://127.0.0.1:18231/health >"$2/health" && break
    sleep 0.1
done
sleep 2
for path in / /status /anomalies /summary /metrics /openapi.json /docs /api/v1/sensors \
    /api/v1/incidents /api/v1/pipeline /api/v1/readings/latest; do
    curl -sf "http://127.0.0.1:18231$path" >/dev/null || echo "no answer: $path" >>"$2/failed"
done
kill -TERM $(pgrep -P $pid) 2>/dev/null || kill -TERM $pid
wait $pid || true
"""


def main():
    for tool in ("unshare", "strace", "curl", "ip"):
        if not shutil.which(tool):
            print("skipped: no " + tool)
            sys.exit(SKIPPED)
    if subprocess.run(["unshare", "-rn", "true"], capture_output=True).returncode != 0:
        print("skipped: no network namespaces here")
        sys.exit(SKIPPED)
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["unshare", "-rn", "bash", "-c", INSIDE, "bash",
                        os.path.abspath(program()), folder], check=True, timeout=60)
        health = open(os.path.join(folder, "health")).read()
        assert health, "no answer without a network"
        failed = os.path.join(folder, "failed")
        assert not os.path.exists(failed), open(failed).read()
        calls = open(os.path.join(folder, "strace")).read()
        outward = [line for line in calls.splitlines()
                   if re.search(r"sin6?_addr", line) and "127.0.0.1" not in line
                   and '"::1"' not in line]
        assert not outward, "asked for an address outside: " + outward[0]
        print("works without a network; %d socket calls traced, none outward"
              % len(calls.splitlines()))


main()
