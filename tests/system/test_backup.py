#!/usr/bin/env python3
"""A backup made while readings come in is whole, and restores to the same readings."""
import os
import subprocess
import tempfile
import threading

from fettle_process import Fettle, check, loads, program

START_S = 1_700_000_000
RANGE = "from=%d&to=%d&raw=true&max_points=100000" % (START_S - 10, START_S + 10**7)


def readings(fettle):
    return fettle.json("/api/v1/readings/history?sensor=b/t&" + RANGE)["points"]


def fettle_command(*words):
    return subprocess.run([program(), *words], capture_output=True, text=True)


def main():
    with tempfile.TemporaryDirectory() as folder:
        data, other = os.path.join(folder, "data"), os.path.join(folder, "other")
        os.mkdir(data)
        os.mkdir(other)
        backup = os.path.join(folder, "plant.db")
        fettle = Fettle(program(), data, "--log", "warn")
        fettle.start()
        going_on, sent = threading.Event(), [0]

        def send():
            while not going_on.is_set():
                lines = "".join("m,asset=b t=%d %d\n" % (n % 50, (START_S + n) * 10**9)
                                for n in range(sent[0], sent[0] + 200))
                status, body = fettle.request("POST", "/api/v1/readings", lines)
                check(status == 200 and loads(body)["stored"] == 200, body)
                sent[0] += 200

        sender = threading.Thread(target=send)
        sender.start()
        while sent[0] < 4000:
            pass
        before = sent[0]
        made = fettle_command("backup", backup, "--data", data)
        check(made.returncode == 0, made.stderr)
        after = sent[0] + 200
        check(fettle_command("backup", backup, "--data", data).returncode == 5,
              "a backup replaced a file")
        check(fettle_command("restore", backup, "--data", data).returncode == 5,
              "restored under a running server")
        going_on.set()
        sender.join()
        original = readings(fettle)
        fettle.stop()
        restored = fettle_command("restore", backup, "--data", other)
        check(restored.returncode == 0, restored.stderr)
        copy = Fettle(program(), other, "--log", "warn")
        copy.start()
        rows = readings(copy)
        copy.stop()
        check(before <= len(rows) <= after, "%d readings in the backup, %d to %d were there"
              % (len(rows), before, after))
        check(rows == original[:len(rows)], "the backup holds other readings")
        print("%d readings restored as they were" % len(rows))


main()
