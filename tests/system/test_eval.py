#!/usr/bin/env python3
"""fettle eval on a small folder of our own: results on stdout, a bad file named, exit statuses."""
import json
import os
import subprocess
import tempfile

from fettle_process import program


def run(*args):
    return subprocess.run([program(), "eval", *args], capture_output=True, text=True, timeout=60)


def skab_file(path, rows):
    with open(path, "w") as f:
        f.write("datetime;a;b;anomaly;changepoint\n")
        for i in range(rows):
            off = i >= 500
            f.write(
                "2020-03-09 10:%02d:%02d;%d;%d;%d;%d\n"
                % (i // 60, i % 60, i * 37 % 11 + 90 * off, i * 53 % 13, off, i == 500)
            )


def main():
    with tempfile.TemporaryDirectory() as folder:
        os.mkdir(os.path.join(folder, "valve1"))
        page = os.path.join(folder, "page.html")
        skab_file(os.path.join(folder, "valve1", "0.csv"), 540)

        done = run("skab", folder, "--detector", "t2", "--json", "--html", page)
        assert done.returncode == 0, done.stderr
        report = json.loads(done.stdout)
        assert report["detector"] == "t2" and report["tp"] == 38, report
        assert report["far"] == 0 and report["changepoints"] == 1, report
        assert report["files"][0]["file"] == "valve1/0.csv", report
        with open(page) as f:
            assert "valve1/0.csv" in f.read()

        text = run("skab", folder)
        assert text.returncode == 0 and "SKAB, detector" in text.stdout, text

        skab_file(os.path.join(folder, "valve1", "1.csv"), 400)
        bad = run("skab", folder, "--detector", "t2", "--json")
        assert bad.returncode == 3 and "1.csv: 400 rows" in bad.stderr, bad.stderr
        assert json.loads(bad.stdout)["f1"] == report["f1"]

        for args, status, words in (
            ((), 2, "simulator, skab DIR"),
            (("skab",), 2, "folder"),
            (("skab", folder, "--detector", "oracle"), 2, "t2q"),
            (("skab", os.path.join(folder, "none")), 4, "no such folder"),
            (("nab", folder), 4, "no folder data"),
            (("ucr", folder), 4, "UCR_Anomaly"),
            (("simulator", "--days", "0"), 2, "--days"),
        ):
            done = run(*args)
            assert done.returncode == status and words in done.stderr, (args, done)
            assert done.stdout == "", (args, done)
    listed = run("ucr", "--detector", "list")
    assert listed.returncode == 0 and "second_difference" in listed.stdout, listed
    print("10 questions answered")


main()
