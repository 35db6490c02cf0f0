"""Wrong input to watch, diagnose and eval: the message names the place, and the rest is used."""
import os
import subprocess
import tempfile
import unittest

FETTLE = os.environ["FETTLE"]
OK, USAGE, INPUT, NOT_FOUND = 0, 2, 3, 4  # exit codes


class WrongInput(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)

    def file(self, name, content):
        with open(os.path.join(self.folder.name, name), "wb") as f:
            f.write(content)
        return name

    def says(self, want, words, *args):
        r = subprocess.run([FETTLE, *args], capture_output=True, cwd=self.folder.name, timeout=60,
                           stdin=subprocess.DEVNULL)
        text = (r.stdout + r.stderr).decode("utf-8")
        self.assertEqual(r.returncode, want, text)
        for word in words:
            self.assertIn(word, text)

    def test_watch_names_lines_and_columns_and_takes_the_rest(self):
        bad = self.file("bad.csv", b"time,a,b\n2026-01-01T00:00:00Z,1,2\n2026-01-01T00:00:01Z,x,3\n"
                                   b"01.02.2026,1,2\n2026-01-01T00:00:03Z,1\n"
                                   b"2026-01-01T00:00:05Z,1,2\n")
        self.says(OK, ['line 3 refused: column "a": "x" is not a number',
                       'line 4 refused: column "time": "01.02.2026" is no time (RFC 3339',
                       "line 5 refused: 2 cells where 3 are expected",
                       "5 readings of 2 sensors on 1 asset", "3 refused"], "watch", bad)

    def test_watch_says_what_it_reads_when_nothing_could_be_read(self):
        for name, content in (("words.txt", b"no numbers here\njust words\n"),
                              ("zeros", bytes(64)), ("sheet.xlsx", b"PK\x03\x04\0\0zip\n")):
            self.says(INPUT, [name + ": nothing in it could be read", "CSV", "line protocol"],
                      "watch", self.file(name, content))
        self.says(INPUT, ["utf16.csv: UTF-16 text; save it as UTF-8"],
                  "watch", self.file("utf16.csv", "time,a\n1,2\n".encode("utf-16")))

    def test_watch_counts_one_as_one(self):
        self.says(OK, ["one.csv: 1 reading of 1 sensor on 1 asset"],
                  "watch", self.file("one.csv", b"time,a\n2026-01-01T00:00:00Z,1\n"))

    def test_diagnose_names_the_option(self):
        log = ("-c", "V_IN: 8.4 V")
        self.says(USAGE, ["--temperature 9: 0 to 2 expected"],
                  "diagnose", "-q", "Why?", *log, "--temperature", "9")
        self.says(NOT_FOUND, ["--model: nothere"], "diagnose", "-q", "Why?", *log, "-m", "nothere")
        self.says(USAGE, ["pump.log: the log is given with -c, -f or -"],
                  "diagnose", "-q", "Why?", "pump.log")
        self.says(USAGE, ["-c @pump.log: the log itself is expected; -f pump.log reads a file"],
                  "diagnose", "-q", "Why?", "-c", "@pump.log")
        self.says(NOT_FOUND, ["pump.log: No such file"], "diagnose", "-q", "Why?", "-f", "pump.log")

    def test_eval_names_file_line_and_field(self):
        cases = self.file("cases.jsonl", b'{"instruction":"x","input":"y","output":"z"}\n')
        self.says(INPUT, ["cases.jsonl:1: truth.state must be"], "eval", "diagnostics", cases)
        self.says(INPUT, ["bytes:1: byte 0"], "eval", "support", self.file("bytes", b"\xff\xfe\n"))
        self.says(NOT_FOUND, ["nothere: no such folder"], "eval", "nab", "nothere")


if __name__ == "__main__":
    unittest.main()
