"""fettle chat: through a pipe, and at a terminal, where Ctrl-C ends an answer and then the chat."""
import os
import pty
import select
import subprocess
import sys
import tempfile
import time
import unittest

FETTLE = os.environ["FETTLE"]


class Terminal:
    """fettle chat on a terminal of its own."""

    def __init__(self, *args):
        self.master, slave = pty.openpty()
        self.process = subprocess.Popen(
            [FETTLE, "chat", *args], stdin=slave, stdout=slave, stderr=slave, close_fds=True,
            preexec_fn=lambda: (os.setsid(), __import__("fcntl").ioctl(0, 0x540E, 0)))  # TIOCSCTTY
        os.close(slave)
        self.seen = b""

    def read(self, seconds):
        if select.select([self.master], [], [], seconds)[0]:
            try:
                self.seen += os.read(self.master, 65536)
            except OSError:  # the other side is closed
                time.sleep(0.01)

    def expect(self, text, seconds=30):
        """Waits until `text` comes after what was expected before."""
        end = time.monotonic() + seconds
        while text.encode() not in self.seen:
            if time.monotonic() > end:
                raise AssertionError("%r did not come: %r" % (text, self.seen[-2000:]))
            self.read(0.05)
        self.seen = self.seen.split(text.encode(), 1)[1]

    def type(self, text):
        os.write(self.master, text.encode())

    def end(self, seconds=20):
        """The exit status, once it has ended."""
        until = time.monotonic() + seconds
        while self.process.poll() is None and time.monotonic() < until:
            self.read(0.05)
        if self.process.poll() is None:
            self.process.kill()
            raise AssertionError("it goes on: %r" % self.seen[-2000:])
        os.close(self.master)
        return self.process.returncode


class Chat(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.model = os.path.join(cls.folder.name, "tiny.gguf")
        subprocess.run([FETTLE, "model", "synth", "--like", "tiny-chat", "--type", "Q8_0",
                        cls.model], check=True, capture_output=True)
        # An answer that goes on and on: every character is allowed, an end is not.
        cls.endless = os.path.join(cls.folder.name, "endless.gbnf")
        with open(cls.endless, "w") as f:
            f.write("root ::= [a-z ]{3900,4000}")

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def open(self, *args):
        t = Terminal("-m", self.model, "-t", "1", *args)
        t.expect("> ")
        return t

    def test_lines_of_a_pipe_are_answered_one_by_one(self):
        r = subprocess.run([FETTLE, "chat", "-m", self.model, "-n", "4", "-t", "1", "--grammar",
                            self.endless], input=b"hello\nand now\n", capture_output=True,
                           timeout=60)
        self.assertEqual(r.returncode, 0, r.stderr)
        self.assertEqual(len(r.stdout.decode().split("\n\n")), 3)
        self.assertEqual(len(r.stdout.decode().split("\n\n")[0]), 4)

    def test_ctrl_c_ends_the_answer_and_the_chat_goes_on(self):
        t = self.open("--grammar", self.endless, "--cpu", "plain")  # slowly
        t.type("hello\n")
        t.expect("hello\r\n")
        t.read(10)  # the answer has begun
        t.type("\x03")
        t.expect("interrupted")
        t.expect("> ")
        t.type("/clear\n")
        t.expect("> ")
        t.type("/quit\n")
        self.assertEqual(t.end(), 0)

    def test_a_second_ctrl_c_ends_the_chat(self):
        t = self.open("--grammar", self.endless, "--cpu", "plain")  # slowly
        t.type("hello\n")
        t.expect("hello\r\n")
        t.read(10)  # the answer has begun
        t.type("\x03")
        t.expect("interrupted")
        t.expect("> ")
        t.type("\x03")
        self.assertEqual(t.end(), 0)

    def test_ctrl_c_without_an_answer_asks_for_another(self):
        t = self.open()
        t.type("\x03")
        t.expect("once more")
        t.type("/help\n")  # a line between: it does not count any more
        t.expect("/save")
        t.expect("> ")
        t.type("\x03")
        t.expect("once more")
        t.type("\x03")
        self.assertEqual(t.end(), 0)

    def test_ctrl_d_ends_the_chat(self):
        t = self.open()
        t.type("\x04")
        self.assertEqual(t.end(), 0)

    def test_a_conversation_is_saved(self):
        path = os.path.join(self.folder.name, "said.txt")
        t = self.open("-n", "3", "--system", "be brief")
        t.type("hello\n")
        t.expect("tok/s")
        t.expect("> ")
        t.type("/save %s\n" % path)
        t.expect("saved as")
        t.expect("\r\n> ")
        t.type("\x04")
        self.assertEqual(t.end(), 0)
        with open(path, "rb") as f:
            said = f.read()
        self.assertTrue(said.startswith(b"system:\nbe brief\n\nuser:\nhello\n\nassistant:\n"), said)

    def test_lines_are_edited_and_earlier_ones_come_back(self):
        path = os.path.join(self.folder.name, "edited.txt")
        t = self.open("-n", "1")
        t.type("hllö\x1b[D\x1b[D\x1b[De\x1b[F wörld\n")  # left thrice, the end
        t.expect("tok/s")
        t.expect("> ")
        t.type("other\n")
        t.expect("tok/s")
        t.expect("> ")
        t.type("\x1b[A\x1b[A\x7f\x7f\n")  # up twice, two characters less
        t.expect("tok/s")
        t.expect("> ")
        t.type("/save %s\n" % path)
        t.expect("saved as")
        t.expect("\r\n> ")
        t.type("\x04")
        self.assertEqual(t.end(), 0)
        with open(path, encoding="utf-8", errors="replace") as f:
            said = [s.split("\n")[1] for s in f.read().split("\n\n") if s.startswith("user:")]
        self.assertEqual(said, ["hellö wörld", "other", "hellö wör"])

    def test_wrong_input_is_refused(self):
        for args, word in (((), "-m FILE"), (("-m", "/nowhere.gguf"), "/nowhere.gguf"),
                           (("-m", self.model, "--adapter", "/nowhere.gguf"), "/nowhere.gguf"),
                           (("-m", self.model, "more"), "more"),
                           (("-m", self.model, "-t", "99"), "--threads")):
            r = subprocess.run([FETTLE, "chat", *args], stdin=subprocess.DEVNULL,
                               capture_output=True, timeout=60)
            self.assertNotEqual(r.returncode, 0)
            self.assertIn(word, r.stderr.decode())


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], "-v"])
