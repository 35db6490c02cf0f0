#!/usr/bin/env python3
"""The demo plant explains itself: incidents get a diagnosis when they open and when they close, told on
the stream, kept over a restart, read by the command line with and without a server."""
import http.client
import json
import os
import subprocess
import tempfile
import threading
import time

from fettle_process import Fettle, check, program

OPTIONS = ("--demo", "--speed", "60", "--log", "error", "--set", "summary.every=3s")


def diagnoses(fettle):
    """Of all incidents: (incident, diagnosis)."""
    found = []
    for i in fettle.json("/api/v1/incidents?limit=100")["incidents"]:
        found += [(i, d) for d in fettle.json("/api/v1/incidents/%d" % i["id"])["diagnoses"]]
    return found


def wait_for(fettle, moment):
    for _ in range(90):
        found = [one for one in diagnoses(fettle) if one[1]["moment"] == moment]
        if found:
            return found[0]
        time.sleep(1)
    check(False, "no incident was explained when it " + moment)


def follow(port, seen):
    """Notes the events `diagnosis` of the stream."""
    c = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    c.request("GET", "/api/v1/events", headers={"Accept": "text/event-stream"})
    answer, name = c.getresponse(), ""
    try:
        while True:
            line = answer.readline()
            if not line:
                return
            if line.startswith(b"event: "):
                name = line[7:].strip()
            elif line.startswith(b"data: ") and name == b"diagnosis":
                seen.append(json.loads(line[6:])["diagnosis"])
    except (OSError, http.client.HTTPException):
        pass


def cli(data, *words, status=0):
    done = subprocess.run([program(), *words, "--data", data], capture_output=True, text=True,
                          timeout=120)
    check(done.returncode == status, "%s: %d %s" % (words, done.returncode, done.stderr))
    return done.stdout


def main():
    with tempfile.TemporaryDirectory() as folder:
        data, seen = os.path.join(folder, "data"), []
        os.mkdir(data)
        fettle = Fettle(program(), data, *OPTIONS)
        fettle.start(timeout=60)
        threading.Thread(target=follow, args=(fettle.port, seen), daemon=True).start()
        for moment in "opened", "closed":
            incident, d = wait_for(fettle, moment)
            check(d["verified"] and d["diagnosis"], d)
            check((d["generated_by"] == "llm_diagnoser") == bool(d["model"]), d)
            check((d["cause"] is None) == (d["generated_by"] == "facts"), d)
        shown = cli(data, "incidents", "show", str(incident["id"]))
        check("when it closed: " + d["diagnosis"] in shown, shown)
        check(len(seen) > 0 and set(seen[0]) == set(d), "nothing of it on the stream")
        check(fettle.stop()[0] == 0, "did not stop")
        fettle = Fettle(program(), data, "--log", "error")
        fettle.start(timeout=60)
        kept = fettle.json("/api/v1/incidents/%d" % incident["id"])["diagnoses"]
        check(d in kept, "lost over a restart: %s" % kept)
        check(fettle.stop()[0] == 0, "did not stop")
        answer = json.loads(cli(data, "diagnose", "-q", "What happened here?", "--asset",
                                incident["asset"], "--json"))
        check(answer["events"] and answer["diagnosis"], answer)
        cli(data, "diagnose", "-q", "Why?", "--asset", "nobody", status=4)


if __name__ == "__main__":
    main()
