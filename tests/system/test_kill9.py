#!/usr/bin/env python3
"""kill -9 while readings are sent over HTTP: nothing acknowledged is lost, nothing is doubled.

    kill9.py [CYCLES]    (100 by default; FETTLE_KILL_CYCLES)

Each cycle starts the program on the same data folder, has two senders post batches and note what
was acknowledged, kills it at a random moment, and after the next start compares: every acknowledged
reading must be there with its value, every reading there once and in the batch whole or not at all.
What was not acknowledged is sent again, as a sender would.
"""
import http.client
import json
import os
import random
import sys
import tempfile
import threading
import time

from fettle_process import Fettle, check, loads, program, seconds_of

CYCLES = int(sys.argv[1] if len(sys.argv) > 1 else os.environ.get("FETTLE_KILL_CYCLES", "100"))
BATCH = 20
START_S = 1_700_000_000


def value_of(n):
    return (n * 37 % 1000) / 8


class Sender(threading.Thread):
    """Posts batches of one sensor in order; `acknowledged` counts readings, oldest first."""

    def __init__(self, fettle, name, acknowledged):
        super().__init__()
        self.fettle, self.name_, self.acknowledged, self.sent = fettle, name, acknowledged, 0

    def run(self):
        c = http.client.HTTPConnection("127.0.0.1", self.fettle.port, timeout=10)
        try:
            while True:
                first = self.acknowledged
                lines = "".join(
                    json.dumps({"sensor": "k/" + self.name_, "time": START_S + n,
                                "value": value_of(n)}) + "\n"
                    for n in range(first, first + BATCH))
                self.sent = first + BATCH
                c.request("POST", "/api/v1/readings", lines,
                          {"Content-Type": "application/x-ndjson"})
                answer = c.getresponse()
                body = loads(answer.read())
                if answer.status != 200 or body["accepted"] != BATCH:
                    check(answer.status in (429, 503), "status %d: %s" % (answer.status, body))
                    time.sleep(0.01)
                    continue
                self.acknowledged = first + BATCH
        except (OSError, http.client.HTTPException, ValueError):
            pass  # killed under our hands: what was not acknowledged is sent again
        finally:
            c.close()


def stored(fettle, name):
    """All readings of a sensor as (number, value), paging through the raw history."""
    out, frm = [], START_S - 10
    while True:
        page = fettle.json("/api/v1/readings/history?sensor=k/%s&from=%d&to=%d&raw=true"
                           "&max_points=50000" % (name, frm, START_S + 10_000_000))["points"]
        out += page
        if len(page) < 50000:
            return out
        frm = seconds_of(page[-1]["time"]) + 1  # microseconds


def main():
    rng = random.Random(1)
    with tempfile.TemporaryDirectory() as folder:
        data = os.path.join(folder, "data")
        os.mkdir(data)
        fettle = Fettle(program(), data, "--log", "warn")
        acknowledged = {"a": 0, "b": 0}
        unacknowledged_but_there, began = 0, time.monotonic()
        for cycle in range(CYCLES + 1):
            fettle.start()
            if cycle in (CYCLES, CYCLES // 2) or cycle % 10 == 0:
                for name, count in acknowledged.items():
                    rows = stored(fettle, name) if count else []
                    check(len(rows) >= count, "cycle %d: %d of %d acknowledged readings of %s are "
                          "there" % (cycle, len(rows), count, name))
                    check(len(rows) % BATCH == 0, "cycle %d: a batch is there in part" % cycle)
                    check(len(rows) - count <= BATCH, "cycle %d: more is there than was sent" % cycle)
                    unacknowledged_but_there += len(rows) > count
                    for n, row in enumerate(rows):
                        check(round(row["value"] * 8) == n * 37 % 1000,
                              "cycle %d: reading %d of %s is wrong, lost or doubled: %s"
                              % (cycle, n, name, row))
            if cycle == CYCLES:
                break
            senders = [Sender(fettle, name, acknowledged[name]) for name in acknowledged]
            for s in senders:
                s.start()
            time.sleep(rng.uniform(0.002, 0.12))
            fettle.kill()
            for s in senders:
                s.join()
                acknowledged[s.name_] = s.acknowledged
        total = sum(acknowledged.values())
        check(total > CYCLES * BATCH / 2, "only %d readings were acknowledged" % total)
        code, _ = fettle.stop()
        check(code == 0, "exit code %d after SIGTERM" % code)
        print("%d kills, %d acknowledged readings, 0 lost, 0 doubled, %d checks found an "
              "unacknowledged batch stored, %.1f s"
              % (CYCLES, total, unacknowledged_but_there, time.monotonic() - began))


main()
