#!/usr/bin/env python3
"""The model that ships explains what it was made for: the two scenarios in their words and in others,
the cases written by hand, and made-up logs of families, dialects and names it has never seen."""
import json
import os
import resource
import subprocess
import sys
import tempfile

from fettle_process import program

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
MODEL = os.path.join(ROOT, "models", "fettle-nano.gguf")
CASES = os.path.join(ROOT, "tests", "quality", "diagnoses.jsonl")

HEATER = "[2026-06-12] ID:WXT536 >>> HEAT_CURRENT: 0.00A | TEMP_AMB: -15.2C | STATUS: ICE_WARNING"
RESETS = "V_IN: 8.4V [LOW] | REF_CHK: FAIL | EVENT: SYSTEM_RESET"
SCENARIOS = [
    ("heating_element", ["24 V"], HEATER, [
        "Why is the wind sensor not reporting data?",
        "The wind sensor sends nothing. Why?",
        "What is wrong with the wind sensor?"]),
    ("supply_low", ["8.4 V", "10-30 V", "root cause of the failed reference check"], RESETS, [
        "Diagnose the intermittent resets.",
        "Why does it reset now and then?",
        "It keeps resetting. What is the cause?"]),
]
# Shares that are held: somewhat below what was measured (docs/models.md).
BY_HAND = {"right": 0.82, "cause": 0.84, "supported": 0.98}
MADE_UP = {"right": 0.83, "cause": 0.86, "evidence": 0.87, "asks": 0.76, "no_asking": 0.92,
           "normal": 0.9, "supported": 0.99}
INCIDENTS = {"right": 0.83, "cause": 0.85, "no_asking": 0.95, "supported": 0.93}
SANITIZED = "asan" in program()
failures = []


def check(good, what):
    if not good:
        failures.append(what)


def run(*arguments):
    done = subprocess.run([program(), *arguments], capture_output=True, text=True, timeout=250)
    if done.returncode:
        sys.exit("fettle %s: %s" % (arguments[0], done.stderr))
    return done.stdout


def scenarios():
    for cause, quoted, log, questions in SCENARIOS:
        for question in questions:
            ask = ("diagnose", "-m", MODEL, "-q", question, "-c", log, "--json")
            d = json.loads(run(*ask))
            named = [c["id"] for c in d["causes"]]
            check(named == [cause], "%s: %s, not %s" % (question, named, cause))
            for part in quoted:
                check(part in d["diagnosis"], "%s: no %s in: %s" % (question, part, d["diagnosis"]))
            check(d["verified"], "%s: unsupported %s" % (question, d["unsupported"]))
        again = json.loads(run(*ask))
        for run_only in (d, again):
            del run_only["speed"]
        check(d == again, "%s: another answer the second time" % question)


def shares(what, held, *arguments):
    """Under sanitizers, which take their time, a few cases of each are run, and no share is held."""
    if SANITIZED:
        with open(arguments[0], encoding="utf-8") as f:
            lines = f.readlines()[:12]
        with tempfile.NamedTemporaryFile("w", suffix=".jsonl", encoding="utf-8") as few:
            few.writelines(lines)
            few.flush()
            run("eval", "diagnostics", few.name, "-m", MODEL, "--checked", "--json")
        return
    scores = json.loads(run("eval", "diagnostics", *arguments, "-m", MODEL, "--checked", "--json"))
    for name, least in held.items():
        share = scores[name]["share"]
        check(share >= least, "%s: %s is %.3f, at least %.2f expected" % (what, name, share, least))


def incidents(folder):
    """What a plant knows of an asset: made-up incidents of families and names it has never seen."""
    made = os.path.join(folder, "incidents.jsonl")
    run("generate", "incidents", "--split", "eval", "--count", "100", "--seed", "1", "--out", made)
    shares("incidents", INCIDENTS, made)


def memory():
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    run("diagnose", "-m", MODEL, "-q", SCENARIOS[0][3][0], "-c", HEATER, "--json")
    return max(before, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)


def main():
    check(os.path.getsize(MODEL) <= 12 << 20, "the model is larger than 12 MB")
    megabytes = memory() / 1024
    if not SANITIZED:
        check(megabytes < 60, "%.0f MB resident" % megabytes)
    scenarios()
    shares("by hand", BY_HAND, CASES)
    with tempfile.TemporaryDirectory() as folder:
        made = os.path.join(folder, "eval.jsonl")
        run("generate", "diagnostics", "--split", "eval", "--form", "raw", "--count", "200", "--seed",
            "1", "--out", made)
        shares("made up", MADE_UP, made)
        incidents(folder)
    for failure in failures:
        print(failure)
    print("%.0f MB resident" % megabytes)
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
