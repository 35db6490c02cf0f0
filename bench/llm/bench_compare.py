#!/usr/bin/env python3
"""Decode and prefill beside llama.cpp and the memory's bandwidth, in turn within one run.

Prints a row of a table: medians over the rounds of tok/s, GB/s of weights, their share of the
bandwidth measured in the same rounds, and the ratio to llama.cpp. Without a peer: `-`.

    python3 bench/llm/bench_compare.py MODEL.gguf [--peer NODE_FOLDER] [--rounds N] [--threads N]
                                       [--cache f16|q8_0] [--packed FOLDER]
                                       [--what prefill,decode,deep,deeper,batch]
Packed weights have settled in large pages, as in a server that has had a second's rest.
NODE_FOLDER is where `npm install node-llama-cpp@3.22.1` was run.
"""
import argparse
import os
import shutil
import statistics
import subprocess

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
WORK = {
    "prefill": ("prefill 512", 512),
    "decode": ("decode 0 32", 32),
    "deep": ("decode 1024 24", 24),
    "deeper": ("decode 4096 24", 24),
    "batch": ("batch 8 16", 128),
}


class Runner:
    def __init__(self, command, **options):
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, **options)
        self.load_s, *rest = map(float, self.process.stdout.readline().split())
        self.weight_bytes = rest[0] if rest else None

    def answer(self):
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit("the program under measurement has ended")
        return float(line)

    def ask(self, command):
        print(command, file=self.process.stdin, flush=True)
        return self.answer()


def open_peer(folder, model, threads, cache):
    script = shutil.copy(os.path.join(ROOT, "bench/peers/llama_speed.mjs"), folder)
    return Runner(["node", script, os.path.abspath(model), threads, cache], cwd=folder)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("model")
    parser.add_argument("--peer")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", default="2")
    parser.add_argument("--cache", default="f16")
    parser.add_argument("--packed")
    parser.add_argument("--what", default="prefill,decode")
    options = parser.parse_args()
    what = options.what.split(",")
    peer = options.peer and open_peer(options.peer, options.model, options.threads, options.cache)
    program = os.path.join(ROOT, "build/bench/bench_ask")
    command = [program, options.model, options.threads, options.cache]
    ours = Runner(command + ([options.packed] if options.packed else []))
    size = ours.weight_bytes / 1e9
    ours.ask("settle")

    print(f"{options.model}: loaded in {ours.load_s:.2f} s"
          + (f", llama.cpp {peer.load_s:.2f} s" if peer else ""), flush=True)
    for w in what:
        rates, theirs, reads = [], [], []
        for _ in range(options.rounds):
            command, tokens = WORK[w]
            before = ours.ask("read")
            rates.append(tokens / ours.ask(command))
            reads.append((before + ours.ask("read")) / 2)
            if peer and w != "batch":
                theirs.append(tokens / peer.ask(command))
        rate, read = statistics.median(rates), statistics.median(reads)
        row = f"| {WORK[w][0]} | {rate:.1f} tok/s"
        if w not in ("prefill", "batch"):
            share = statistics.median(r * size / g for r, g in zip(rates, reads))
            row += f" = {rate * size:.1f} GB/s, {100 * share:.0f} % of {read:.1f}"
        if theirs:
            ratio = statistics.median(a / b for a, b in zip(rates, theirs))
            row += f" | {statistics.median(theirs):.1f} | {ratio:.2f}"
        print(row + " |", flush=True)


main()
