#!/usr/bin/env python3
"""A random model of a real shape learns a toy task through a QLoRA adapter, is merged with it,
quantized, and still knows it: adapter_chain.py FETTLE [SHAPE] [FOLDER]

SHAPE is one of `fettle model synth --like ?` (Qwen2.5-0.5B unless given). Each line is a step with
its seconds, processor seconds and memory. A base that FOLDER holds is not made again, training goes on."""
import os
import resource
import subprocess
import sys
import tempfile
import time

PLACES = {"pump": "north hall 0", "fan": "south hall 1", "valve": "east yard 2",
          "motor": "west yard 3", "relay": "west hall 1", "boiler": "north yard 0",
          "filter": "east hall 2", "crane": "south yard 3"}

CONFIG = """
model: {name: places, context: 16}
adapter: {base: base.gguf, rank: 8, alpha: 16}
data: {train: [places.jsonl], eval: [places.jsonl]}
train: {steps: 20, batch_tokens: 50, rows: 64, rate: 2e-3, last_rate: 2e-4, warmup: 2,
        weight_decay: 0, recompute: yes, eval_every: 5, checkpoint_every: 5}
"""


def step(folder, fettle, what, made, *arguments):
    """Runs fettle unless the file is there; returns what it said."""
    if made and os.path.exists(os.path.join(folder, made)):
        print("%-34s was there" % what, flush=True)
        return ""
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    process = subprocess.Popen([fettle, *arguments], cwd=folder, stdout=subprocess.PIPE)
    said = process.stdout.read().decode()
    _, status, used = os.wait4(process.pid, 0)
    if status:
        sys.exit("fettle %s failed" % " ".join(arguments))
    print("%-34s %7.1f s %7.1f s of processors %6.0f MiB" % (
        what, time.monotonic() - started,
        used.ru_utime + used.ru_stime, used.ru_maxrss / 1024), flush=True)
    return said


def knows(folder, fettle, what, *model):
    """How many places it says after the first word, each by itself."""
    right = 0
    for thing, place in PLACES.items():
        said = step(folder, fettle, "%s: %s" % (what, thing), None, "complete", *model, "-n", "6",
                    "--temperature", "0", "-p", thing + ":")
        right += place in said
    print("%-34s %d of %d" % (what + " knows", right, len(PLACES)), flush=True)
    return right


def main():
    fettle = os.path.abspath(sys.argv[1])
    shape = sys.argv[2] if len(sys.argv) > 2 else "Qwen2.5-0.5B"
    kept = sys.argv[3] if len(sys.argv) > 3 else None
    with tempfile.TemporaryDirectory() as temporary:
        folder = kept or temporary
        os.makedirs(folder, exist_ok=True)
        with open(os.path.join(folder, "places.jsonl"), "w") as f:
            for thing, place in PLACES.items():
                f.write('{"text": "%s: %s"}\n' % (thing, place))
        with open(os.path.join(folder, "places.yaml"), "w") as f:
            f.write(CONFIG)
        data = os.environ.get("FETTLE_DATA", os.path.join("..", "shared", "data"))
        vocabulary = os.path.join(os.path.abspath(data), "tokenizers", "rebuilt-vocab-qwen2.gguf")
        step(folder, fettle, "random base, Q4_K_M", "base.gguf", "model", "synth", "--like", shape,
             "--type", "Q4_K_M", "--vocabulary", vocabulary, "base.gguf")
        checkpoint = os.path.join(folder, "places.checkpoint.gguf")
        again = ["--resume"] if os.path.exists(checkpoint) else []
        print(step(folder, fettle, "adapter learns", None, "train", "adapter", "places.yaml",
                   "--out", "places.gguf", *again), end="")
        step(folder, fettle, "merged, formats of the base", None, "train", "merge",
             "base.gguf", "places.gguf", "--out", "merged.gguf")
        step(folder, fettle, "merged into F16", None, "train", "merge", "base.gguf",
             "places.gguf", "--type", "F16", "--out", "wide.gguf")
        step(folder, fettle, "quantized again, Q4_K_M", None, "model", "quantize",
             "wide.gguf", "--type", "Q4_K_M", "--out", "small.gguf")
        few = knows(folder, fettle, "base", "-m", "base.gguf")
        all_of_them = [knows(folder, fettle, what, "-m", *model) for what, *model in (
            ("base with adapter", "base.gguf", "--adapter", "places.gguf"),
            ("merged", "merged.gguf"), ("quantized again", "small.gguf"))]
        good = few < 2 and all_of_them == [len(PLACES)] * 3
    sys.exit(0 if good else "not learned, or forgotten")


if __name__ == "__main__":
    main()
