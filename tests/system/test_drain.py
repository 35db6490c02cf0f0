#!/usr/bin/env python3
"""SIGTERM under load: drains within 10 s, exits with 0, and what was acknowledged is there."""
import http.client
import os
import tempfile
import threading
import time

from fettle_process import Fettle, check, loads, program

BATCH = 1000
START_S = 1_700_000_000


def send(fettle, name, counts):
    c = http.client.HTTPConnection("127.0.0.1", fettle.port, timeout=20)
    n = 0
    try:
        while True:
            lines = "".join("m,asset=%s t=%d %d\n" % (name, i % 30 + 1, (START_S + i) * 10**9)
                            for i in range(n, n + BATCH))
            c.request("POST", "/api/v1/readings", lines)
            answer = c.getresponse()
            if answer.status == 200 and loads(answer.read())["accepted"] == BATCH:
                n += BATCH
                counts[name] = n
            elif answer.status != 200:
                break
    except (OSError, http.client.HTTPException):
        pass


def main():
    with tempfile.TemporaryDirectory() as folder:
        data = os.path.join(folder, "data")
        os.mkdir(data)
        fettle = Fettle(program(), data, "--log", "warn")
        fettle.start()
        counts = {"d0": 0, "d1": 0, "d2": 0}
        threads = [threading.Thread(target=send, args=(fettle, name, counts)) for name in counts]
        for t in threads:
            t.start()
        time.sleep(1.0)
        code, took = fettle.stop()
        for t in threads:
            t.join()
        check(code == 0, "exit code %d: %s" % (code, fettle.tail()))
        check(took < 10, "stopping took %.1f s" % took)
        check(all(counts.values()), "nothing was sent: %s" % counts)
        fettle.start()
        for name, count in counts.items():
            answer = fettle.json("/api/v1/readings/history?sensor=%s/t&from=%d&to=%d"
                                 % (name, START_S - 100, START_S + 10**7))
            there = sum(p.get("count", 1) for p in answer["points"])
            check(count <= there <= count + BATCH, "%s: %d there, %d acknowledged"
                  % (name, there, count))
        fettle.stop()
        print("drained in %.2f s with %d readings acknowledged" % (took, sum(counts.values())))


main()
