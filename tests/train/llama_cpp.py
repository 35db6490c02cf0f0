"""What fettle writes, llama.cpp loads: the same tokens of texts, and the same greedy tokens, for
models trained here, quantized, adapted, merged and converted.

usage: llama_cpp.py FETTLE PROBE"""
import json
import os
import platform
import random
import shutil
import subprocess
import sys
import tempfile

from convert import write_adapter
from hf_model import LLAMA3_CUT, Model, byte_tokenizer, config
from hf_vocabulary import sentence_piece_json

VERSION = "3.22.1"
BINARIES = {"x86_64": "linux-x64", "aarch64": "linux-arm64"}
HERE = os.path.dirname(os.path.abspath(__file__))
FETTLE, PROBE = sys.argv[1], sys.argv[2]
COUNT = 24
PROMPT = [84, 104, 101, 32, 112, 117, 109, 112]
TEXTS = ["The pump P-101 runs at 71.5 °C.", " the  weather\n\n'll do 1234567 times", "naïve 你好 🙂",
         "a<|im_end|>b<tool> the end"]
SETTINGS = """
model: {name: t, layers: 3, width: 256, heads: 4, kv_heads: 2, head_size: 64, hidden: 512,
        context: 128}
adapter: {rank: 4, alpha: 8}
train: {batch_tokens: 512, rows: 512, rate: 3e-3, last_rate: 1e-3, warmup: 5, eval_every: 1000,
        checkpoint_every: 1000}
"""


def skip(why):
    print("llama.cpp left out: " + why)
    sys.exit(77)


def fetch_llama(folder):
    """npm installs node-llama-cpp and its binary for this machine; else the test is left out."""
    if not shutil.which("node") or not shutil.which("npm"):
        skip("node and npm are not installed")
    binary = BINARIES.get(platform.machine())
    if not binary:
        skip("no binary for " + platform.machine())
    os.makedirs(folder)
    try:
        done = subprocess.run(
            ["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", "--omit=optional",
             "--prefix", folder, "node-llama-cpp@" + VERSION,
             "@node-llama-cpp/%s@%s" % (binary, VERSION)],
            capture_output=True, text=True, timeout=200)
    except subprocess.TimeoutExpired:
        skip("npm did not answer")
    if done.returncode != 0:
        skip("npm cannot fetch the package: " + done.stderr.strip()[-200:])


def fettle(*arguments):
    done = subprocess.run([FETTLE, *arguments], capture_output=True, text=True, timeout=200)
    assert done.returncode == 0, "%s: %s" % (arguments, done.stderr)


def probe(*arguments):
    done = subprocess.run([PROBE, *arguments], capture_output=True, text=True, timeout=100)
    assert done.returncode == 0, "%s: %s" % (arguments, done.stderr)
    return [[int(i) for i in line.split()] for line in done.stdout.splitlines()]


def sentences(seed, count, step=1):
    """A little language that goes round and round: trained models are sure of the next word."""
    r = random.Random(seed)
    ring = ["The pump is hot.", "The valve is cold.", "The fan is loud.", "The motor is still.",
            "The tank is full."]
    starts = (r.randrange(len(ring)) for _ in range(count))
    return [json.dumps({"text": " ".join(ring[(s + i * step) % len(ring)] for i in range(6))})
            for s in starts]


def trained(folder):
    """Models that were trained here, and what is made of them: (name, model, adapter)."""
    at = lambda name: os.path.join(folder, name)
    for name, text in (("text.jsonl", sentences(1, 1000)),
                       ("other.jsonl", sentences(2, 1000, step=2))):
        with open(at(name), "w", encoding="utf-8") as f:
            f.write("\n".join(text) + "\n")
    with open(at("t.yaml"), "w", encoding="utf-8") as f:
        f.write(SETTINGS)
    fettle("train", "tokenizer", at("text.jsonl"), "--vocab", "300", "--out", at("tok.gguf"))
    data = ["--data", at("data")]
    fettle("train", "lm", at("t.yaml"), "--out", at("lm.gguf"), *data,
           "--set", "data.train=" + at("text.jsonl"), "--set", "data.tokenizer=" + at("tok.gguf"),
           "--set", "train.steps=60")
    for kind in ("Q8_0", "Q4_K_M", "Q6_K"):
        fettle("model", "quantize", at("lm.gguf"), "--type", kind, "--out", at(kind + ".gguf"))
    fettle("model", "imatrix", at("lm.gguf"), "--text", at("text.jsonl"), "--tokens", "5000",
           "--out", at("lm.imatrix"))
    weighed = ["Q2_K", "Q3_K_M", "Q4_K_M"]
    for kind in weighed:
        fettle("model", "quantize", at("lm.gguf"), "--type", kind, "--importance",
               at("lm.imatrix"), "--out", at("weighed-" + kind + ".gguf"))
    fettle("train", "adapter", at("t.yaml"), "--out", at("tune.gguf"), *data,
           "--set", "adapter.base=" + at("Q8_0.gguf"), "--set", "data.train=" + at("other.jsonl"),
           "--set", "train.steps=20")
    for name, kind in ("merged", []), ("merged-Q4_K_M", ["--type", "Q4_K_M"]):
        fettle("train", "merge", at("lm.gguf"), at("tune.gguf"), *kind, "--out",
               at(name + ".gguf"))
    return [("trained", at("lm.gguf"), None), ("Q8_0", at("Q8_0.gguf"), None),
            ("Q4_K_M", at("Q4_K_M.gguf"), None), ("Q6_K", at("Q6_K.gguf"), None),
            ("adapter", at("lm.gguf"), at("tune.gguf")), ("merged", at("merged.gguf"), None),
            ("merged into Q4_K_M", at("merged-Q4_K_M.gguf"), None)] + [
        (kind + " with importance", at("weighed-" + kind + ".gguf"), None) for kind in weighed]


