"""Compares fettle's JSON and CSV readers with Python's json and csv on generated cases.

usage: differential.py PROGRAM   (FETTLE_DIFFERENTIAL_CASES sets how many cases of each, FETTLE_SEED
the seed)
"""
import csv
import io
import json
import math
import os
import random
import re
import subprocess
import sys

CASES = int(os.environ.get("FETTLE_DIFFERENTIAL_CASES", "3000"))
random.seed(int(os.environ.get("FETTLE_SEED", "1")))
program = subprocess.Popen([sys.argv[1]], stdin=subprocess.PIPE, stdout=subprocess.PIPE)


def ask(kind, data, extra=b""):
    program.stdin.write(b"%s %d %s\n" % (kind, len(data), extra) + data)
    program.stdin.flush()
    return json.loads(program.stdout.readline())


def refuse(word):
    raise ValueError(word)


def python_json(data):
    """The value as Python reads it, or raises ValueError."""
    text = data.decode("utf-8")
    if text.startswith("\ufeff"):
        raise ValueError("BOM")
    return json.loads(text, parse_constant=refuse)


def same(ours, theirs):
    if isinstance(theirs, bool) or theirs is None:
        return ours is theirs
    if isinstance(theirs, (int, float)):
        try:
            value = float(theirs)
        except OverflowError:
            value = math.inf
        if math.isinf(value):
            return ours == "beyond double"
        return isinstance(ours, (int, float)) and not isinstance(ours, bool) and float(ours) == value
    if isinstance(theirs, str):
        # Half of a surrogate pair has no UTF-8.
        return ours == re.sub("[\ud800-\udfff]", "\ufffd", theirs)
    if not isinstance(ours, list):
        return False
    if isinstance(theirs, list):
        return len(ours) == len(theirs) + 1 and ours[0] == "array" and all(
            map(same, ours[1:], theirs))
    # Of a key that comes twice the last value counts.
    last = dict(zip(ours[1::2], ours[2::2]))
    fixed = {re.sub("[\ud800-\udfff]", "\ufffd", k): v for k, v in theirs.items()}
    return ours[0] == "object" and last.keys() == fixed.keys() and all(
        same(last[k], v) for k, v in fixed.items())


def random_text():
    alphabet = "ab\"\\/\n\té€😀\x00\x7f \u2028"
    return "".join(random.choice(alphabet) for _ in range(random.randrange(12)))


def random_value(depth):
    kind = random.randrange(8 if depth < 6 else 6)
    if kind == 0:
        return random.choice([True, False, None])
    if kind == 1:
        return random.randrange(-10**random.randrange(1, 25), 10**random.randrange(1, 25))
    if kind == 2:
        return random.uniform(-1, 1) * 10.0**random.randrange(-320, 308)
    if kind == 3:
        return round(random.uniform(-100, 100), random.randrange(6))
    if kind in (4, 5):
        return random_text()
    if kind == 6:
        return [random_value(depth + 1) for _ in range(random.randrange(5))]
    return {random_text(): random_value(depth + 1) for _ in range(random.randrange(5))}


PIECES = [b"{", b"}", b"[", b"]", b",", b":", b'"', b"\\", b"\\u", b"\\ud83d", b"\\ude00", b"0",
          b"-", b"+", b".", b"e", b"1e999", b"E-5", b"true", b"null", b"NaN", b"-Infinity", b" ",
          b"\n", b"\x00", b"\x1f", b"\xff", b"\xc3\xa9", b"\xed\xa0\x80", b"\xef\xbb\xbf", b"0123"]


def mutated(data):
    data = bytearray(data)
    for _ in range(random.choice([0, 1, 1, 2, 3])):
        at = random.randrange(len(data) + 1)
        to = min(len(data), at + random.choice([0, 0, 1, 1, 2, 5]))
        data[at:to] = random.choice(PIECES)
    return bytes(data)


def check_json():
    accepted = 0
    for case in range(CASES):
        text = json.dumps(random_value(0), ensure_ascii=random.random() < 0.5,
                          indent=random.choice([None, None, 1]))
        data = mutated(text.encode())
        answer = ask(b"J", data)
        try:
            theirs = python_json(data)
        except (ValueError, RecursionError):
            if "refused" not in answer:
                return f"JSON case {case}: fettle reads what Python refuses: {data!r}"
            continue
        accepted += 1
        if "refused" in answer or not same(answer["read"], theirs):
            return f"JSON case {case}: {data!r}: Python {theirs!r}, fettle {answer}"
    print(f"json: {CASES} cases, {accepted} of them well-formed: no difference")
    return None


def check_csv():
    refused = 0
    for case in range(CASES):
        delimiter = random.choice(",;\t|")
        alphabet = ["a", "b c", '"', '""', delimiter, delimiter, "\n", "\r\n", "\r", "é", " ", "1.5"]
        text = "".join(random.choice(alphabet) for _ in range(random.randrange(40)))
        if random.random() < 0.5:
            out = io.StringIO()
            rows = [[random.choice(["", "x", 'say "hi"', f"a{delimiter}b", "two\nlines", "\r"])
                     for _ in range(3)] for _ in range(4)]
            csv.writer(out, delimiter=delimiter,
                       lineterminator=random.choice(["\n", "\r\n"])).writerows(rows)
            text = out.getvalue()
        answer = ask(b"C", text.encode(), b"%d" % ord(delimiter))
        if "refused" in answer:
            # Only a missing closing quote is refused, which Python reports when it is strict.
            refused += 1
            try:
                list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))
            except csv.Error:
                continue
            return f"CSV case {case}: fettle refuses what Python reads: {text!r}"
        theirs = [row for row in
                  csv.reader(io.StringIO(text, newline=""), delimiter=delimiter) if row]
        if answer["read"] != theirs:
            return f"CSV case {case}: {text!r}: Python {theirs!r}, fettle {answer['read']!r}"
    print(f"csv: {CASES} cases, {refused} of them refused: no other difference")
    return None


problem = check_json() or check_csv()
program.stdin.close()
program.wait()
if problem:
    sys.exit(problem)
