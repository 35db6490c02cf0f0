#!/usr/bin/env python3
"""End to end over HTTP into the durable store: ingest by format against Python's json + sqlite3 in
the same run (interleaved, medians), and the latency of queries while readings come in.

    python3 bench/http/bench_http.py [ROUNDS]      (build the release first)
"""
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.join(HERE, "..", "..")
sys.path.insert(0, os.path.join(ROOT, "tests", "system"))
from fettle_process import Fettle, program  # noqa: E402

ROUNDS = int(sys.argv[1]) if len(sys.argv) > 1 else 3
INGEST = os.path.join(ROOT, "build", "bench", "bench_ingest")
PEER = os.path.join(ROOT, "bench", "peers", "python_sqlite.py")
BATCH, SENSORS, SECONDS = 5000, 500, 4


def rate(text):
    return float(re.search(r": (\d+) readings/s", text).group(1))


def run(*command):
    return subprocess.run([str(c) for c in command], check=True, capture_output=True,
                          text=True).stdout


def rss_mib(pid):
    with open("/proc/%d/status" % pid) as f:
        return int(re.search(r"VmRSS:\s+(\d+)", f.read()).group(1)) / 1024


def ingest(form):
    """Readings per second into an empty folder, and resident memory after it."""
    with tempfile.TemporaryDirectory(dir=os.environ.get("FETTLE_BENCH_DIR")) as folder:
        os.mkdir(os.path.join(folder, "data"))
        fettle = Fettle(program(), os.path.join(folder, "data"), "--log", "error")
        fettle.start()
        out = run(INGEST, fettle.port, form, BATCH, SENSORS, SECONDS, 2)
        memory = rss_mib(fettle.process.pid)
        fettle.stop()
        return rate(out), memory


def latency():
    """Query latency at about 1,000 requests/s while 50 thousand readings/s come in."""
    with tempfile.TemporaryDirectory(dir=os.environ.get("FETTLE_BENCH_DIR")) as folder:
        os.mkdir(os.path.join(folder, "data"))
        fettle = Fettle(program(), os.path.join(folder, "data"), "--log", "error")
        fettle.start()
        sender = subprocess.Popen([INGEST, str(fettle.port), "ndjson", "1000", "50", "16", "1",
                                   "50000"], stdout=subprocess.PIPE, text=True)
        subprocess.run(["sleep", "2"], check=True)
        out = run("wrk", "-t", 2, "-c", 10, "-d", "10s", "-s", os.path.join(HERE, "paced.lua"),
                  "http://127.0.0.1:%d" % fettle.port)
        ingested = sender.communicate()[0].strip()
        fettle.stop()
        return out.strip().splitlines()[-1], ingested


def main():
    results = {"json": [], "ndjson": [], "line": [], "python": []}
    memory = 0
    for _ in range(ROUNDS):
        for form in ("json", "ndjson", "line"):
            r, m = ingest(form)
            results[form].append(r)
            memory = max(memory, m)
        results["python"].append(rate(run("python3", PEER, BATCH, 2 * SENSORS, SECONDS)))
    medians = {k: statistics.median(v) for k, v in results.items()}
    for form in ("json", "ndjson", "line"):
        print("%-7s %8.0f readings/s durable, %.1f times python json+sqlite3 (%.0f)"
              % (form, medians[form], medians[form] / medians["python"], medians["python"]))
    print("resident memory at most %.0f MiB" % memory)
    if shutil.which("wrk"):
        line, ingested = latency()
        print("queries while ingesting: %s" % line)
        print("  (%s)" % ingested)
    print(json.dumps({"medians": medians, "rounds": results}))


main()
