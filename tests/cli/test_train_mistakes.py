#!/usr/bin/env python3
"""What goes wrong when people train: each mistake is named with its place before time is spent, and
no file that was there is lost."""
import os
import struct
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "system"))
from fettle_process import check, program

FETTLE = os.path.abspath(program())
CONFIG = """
model: {name: t, layers: 1, width: 32, heads: 1, kv_heads: 1, head_size: 32, hidden: 32, context: 64}
data: {train: [text.txt], tokenizer: tok.gguf}
train: {steps: 4, batch_tokens: 64, rows: 64, warmup: 1, threads: 1, checkpoint_every: 2}
"""
ADAPTER = """
model: {name: t, context: 64}
adapter: {base: base.gguf, rank: 2}
data: {train: [text.txt]}
train: {steps: 2, batch_tokens: 64, rows: 64, warmup: 1, threads: 1}
"""
FILES = {
    "text.txt": "The pump is hot. " * 40, "c.yaml": CONFIG, "a.yaml": ADAPTER, "empty.txt": "",
    "no-output.jsonl": '{"text": "fine"}\n{"instruction": "a"}\n',
    "number.jsonl": '{"text": "fine"}\n\n{"text": 5}\n',
    "cut.jsonl": '{"text": "fine"}\n{"text": "cu',
    "long.jsonl": '{"instruction": "%s", "output": "b"}\n' % ("word " * 200),
    "unknown.yaml": CONFIG.replace("layers", "layres"),
    "bad.yaml": "model: {name: t\n data: [",
}
# What is asked for, and the words of its error.
MISTAKES = [
    ("lm c.yaml --set data.train=no-output.jsonl", "no-output.jsonl: line 2: field 'output' is"),
    ("lm c.yaml --set data.train=number.jsonl", "number.jsonl: line 3: field 'text' is no text"),
    ("lm c.yaml --set data.train=cut.jsonl", "cut.jsonl: line 2: byte 12"),
    ("lm c.yaml --set data.train=empty.txt", "empty.txt: nothing to learn from: no text is in it"),
    ("lm c.yaml --set data.train=long.jsonl", "all 1 chats are longer than 64 tokens"),
    ("lm c.yaml --set data.train=text.txt,none.txt", "none.txt: No such file"),
    ("lm unknown.yaml", "unknown.yaml:2: there is no setting model.layres (did you mean"),
    ("lm bad.yaml", "bad.yaml:2:"),
    ("lm c.yaml --set train.rate=fast", 'train.rate: "fast"'),
    ("lm c.yaml --set data.tokenizer=text.txt", "text.txt: header at byte 0: this is no GGUF"),
    ("lm c.yaml --resume", "new.checkpoint.gguf: no checkpoint is there"),
    ("lm c.yaml --set model.from=base.gguf", "data.tokenizer does not go with model.from"),
    ("adapter a.yaml --set data.tokenizer=tok.gguf", "data.tokenizer does not go with adapter.base"),
    ("adapter a.yaml --set adapter.base=nan.gguf", "nan.gguf: tensor 'blk.1.ffn_down.weight' has"),
    ("adapter a.yaml --set adapter.base=tok.gguf", "tok.gguf: tensor 'token_embd.weight' is missing"),
    ("adapter a.yaml --set adapter.matrices=attn_x", "'attn_x' cannot be adapted"),
    ("merge other.gguf tune.gguf", "tune.gguf adapts a model of architecture 'qwen2', other.gguf"),
    ("merge base.gguf other.gguf", "other.gguf: adapter.type is '', lora expected"),
    ("merge nan.gguf tune.gguf", "nan.gguf: tensor 'blk.1.ffn_down.weight' has weights that are no"),
    ("merge base.gguf tune.gguf --type Q9", "called 'Q9'; there are F32"),
]


def fettle(folder, *arguments):
    return subprocess.run([FETTLE, *arguments], cwd=folder, capture_output=True, text=True,
                          timeout=60)


