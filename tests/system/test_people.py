#!/usr/bin/env python3
"""What people say about detection from the command line: a false alarm and its undoing, learning
anew, a key for the server; learning from a span of a file."""
import json
import os
import random
import subprocess
import tempfile
import time

from fettle_process import Fettle, check, program

KEY = "0123456789abcdef0123456789abcdef"
START = 1795251600  # 2026-11-21T09:00:00Z


def cli(data, *words, key=None, status=0):
    env = {k: v for k, v in os.environ.items() if k != "FETTLE_API_KEY"}
    if key:
        env["FETTLE_API_KEY"] = key
    done = subprocess.run([program(), *words, "--data", data], env=env, capture_output=True,
                          text=True, timeout=30)
    check(done.returncode == status, "%s: %d, %s%s" % (words, done.returncode, done.stdout,
                                                       done.stderr))
    return done.stdout if status == 0 else done.stderr


def post_stuck(fettle, begin):
    """A level that moves, is stuck for three minutes, and moves again."""
    lines = []
    for i in range(1000):
        value = 5.5 if 800 <= i < 980 else 5 + (i * 37 % 100) / 100
        lines.append("m,asset=tank level=%g %d" % (value, (START + begin + i) * 10**9))
    status, body = fettle.request("POST", "/api/v1/readings", "\n".join(lines),
                                  {"X-API-Key": KEY})
    check(status == 200, body)


def stuck(fettle, want):
    """Incidents with a stuck value, newest first, when there are `want`, or after a second."""
    for _ in range(20):
        status, body = fettle.request("GET", "/api/v1/anomalies?kind=stuck",
                                      headers={"X-API-Key": KEY})
        check(status == 200, body)
        found = [a["incident"] for a in json.loads(body)["anomalies"]]
        if len(found) >= want:
            break
        time.sleep(0.05)
    return found


def serve(data):
    fettle = Fettle(program(), data, "--log", "error", "--set", "server.api_key=" + KEY,
                    "--set", "detect.leap=1h")  # an hour of readings comes in a moment
    fettle.log = os.path.join(data, "serve.log")
    fettle.start()
    post_stuck(fettle, 0)
    found = stuck(fettle, 1)
    check(len(found) == 1, found)

    check("--api-key" in cli(data, "incidents", status=7), "no word on how to give the key")
    cli(data, "summary", "--api-key", KEY)
    cli(data, "pipeline", key=KEY)
    check("nothing is kept back" in cli(data, "sensitivity", key=KEY), "something is kept back")

    cli(data, "incidents", "resolve", str(found[0]), "--verdict", "false_alarm", key=KEY)
    listed = cli(data, "sensitivity", "tank/level", key=KEY)
    check("stuck" in listed and "incident %d" % found[0] in listed, listed)
    as_json = json.loads(cli(data, "sensitivity", "--json", key=KEY))
    check(as_json["patterns"][0]["above_score"] > as_json["patterns"][0]["false_score"], as_json)
    post_stuck(fettle, 1000)
    check(len(stuck(fettle, 2)) == 1, "what was called false was told again")

    # Killed, not stopped: the verdict was on disk before it was acknowledged.
    fettle.kill()
    fettle.start()
    post_stuck(fettle, 2000)
    check(len(stuck(fettle, 2)) == 1, "the verdict was forgotten over a restart")
    check("1 verdict" in cli(data, "sensitivity", "--reset", "--kind", "stuck", key=KEY), "reset")
    post_stuck(fettle, 3000)
    check(len(stuck(fettle, 2)) == 2, "what was reset is still kept back")

    check("1 sensor learns anew from now on" in cli(data, "relearn", "tank/level", key=KEY), "")
    check("4000 stored readings" in cli(data, "relearn", "--all", "--learn",
                                        "2026-11-21T09:00:00Z..", key=KEY), "")
    check("tank/nothing" in cli(data, "relearn", "tank/nothing", key=KEY, status=4), "")
    check("--asset" in cli(data, "relearn", key=KEY, status=2), "")
    check("is no time" in cli(data, "relearn", "--all", "--learn", "x..y", key=KEY, status=3), "")
    check(fettle.stop()[0] == 0, "exit code")


def watch(data):
    """A fault early in a file is found when the detectors have learnt from what comes after it."""
    path = os.path.join(data, "tank.csv")
    noise, level = random.Random(3), 0.0
    with open(path, "w") as f:
        f.write("time,level\n")
        for s in range(6000):
            level = 0.9 * level + 0.05 * noise.gauss(0, 1)
            at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(START + s))
            f.write("%s,%.3f\n" % (at, 20 + level + (5 if 300 <= s < 600 else 0)))
    span = "2026-11-21T09:20:00Z..2026-11-21T10:40:00Z"
    without = cli(data, "watch", path)
    learnt = cli(data, "watch", path, "--learn", span)
    check("level_shift" not in without, without)
    check("level_shift" in learnt and "learnt from 4800" in learnt, learnt)
    check("no reading" in cli(data, "watch", path, "--learn", "..2020-01-01", status=3), "")
    check("only a file" in cli(data, "watch", "/dev/null", "--learn", span, status=2), "")


def main():
    with tempfile.TemporaryDirectory() as data:
        serve(data)
    with tempfile.TemporaryDirectory() as data:
        watch(data)
    print("verdicts hold, are listed and can be reset; learning anew and from spans works")


main()
