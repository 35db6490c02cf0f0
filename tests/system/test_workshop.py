#!/usr/bin/env python3
"""From a text file to a model that talks: tokenizer, training killed with SIGKILL and resumed with
the same losses as a run that was not, quantizing, a conversation."""
import glob
import json
import os
import signal
import subprocess
import sys
import tempfile
import time

from fettle_process import check, program

FETTLE = os.path.abspath(program())

CONFIG = """
model: {name: small, layers: 2, width: 64, heads: 2, kv_heads: 1, head_size: 32, hidden: 128, context: 64}
data: {train: [text.txt], eval: [held-out.txt], tokenizer: tok.gguf}
train: {steps: 40, batch_tokens: 256, rows: 256, warmup: 5, eval_every: 10, checkpoint_every: 7, threads: 1}
"""


def run(folder, *arguments, **more):
    done = subprocess.run([FETTLE, *arguments], cwd=folder, capture_output=True, text=True,
                          timeout=120, **more)
    check(done.returncode == 0, "%s: %s" % (arguments, done.stderr))
    return done.stdout


def metric(folder, data, name):
    """Value and step of each line; the time differs from run to run."""
    found = glob.glob(os.path.join(folder, data, "runs", "0", "*", "metrics", name))
    if not found:
        return []
    with open(found[0]) as lines:
        return [line.split()[1:] for line in lines if line.endswith("\n")]


def train_and_kill(folder):
    """Kills the training between two checkpoints; returns how many steps it had made."""
    process = subprocess.Popen([FETTLE, "train", "lm", "small.yaml", "--out", "killed.gguf",
                                "--data", "killed"], cwd=folder, stderr=subprocess.DEVNULL)
    until = time.monotonic() + 60
    while time.monotonic() < until and len(metric(folder, "killed", "loss")) < 16:
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    process.wait()
    check(process.returncode == -signal.SIGKILL, "the training ended before it could be killed")
    return len(metric(folder, "killed", "loss"))


def read(folder, name):
    with open(os.path.join(folder, name), "rb") as f:
        return f.read()


def main():
    docs = os.path.join(os.path.dirname(__file__), "..", "..", "docs")
    text = b"\n".join(read(docs, name) for name in sorted(os.listdir(docs))
                      if name.endswith(".md"))
    with tempfile.TemporaryDirectory() as folder:
        for name, part in ("text.txt", text[4000:100000]), ("held-out.txt", text[:4000]):
            with open(os.path.join(folder, name), "wb") as f:
                f.write(part)
        with open(os.path.join(folder, "small.yaml"), "w") as f:
            f.write(CONFIG)
        run(folder, "train", "tokenizer", "text.txt", "--vocab", "500", "--out", "tok.gguf")
        run(folder, "train", "lm", "small.yaml", "--out", "whole.gguf", "--data", "whole")
        killed_at = train_and_kill(folder)
        check(16 <= killed_at < 40, "killed at step %d" % killed_at)
        run(folder, "train", "lm", "small.yaml", "--out", "killed.gguf", "--data", "killed",
            "--resume")
        for name in "loss", "eval_loss", "gradient_norm":
            check(metric(folder, "whole", name) == metric(folder, "killed", name),
                  "%s differs after resuming" % name)
        losses = [float(value) for value, _ in metric(folder, "whole", "loss")]
        check(len(losses) == 40 and losses[-1] < losses[0] - 0.5, "losses %s" % losses)
        check(read(folder, "whole.gguf") == read(folder, "killed.gguf"), "the models differ")
        run(folder, "model", "quantize", "whole.gguf", "--type", "Q8_0", "--out", "q8.gguf")
        check(len(read(folder, "q8.gguf")) < len(read(folder, "whole.gguf")), "not smaller")
        seen = json.loads(run(folder, "model", "perplexity", "q8.gguf", "--text", "held-out.txt",
                              "--json"))
        check(1 < seen["perplexity"] < 400, "perplexity %s of 500 tokens" % seen)
        answer = run(folder, "chat", "-m", "q8.gguf", "-c", "64", "-n", "8", "--temperature", "0",
                     "-t", "1", input="What is fettle?\n")
        check(answer, "no answer")
    print("trained, killed at step %d, resumed, quantized, asked" % killed_at)


if __name__ == "__main__":
    sys.exit(main())