def works(folder, *arguments):
    done = fettle(folder, *arguments)
    check(done.returncode == 0, "%s: %s" % (arguments, done.stderr))


def fails(folder, words, *arguments):
    done = fettle(folder, *arguments)
    check(done.returncode not in (0, 70) and done.returncode > 0 and words in done.stderr,
          "%s: status %d: %s" % (" ".join(arguments), done.returncode, done.stderr))


def read(folder, name):
    with open(os.path.join(folder, name), "rb") as f:
        return f.read()


def make_files(folder):
    for name, text in FILES.items():
        with open(os.path.join(folder, name), "w") as f:
            f.write(text)
    works(folder, "train", "tokenizer", "text.txt", "--vocab", "262", "--out", "tok.gguf")
    for name, like in ("base", "tiny-qwen2"), ("other", "tiny-llama"):
        works(folder, "model", "synth", "--like", like, "--type", "F32", name + ".gguf")
    weights = bytearray(read(folder, "base.gguf"))
    weights[-400:-396] = struct.pack("<f", float("nan"))
    with open(os.path.join(folder, "nan.gguf"), "wb") as f:
        f.write(weights)
    works(folder, "train", "adapter", "a.yaml", "--out", "tune.gguf")


def files_that_are_read_are_not_overwritten(folder):
    for name, arguments in (("base.gguf", ("train", "adapter", "a.yaml")),
                            ("tok.gguf", ("train", "lm", "c.yaml")),
                            ("base.gguf", ("train", "merge", "base.gguf", "tune.gguf")),
                            ("tune.gguf", ("train", "merge", "base.gguf", "tune.gguf")),
                            ("base.gguf", ("model", "quantize", "base.gguf"))):
        before = read(folder, name)
        fails(folder, name, *arguments, "--out", name)
        check(read(folder, name) == before, "%s changed" % name)


def a_changed_file_of_settings_does_not_resume(folder):
    works(folder, "train", "lm", "c.yaml", "--out", "half.gguf", "--set", "train.stop=4")
    # A run that dies leaves a checkpoint: here because the folder for its model is gone.
    os.mkdir(os.path.join(folder, "half2.gguf"))
    fails(folder, "half2.gguf", "train", "lm", "c.yaml", "--out", "half2.gguf")
    check(os.path.exists(os.path.join(folder, "half2.checkpoint.gguf")), "no checkpoint is left")
    for change in "train.rate=2e-3", "model.width=64", "train.seed=5":
        fails(folder, change.split("=")[0], "train", "lm", "c.yaml", "--out", "half2.gguf",
              "--resume", "--set", change)


def a_full_disk_is_found_before_the_first_step(folder):
    """Needs the right to mount; left out where there is none."""
    small = os.path.join(folder, "small")
    os.mkdir(small)
    script = ("mount -t tmpfs -o size=200k none small && exec %s train lm c.yaml --out "
              "small/x.gguf --set model.width=128 --data d" % FETTLE)
    done = subprocess.run(["unshare", "-rm", "sh", "-c", script], cwd=folder, capture_output=True,
                          text=True, timeout=60)
    if "mount" in done.stderr or "unshare" in done.stderr:
        print("full disk left out: " + done.stderr.strip())
        return
    check(done.returncode == 10 and "x.checkpoint.gguf: " in done.stderr and
          "MB are needed there" in done.stderr, "status %d: %s" % (done.returncode, done.stderr))


def main():
    with tempfile.TemporaryDirectory() as folder:
        make_files(folder)
        for command, words in MISTAKES:
            fails(folder, words, "train", *command.split(), "--out", "new.gguf")
            check(not os.path.exists(os.path.join(folder, "new.gguf")), command + " left a file")
        fails(folder, "nowhere", "train", "lm", "c.yaml", "--out", "nowhere/x.gguf")
        files_that_are_read_are_not_overwritten(folder)
        a_changed_file_of_settings_does_not_resume(folder)
        a_full_disk_is_found_before_the_first_step(folder)
    print("%d mistakes are named" % len(MISTAKES))


if __name__ == "__main__":
    sys.exit(main())
