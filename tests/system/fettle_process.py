"""Starts and stops the real program for the system tests, and speaks HTTP with it."""
import http.client
import json
import os
import re
import signal
import subprocess
import sys
import time


class Fettle:
    """One `fettle serve` on a free loopback port."""

    def __init__(self, program, data_dir, *options, env=None):
        self.program, self.data_dir, self.options = program, data_dir, options
        self.env = dict(os.environ, **(env or {}))
        self.process, self.port, self.log = None, None, os.path.join(data_dir, "..", "serve.log")

    def start(self, timeout=10):
        """Starts and waits until /health answers; returns the seconds this took."""
        announcement = os.path.join(self.data_dir, "server.json")
        if os.path.exists(announcement):
            os.unlink(announcement)
        began = time.monotonic()
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                [self.program, "serve", "--data", self.data_dir, "--set", "server.port=0",
                 *self.options],
                stdout=log, stderr=log, env=self.env)
        while time.monotonic() - began < timeout:
            if self.process.poll() is not None:
                raise RuntimeError("fettle stopped: " + self.tail())
            try:
                with open(announcement) as f:
                    self.port = json.load(f)["port"]
                if self.request("GET", "/health")[0] == 200:
                    return time.monotonic() - began
            except (OSError, ValueError, KeyError, http.client.HTTPException):
                time.sleep(0.002)
        raise RuntimeError("fettle does not answer: " + self.tail())

    def tail(self):
        with open(self.log, errors="replace") as f:
            return f.read()[-2000:]

    def request(self, method, path, body=None, headers=None, timeout=20):
        """(status, body) of one request on its own connection."""
        c = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            c.request(method, path, body=body, headers=headers or {})
            answer = c.getresponse()
            return answer.status, answer.read()
        finally:
            c.close()

    def json(self, path):
        status, body = self.request("GET", path)
        if status != 200:
            raise RuntimeError("%s: %d %s" % (path, status, body[:300]))
        return loads(body)

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self, timeout=15):
        """SIGTERM; returns (exit code, seconds it took)."""
        began = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(timeout)
        return code, time.monotonic() - began


def refuse_constant(name):
    raise ValueError("JSON with " + name)


def loads(text):
    """Strict JSON: NaN and Infinity are errors."""
    return json.loads(text, parse_constant=refuse_constant)


def program():
    """The program under test: FETTLE, else the release build."""
    here = os.path.dirname(os.path.abspath(__file__))
    return os.environ.get("FETTLE") or os.path.join(here, "..", "..", "build", "fettle")


def check(condition, message):
    if not condition:
        print("FAILED: " + message)
        sys.exit(1)


def seconds_of(text):
    """RFC 3339 with Z as microseconds since 1970."""
    import datetime
    m = re.match(r"(.*T\d\d:\d\d:\d\d)(\.\d+)?Z$", text)
    whole = datetime.datetime.fromisoformat(m.group(1) + "+00:00").timestamp()
    return round((whole + float(m.group(2) or 0)) * 1e6)
