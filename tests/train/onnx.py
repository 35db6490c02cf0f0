"""Exported models in ONNX Runtime: the logits are the engine's, step by step through the cache."""
import json
import math
import os
import shutil
import subprocess
import sys
import tempfile

PACKAGES = ["onnxruntime-node@1.30.0", "@huggingface/tokenizers@0.2.0"]
HERE = os.path.dirname(os.path.abspath(__file__))
PROGRAM, PROBE = sys.argv[1], sys.argv[2]
TEXTS = ["the pump runs",
         "At 12:05 the motor's 3rd bearing RAN hot!\n\n  - 87.5 °C?", "",
         " \t blanks  \r\n at both ends  ", "don't I'LL we've", "müde Größe 水泵 🙂", "a1b22c333d4444"]
PROMPT = [70, 101, 116, 116, 108, 101, 32, 55]
STEPS = 12


def skip(why):
    print("ONNX Runtime left out: " + why)
    sys.exit(77)


def fetch_runtime(folder):
    """npm installs the packages into `folder`; where it cannot, the test is left out."""
    if not shutil.which("node") or not shutil.which("npm"):
        skip("node and npm are not installed")
    os.makedirs(folder)
    try:
        done = subprocess.run(
            ["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix", folder,
             *PACKAGES], capture_output=True, text=True, timeout=200)
    except subprocess.TimeoutExpired:
        skip("npm did not answer")
    if done.returncode != 0:
        skip("npm cannot fetch the package: " + done.stderr.strip()[-200:])


def fettle(*arguments):
    subprocess.run([PROGRAM, *arguments], check=True, stdout=subprocess.DEVNULL)


def run_onnx(folder, model, prompt, steps):
    out = subprocess.run(["node", os.path.join(HERE, "onnx_logits.mjs"), model, json.dumps(prompt),
                          str(steps)], check=True, capture_output=True, text=True, timeout=100,
                         env=dict(os.environ, ONNX_FOLDER=folder))
    return json.loads(out.stdout)


def run_engine(model, count, ids):
    out = subprocess.run([PROBE, model, "-", "64", "logits"] + [str(i) for i in ids], check=True,
                         capture_output=True, text=True)
    return [[float(v) for v in line.split()] for line in out.stdout.splitlines()[-count:]]


def compare(name, ours, theirs, most):
    """The root mean square of the difference, as a part of the logits' spread."""
    off = spread = 0.0
    for a, b in zip(ours, theirs):
        assert len(a) == len(b) and len(a) > 100
        mean = sum(a) / len(a)
        off += sum((x - y) ** 2 for x, y in zip(a, b))
        spread += sum((x - mean) ** 2 for x in a)
    part = math.sqrt(off / spread)
    print("%s: logits differ by %.2e of their spread" % (name, part))
    assert part < most, "%s: %g" % (name, part)


def in_floats(exported):
    """The same graph without rounding of inputs to bytes: accuracy level 1 in place of 4."""
    path = os.path.join(exported, "model.onnx")
    with open(path, "rb") as f:
        graph = f.read()
    changed = graph.replace(b"accuracy_level\x18\x04", b"accuracy_level\x18\x01")
    assert changed != graph
    with open(path, "wb") as f:
        f.write(changed)


def check_same_weights(folder, scratch, like, kind, bits):
    """Weights that both hold exactly: what differs is how inputs are rounded to bytes."""
    model = os.path.join(scratch, "%s-%s.gguf" % (like, kind))
    floats = os.path.join(scratch, "%s-%s-f32.gguf" % (like, kind))
    exported = model + "-onnx"
    fettle("model", "synth", "--like", like, "--type", kind, model)
    fettle("model", "quantize", model, "--type", "F32", "--out", floats)
    fettle("model", "export", "--onnx", "--bits", str(bits), model, "--out", exported)
    rounded = run_onnx(folder, exported, PROMPT, STEPS)
    ours = run_engine(model, STEPS, PROMPT + rounded["tokens"][:-1])
    compare("%s %s, inputs as bytes" % (like, kind), ours, rounded["logits"], 0.05)
    in_floats(exported)
    exact = run_onnx(folder, exported, PROMPT, STEPS)
    ours = run_engine(floats, STEPS, PROMPT + exact["tokens"][:-1])
    compare("%s %s, inputs as floats" % (like, kind), ours, exact["logits"], 1e-3)


