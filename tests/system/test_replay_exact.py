#!/usr/bin/env python3
"""A replay is exact: the same file gives the same findings byte for byte, read at once, again, from
a pipe in pieces, or replayed by the server at two speeds."""
import os
import subprocess
import tempfile
import time

from fettle_process import Fettle, check, program


def watch(path, **options):
    out = subprocess.run([program(), "watch", "--json", "--asset", "pipe", path], check=True,
                         capture_output=True, **options).stdout.splitlines()
    return [line for line in out if b'"summary"' not in line]


def watch_in_pieces(path, *operand):
    findings = tempfile.TemporaryFile()  # a pipe that nobody reads would fill up
    p = subprocess.Popen([program(), "watch", "--json", "--asset", "pipe", *operand],
                         stdin=subprocess.PIPE, stdout=findings)
    text = open(path, "rb").read()
    step = len(text) // 40 + 1
    for at in range(0, len(text), step):
        p.stdin.write(text[at:at + step])
        p.stdin.flush()
        time.sleep(0.002)
    p.stdin.close()
    check(p.wait(60) == 0, "watch ended with %d" % p.returncode)
    findings.seek(0)
    return [line for line in findings.read().splitlines() if b'"summary"' not in line]


def replay(folder, path, speed):
    data = os.path.join(folder, "data-%s" % speed)
    os.mkdir(data)
    fettle = Fettle(program(), data, "--log", "warn", "--replay", "--speed", speed, path)
    fettle.start()
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        stages = {s["name"]: s for s in fettle.json("/api/v1/pipeline")["stages"]}
        if not stages.get("replay", {}).get("active") and stages["detect"]["queued"] == 0:
            break
        time.sleep(0.1)
    found = incidents = None
    steady = 0
    while steady < 3 and time.monotonic() < deadline:  # the last findings are still on their way
        time.sleep(0.5)
        before = found, incidents
        found = fettle.json("/api/v1/anomalies?limit=1000")
        incidents = fettle.json("/api/v1/incidents?limit=1000")
        steady = steady + 1 if before == (found, incidents) else 0
    fettle.stop()
    return found, incidents


def main():
    with tempfile.TemporaryDirectory() as folder:
        plant = os.path.join(folder, "plant")
        subprocess.run([program(), "generate", "plant", "--days", "0.5", "--assets", "1", "--seed",
                        "5", "--faults", "4", "--out", plant], check=True, capture_output=True)
        path = os.path.join(plant, "wtf-pipe-1.csv")
        first = watch(path)
        check(len(first) > 10, "only %d findings" % len(first))
        check(first == watch(path), "a second run finds otherwise")
        check(first == watch_in_pieces(path, "-"), "from a pipe it finds otherwise")
        check(first == watch_in_pieces(path), "without a file it does not read the pipe")
        fast, slower = replay(folder, path, "0"), replay(folder, path, "20000")
        check(len(fast[0]["anomalies"]) > 5, "the server found nothing")
        check(fast == slower, "another speed finds otherwise")
        print("%d findings, the same six times" % len(first))


main()
