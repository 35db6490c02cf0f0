#!/usr/bin/env python3
"""From exec to the first answer: below 100 ms on an empty folder (the best of five starts), and the
program is below 10 MB."""
import os
import tempfile

from fettle_process import Fettle, check, program

LIMIT_S = float(os.environ.get("FETTLE_START_LIMIT_S", "0.1"))


def main():
    times = []
    for _ in range(5):
        with tempfile.TemporaryDirectory() as folder:
            data = os.path.join(folder, "data")
            os.mkdir(data)
            fettle = Fettle(program(), data)
            times.append(fettle.start())
            fettle.stop()
    size = os.path.getsize(program())
    print("start to first answer: best %.0f ms, worst %.0f ms; program %.2f MB"
          % (min(times) * 1e3, max(times) * 1e3, size / 1e6))
    check(min(times) < LIMIT_S, "the best start took %.0f ms" % (min(times) * 1e3))
    with open(program(), "rb") as f:
        instrumented = b"__asan_init" in f.read()
    check(instrumented or size < 10e6, "the program has %d bytes" % size)


main()
