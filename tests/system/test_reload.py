#!/usr/bin/env python3
"""New limits without a restart: by SIGHUP after an edit of the file, and by the API; a wrong file
changes nothing."""
import os
import signal
import tempfile
import time

from fettle_process import Fettle, check, loads, program

NOW = int(time.time()) - 120


def post(fettle, second, value):
    status, body = fettle.request("POST", "/api/v1/readings",
                                  "m,asset=r temperature=%g %d" % (value, (NOW + second) * 10**9))
    check(status == 200 and loads(body)["accepted"] == 1, body)


def spikes(fettle, want):
    """Waits until `want` spikes were found; the number there."""
    for _ in range(60):
        found = fettle.json("/api/v1/anomalies?kind=spike&limit=100")["anomalies"]
        if len(found) >= want:
            break
        time.sleep(0.1)
    return len(found)


def main():
    with tempfile.TemporaryDirectory() as data:
        config = os.path.join(data, "fettle.yaml")
        with open(config, "w") as f:
            f.write("detect:\n  lateness: 0s\nrules:\n  kind:\n    temperature:\n"
                    "      spike_high: 60\n")
        fettle = Fettle(program(), data, "--log", "error")
        fettle.log = os.path.join(data, "serve.log")
        fettle.start()
        post(fettle, 0, 20)
        post(fettle, 1, 50)
        post(fettle, 2, 20)
        time.sleep(1.5)
        check(spikes(fettle, 0) == 0, "50 is a spike at a limit of 60")
        with open(config, "w") as f:
            f.write("rules:\n  kind:\n    temperature:\n      spike_high: hot\n")
        fettle.process.send_signal(signal.SIGHUP)
        time.sleep(0.3)
        check("fettle.yaml" in fettle.tail(), "the wrong file was not named: " + fettle.tail())
        post(fettle, 3, 55)
        post(fettle, 4, 20)
        time.sleep(1.5)
        check(spikes(fettle, 0) == 0, "a wrong file changed the limits")
        with open(config, "w") as f:
            f.write("detect:\n  lateness: 0s\nrules:\n  kind:\n    temperature:\n"
                    "      spike_high: 48\n")
        fettle.process.send_signal(signal.SIGHUP)
        time.sleep(0.5)
        post(fettle, 5, 50)
        post(fettle, 6, 20)
        check(spikes(fettle, 1) == 1, "50 is no spike at a limit of 48")
        status, body = fettle.request("PATCH", "/api/v1/config",
                                      '{"rules.kind.temperature.spike_high": 42}',
                                      {"Content-Type": "application/json"})
        check(status == 200, body)
        time.sleep(0.5)
        post(fettle, 7, 45)
        post(fettle, 8, 20)
        check(spikes(fettle, 2) == 2, "45 is no spike at a limit of 42")
        status, body = fettle.request("PATCH", "/api/v1/config",
                                      '{"rules.kind.temperature.spike_high": "hot"}',
                                      {"Content-Type": "application/json"})
        check(status == 400 and b"spike_high" in body, body)
        code, _ = fettle.stop()
        check(code == 0, "exit code %d" % code)
        print("limits changed three times without a restart")


main()