def check_tokens(folder, scratch, model, exported):
    """tokenizer.json cuts texts as the file's own tokenizer does."""
    texts = os.path.join(scratch, "texts")
    with open(texts, "w", encoding="utf-8", newline="") as f:
        f.write("\n__ggml_vocab_test__\n".join(TEXTS))
    done = subprocess.run([PROBE, model, "tokens", texts], check=True, capture_output=True, text=True)
    ours = [[int(i) for i in line.split()] for line in done.stdout.split("\n")[:len(TEXTS)]]
    with open(texts, "w") as f:
        json.dump(TEXTS, f)
    done = subprocess.run(["node", os.path.join(HERE, "onnx_tokens.mjs"), exported, texts], check=True,
                          capture_output=True, text=True, env=dict(os.environ, ONNX_FOLDER=folder))
    theirs = json.loads(done.stdout)
    for text, a, b in zip(TEXTS, ours, theirs):
        assert a == b, "%r: %s by the engine, %s by tokenizer.json" % (text, a, b)
    assert sum(map(len, ours)) > 50
    print("%d texts have the same %d tokens" % (len(TEXTS), sum(map(len, ours))))


def check_trained(folder, scratch):
    """A small trained model writes the same tokens after it was exported with 8 bits."""
    text = os.path.join(scratch, "text.txt")
    tokenizer = os.path.join(scratch, "tokenizer.gguf")
    settings = os.path.join(scratch, "settings.yaml")
    model = os.path.join(scratch, "trained.gguf")
    small = os.path.join(scratch, "small.gguf")
    with open(text, "w") as f:
        f.write("the pump runs hot, so the valve is shut and the motor rests until it is cool. " * 40)
    fettle("train", "tokenizer", text, "--vocab", "320", "--out", tokenizer)
    with open(settings, "w") as f:
        f.write("model:\n  context: 64\n  layers: 2\n  width: 64\n  heads: 2\n  kv_heads: 1\n"
                "  head_size: 32\n  hidden: 128\ndata:\n  tokenizer: %s\n  train: %s\n"
                "train:\n  steps: 60\n  batch_tokens: 256\n  rows: 256\n  rate: 0.01\n"
                "  warmup: 5\n  threads: 1\n" % (tokenizer, text))
    fettle("train", "lm", settings, "--out", model, "--data", scratch)
    fettle("model", "quantize", model, "--type", "Q8_0", "--out", small)
    fettle("model", "export", "--onnx", "--bits", "8", small, "--out", small + "-onnx")
    prompt = [ord("t") - ord("!"), ord("h") - ord("!")]
    theirs = run_onnx(folder, small + "-onnx", prompt, 24)
    ours = run_engine(small, 24, prompt + theirs["tokens"][:-1])
    assert [row.index(max(row)) for row in ours] == theirs["tokens"]
    print("24 greedy tokens are the same: %s" % theirs["tokens"])
    check_tokens(folder, scratch, small, small + "-onnx")


def main():
    with tempfile.TemporaryDirectory() as scratch:
        folder = os.path.join(scratch, "runtime")
        folder = os.environ.get("ONNX_FOLDER") or fetch_runtime(folder) or folder
        for like in ("tiny-llama", "tiny-qwen2", "tiny-qwen3", "tiny-phi3"):
            check_same_weights(folder, scratch, like, "Q4_0", 4)
        check_same_weights(folder, scratch, "tiny-qwen2", "Q8_0", 8)
        check_trained(folder, scratch)


if __name__ == "__main__":
    main()