def phi3_tokenizer():
    """A small one of SentencePiece's kind, with the names that llama.cpp asks of Phi-3."""
    pieces = ["\u2581", "t", "h", "e", "th", "the", "\u2581the"]
    tokens = (["<unk>", "<s>", "</s>"] + ["<0x%02X>" % b for b in range(256)] + pieces +
              ["<|endoftext|>", "<|end|>"])
    kinds = [2, 3, 3] + [6] * 256 + [1] * len(pieces) + [3, 3]
    scores = [0] * 259 + [-9, -8, -7, -6, -3, -2, -1, 0, 0]
    return sentence_piece_json({"tokens": tokens, "token_type": kinds, "scores": scores})


def converted(folder):
    """Hugging Face folders of random models."""
    llama3 = {"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
              "original_max_position_embeddings": 32}
    factors = {"short_factor": [1.0 + i / 16 for i in range(16)],
               "long_factor": [1.0 + i / 2 for i in range(16)]}
    found = []
    for name, conf in (
            ("llama", config("LlamaForCausalLM", rope_scaling=llama3)),
            ("qwen2", config("Qwen2ForCausalLM", rope_theta=1e6, tie_word_embeddings=True)),
            ("qwen3", config("Qwen3ForCausalLM", head_dim=64)),
            ("phi3", config("Phi3ForCausalLM", original_max_position_embeddings=64,
                            sliding_window=64, rope_scaling={"type": "longrope", **factors}))):
        model, at = Model(conf, seed=11), os.path.join(folder, name)
        special = ["<s>", "<|endoftext|>"] if name == "phi3" else ["<|begin|>", "<|end_of_text|>"]
        tokenizer = {"llama": byte_tokenizer(LLAMA3_CUT), "phi3": phi3_tokenizer()}.get(name)
        model.write(at, "BF16", tokenizer=tokenizer,
                    extra={"tokenizer_config.json": {"bos_token": special[0],
                                                     "eos_token": special[1]}})
        fettle("model", "convert", at, at + ".gguf", "--type", "F32")
        found.append((name, at + ".gguf", None))
        if name == "llama":
            write_adapter(at + "-lora", model, ["q_proj", "k_proj", "up_proj"], rank=4, alpha=8)
            fettle("model", "convert", at + "-lora", at + "-lora.gguf", "--base", at + ".gguf")
            found.append((name + " with PEFT's adapter", at + ".gguf", at + "-lora.gguf"))
    return found


def compare(cases, folder, llama):
    texts = os.path.join(folder, "texts")
    with open(texts, "w", encoding="utf-8") as f:
        f.write("\n__ggml_vocab_test__\n".join(TEXTS))
    jobs, ours = [], []
    for _, model, adapter in cases:
        greedy = probe(model, adapter or "-", "128", str(COUNT), *map(str, PROMPT))[0]
        assert len(greedy) == COUNT
        ours.append((probe(model, "tokens", texts), greedy))
        jobs.append({"model": model, "adapter": adapter, "texts": TEXTS, "context": 128,
                     "ids": PROMPT + greedy[:-1]})
    done = subprocess.run(["node", os.path.join(HERE, "llama_cpp.mjs")], input=json.dumps(jobs),
                          capture_output=True, text=True, timeout=200,
                          env=dict(os.environ, LLAMA_FOLDER=llama))
    assert done.returncode == 0, done.stderr
    for (name, _, _), (tokens, greedy), theirs in zip(cases, ours, json.loads(done.stdout)):
        assert tokens == theirs["tokens"], "%s: %s, theirs %s" % (name, tokens, theirs["tokens"])
        for i, (best, second) in enumerate(theirs["next"][len(PROMPT) - 1:]):
            # Both of two that are all but equally likely are right.
            tie = greedy[i] == second[0] and second[1] > 0.98 * best[1]
            assert greedy[i] == best[0] or tie, "%s: token %d is %d, theirs %s, %s" % (
                name, i, greedy[i], best, second)
        print("%s: %d tokens agree" % (name, COUNT))


def main():
    with tempfile.TemporaryDirectory() as folder:
        llama = os.path.join(folder, "llama")
        fetch_llama(llama)
        compare(trained(folder) + converted(folder), folder, llama)


if __name__ == "__main__":
    main()
