#!/usr/bin/env python3
"""A full disk: readings are refused with 507, reading goes on, and after space returned sending
works again within 5 s with nothing acknowledged lost. Needs `unshare -rm` for a 16 MiB tmpfs."""
import http.client
import os
import subprocess
import sys
import tempfile
import time

from fettle_process import Fettle, check, loads, program

SKIPPED = 77
BATCH = 2000
START_S = 1_700_000_000


def post(fettle, first):
    lines = "".join("m,asset=f t=%.6f %d\n" % ((i * 7919 % 100003) / 977, (START_S + i) * 10**9)
                    for i in range(first, first + BATCH))
    return fettle.request("POST", "/api/v1/readings", lines)


def stored(fettle):
    points = fettle.json("/api/v1/readings/history?sensor=f/t&from=%d&to=%d"
                         % (START_S - 100, START_S + 10**7))["points"]
    return sum(p.get("count", 1) for p in points)


def cycle(fettle, folder, acknowledged):
    """Fills the disk, checks the refusal, frees it, checks that it goes on."""
    ballast = os.path.join(folder, "ballast")
    # Unbuffered: a buffer would hold on to what did not fit, and fail once more when it is closed.
    fd = os.open(ballast, os.O_WRONLY | os.O_CREAT)
    try:
        while True:
            os.write(fd, b"x" * 65536)
    except OSError:
        pass
    os.close(fd)
    refused = False
    for _ in range(400):
        status, body = post(fettle, acknowledged)
        if status == 200:
            acknowledged += BATCH
        else:
            check(status == 507, "status %d on a full disk: %s" % (status, body[:300]))
            refused = True
            break
    check(refused, "the disk never filled")
    check(fettle.request("GET", "/health")[0] in (200, 503), "no answer on a full disk")
    there = stored(fettle)
    check(there >= acknowledged, "%d of %d readings are there while the disk is full"
          % (there, acknowledged))
    os.unlink(ballast)
    freed = time.monotonic()
    while True:
        status, _ = post(fettle, acknowledged)
        if status == 200:
            acknowledged += BATCH
            break
        check(time.monotonic() - freed < 5, "still refused 5 s after space returned (%d)" % status)
        time.sleep(0.05)
    return acknowledged


def inside(folder, cycles):
    data = os.path.join(folder, "data")
    os.mkdir(data)
    fettle = Fettle(program(), data, "--log", "error")
    fettle.log = "/dev/null"
    fettle.start()
    acknowledged = 0
    for _ in range(cycles):
        acknowledged = cycle(fettle, folder, acknowledged)
    fettle.kill()
    fettle.start()
    there = stored(fettle)
    check(acknowledged <= there <= acknowledged + BATCH * cycles,
          "%d there, %d acknowledged" % (there, acknowledged))
    fettle.stop()
    print("%d fillings, %d readings acknowledged, 0 lost" % (cycles, acknowledged))


def main():
    if len(sys.argv) > 2:
        inside(sys.argv[1], int(sys.argv[2]))
        return
    cycles = os.environ.get("FETTLE_DISK_CYCLES", "5")
    if subprocess.run(["unshare", "-rm", "true"], capture_output=True).returncode != 0:
        print("skipped: no mount namespaces here")
        sys.exit(SKIPPED)
    with tempfile.TemporaryDirectory() as folder:
        mount = 'mount -t tmpfs -o size=16m tmpfs "$1" && exec python3 "$0" "$1" "$2"'
        sys.exit(subprocess.run(["unshare", "-rm", "bash", "-c", mount, os.path.abspath(__file__),
                                 folder, cycles], timeout=280).returncode)


main()
