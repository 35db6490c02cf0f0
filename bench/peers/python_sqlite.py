#!/usr/bin/env python3
"""What the same rows cost in Python: json.loads of a body, sqlite3 executemany, durable commit.

Prints readings per second for batches of BATCH over SENSORS sensors, WAL, synchronous=FULL, one row
per reading with a unique key, which is what fettle promises for an acknowledged batch.

    python3 bench/peers/python_sqlite.py [BATCH [SENSORS [SECONDS]]]
"""
import json
import os
import sqlite3
import sys
import tempfile
import time

batch = int(sys.argv[1]) if len(sys.argv) > 1 else 5000
sensors = int(sys.argv[2]) if len(sys.argv) > 2 else 1000
seconds = float(sys.argv[3]) if len(sys.argv) > 3 else 5

with tempfile.TemporaryDirectory(dir=os.environ.get("FETTLE_BENCH_DIR")) as folder:
    db = sqlite3.connect(os.path.join(folder, "peer.db"), isolation_level=None)
    db.execute("PRAGMA journal_mode=WAL")
    db.execute("PRAGMA synchronous=FULL")
    db.execute(
        "CREATE TABLE reading(sensor TEXT, time INTEGER, value REAL, PRIMARY KEY(sensor, time))"
        " WITHOUT ROWID"
    )
    done, spent, n = 0, 0.0, 0
    while spent < seconds:
        rows = []
        for _ in range(batch):
            rows.append(
                {
                    "sensor": "bench-%d/temperature" % (n % sensors),
                    "value": 20 + (n % 97) / 8,
                    "time": 1700000000000000 + n // sensors * 1000000,
                }
            )
            n += 1
        body = json.dumps(rows)
        start = time.perf_counter()
        readings = json.loads(body)
        db.execute("BEGIN")
        db.executemany(
            "INSERT INTO reading VALUES(?,?,?) ON CONFLICT DO NOTHING",
            [(r["sensor"], r["time"], r["value"]) for r in readings],
        )
        db.execute("COMMIT")
        spent += time.perf_counter() - start
        done += batch
    print("python json+sqlite3: %.0f readings/s durable (%d in %.1f s)" % (done / spent, done, spent))
