"""fettle model convert against an independent writer and an independent forward pass.

usage: convert.py FETTLE PROBE [FETTLE_DATA]"""
import json
import os
import subprocess
import sys
import tempfile

import hf_model
from hf_model import Model, config
from hf_vocabulary import read_keys

IDS = [7, 100, 33, 259, 12, 200, 64, 3, 258, 99]
FETTLE, PROBE = sys.argv[1], sys.argv[2]
DATA = sys.argv[3] if len(sys.argv) > 3 else "../shared/data"


def run(*args, fails=False):
    done = subprocess.run(args, capture_output=True, text=True, timeout=120)
    assert (done.returncode != 0) == fails, "%s: %s" % (args, done.stderr)
    return done.stderr if fails else done.stdout


def convert(folder, out, *more):
    return run(FETTLE, "model", "convert", folder, out, *more)


def engine_logits(model, context=0, adapter="-"):
    text = run(PROBE, model, adapter, str(context), "logits", *map(str, IDS))
    return [[float(x) for x in line.split()] for line in text.splitlines()]


def furthest(a, b):
    assert len(a) == len(b) and len(a[0]) == len(b[0])
    return max(abs(x - y) for r, s in zip(a, b) for x, y in zip(r, s))


def check_family(folder, name, conf, dtype, shards=1, types=(), context=0, long=False):
    model = Model(conf, seed=len(name))
    where, out = os.path.join(folder, name), os.path.join(folder, name + ".gguf")
    model.write(where, dtype, shards)
    convert(where, out)
    wanted = model.logits(IDS, long)
    spread = max(map(max, wanted)) - min(map(min, wanted))
    assert spread > 2, "logits of %s are all alike: %g" % (name, spread)
    off = furthest(engine_logits(out, context), wanted)
    assert off < 1e-4 * spread, "%s is off by %g of %g" % (name, off, spread)
    for kind, most in types:
        convert(where, out, "--type", kind)
        off = furthest(engine_logits(out, context), wanted)
        assert 0 <= off < most * spread, "%s in %s: off by %g of %g" % (name, kind, off, spread)
    return 1


def families(folder):
    llama3 = {"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
              "original_max_position_embeddings": 32}
    factors = {"short_factor": [1.0 + i / 16 for i in range(16)],
               "long_factor": [1.0 + i / 2 for i in range(16)]}
    phi3 = config("Phi3ForCausalLM", original_max_position_embeddings=64, sliding_window=64,
                  rope_scaling={"type": "longrope", **factors})
    half = config("Phi3ForCausalLM", partial_rotary_factor=0.5, tie_word_embeddings=True,
                  sliding_window=None, rope_scaling=None)
    new = config("Qwen3ForCausalLM", head_dim=48, rope_parameters={"rope_type": "default",
                                                                   "rope_theta": 1e6})
    del new["rope_theta"]
    return (
        check_family(folder, "llama-3.1", config("LlamaForCausalLM", rope_scaling=llama3), "BF16",
                     shards=3, types=[("F32", 1e-3), ("F16", 1e-3), ("Q8_0", 0.02),
                                      ("q4_0", 0.3)]) +
        check_family(folder, "llama-linear", config(
            "LlamaForCausalLM", head_dim=64, tie_word_embeddings=True,
            rope_scaling={"type": "linear", "factor": 4.0}), "F32") +
        check_family(folder, "mistral", config("MistralForCausalLM", sliding_window=96,
                                               num_key_value_heads=4), "F16") +
        check_family(folder, "qwen2", config("Qwen2ForCausalLM", rope_theta=1e6,
                                             use_sliding_window=False, sliding_window=64,
                                             tie_word_embeddings=True), "F16") +
        check_family(folder, "qwen3", new, "BF16") +
        check_family(folder, "phi3-short", phi3, "BF16", context=64) +
        check_family(folder, "phi3-long-context", phi3, "BF16", context=128, long=True) +
        check_family(folder, "phi3-partial", half, "BF16"))


def write_adapter(folder, model, modules, rank, alpha, rslora=False, **more):
    """A PEFT folder, and the model's own weights with what it adds."""
    tensors, merged = {}, dict(model.w)
    for name in sorted(model.w):
        if not any(name.endswith(m + ".weight") for m in modules):
            continue
        (rows, cols), w = model.w[name]
        a = [model.random.randint(-80, 80) / 512 for _ in range(rank * cols)]
        b = [model.random.randint(-80, 80) / 512 for _ in range(rows * rank)]
        module = "base_model.model." + name[:-len(".weight")]
        tensors[module + ".lora_A.weight"] = ([rank, cols], a)
        tensors[module + ".lora_B.weight"] = ([rows, rank], b)
        scale = alpha / (rank ** 0.5 if rslora else rank)
        merged[name] = ([rows, cols],
                        [w[r * cols + k] + scale * sum(b[r * rank + i] * a[i * cols + k]
                                                       for i in range(rank))
                         for r in range(rows) for k in range(cols)])
    os.makedirs(folder, exist_ok=True)
    hf_model.write_safetensors(os.path.join(folder, "adapter_model.safetensors"), tensors, "F32")
    with open(os.path.join(folder, "adapter_config.json"), "w", encoding="utf-8") as f:
        json.dump({"peft_type": "LORA", "r": rank, "lora_alpha": alpha, "use_rslora": rslora,
                   "target_modules": modules, "bias": "none", "fan_in_fan_out": False, **more}, f)
    return merged


def check_adapter(folder, name, conf, modules, **more):
    """Logits with the adapter, and of the merged model, are those of the merged weights."""
    model = Model(conf, seed=3)
    at = os.path.join(folder, "adapted-" + name)
    base, lora, merged = at + ".gguf", at + "-lora.gguf", at + "-merged.gguf"
    model.write(at, "BF16")
    convert(at, base, "--type", "F32")
    plain = model.logits(IDS)
    model.w = write_adapter(at + "-lora", model, modules, rank=4, alpha=6, **more)
    convert(at + "-lora", lora, "--base", base)
    run(FETTLE, "train", "merge", base, lora, "--out", merged)
    wanted = model.logits(IDS)
    spread = max(map(max, wanted)) - min(map(min, wanted))
    assert furthest(plain, wanted) > 0.1 * spread, "the adapter changes nothing"
    for what, logits in (("beside", engine_logits(base, adapter=lora)),
                         ("merged", engine_logits(merged))):
        off = furthest(logits, wanted)
        assert off < 1e-4 * spread, "%s %s is off by %g of %g" % (name, what, off, spread)
    return 1


def adapters(folder):
    return (check_adapter(folder, "llama", config("LlamaForCausalLM"),
                          ["q_proj", "k_proj", "v_proj", "down_proj", "lm_head"]) +
            check_adapter(folder, "qwen2", config("Qwen2ForCausalLM"),
                          ["q_proj", "o_proj", "gate_proj", "up_proj"], rslora=True) +
            check_adapter(folder, "phi3", config("Phi3ForCausalLM"), ["qkv_proj", "gate_up_proj"]))


def check_mix(folder):
    """Formats of blocks, by one step and by two: the same weights."""
    at = os.path.join(folder, "mix")
    Model(config("LlamaForCausalLM", hidden_size=256, intermediate_size=256,
                 num_hidden_layers=2), 9).write(at, "BF16")
    convert(at, at + "-one.gguf", "--type", "Q4_K_M")
    convert(at, at + "-whole.gguf")
    run(FETTLE, "model", "quantize", at + "-whole.gguf", "--type", "Q4_K_M", "--out",
        at + "-two.gguf")
    assert engine_logits(at + "-one.gguf") == engine_logits(at + "-two.gguf")
    assert os.path.getsize(at + "-one.gguf") < os.path.getsize(at + "-whole.gguf") / 2


def check_padding(folder):
    """Ids without a token are padding, which takes no token's name from it."""
    tokenizer = hf_model.byte_tokenizer(hf_model.QWEN2_CUT)
    count = 256 + 3 + len(tokenizer["added_tokens"])
    tokenizer["added_tokens"].append({"id": count, "content": "[PAD%d]" % (count + 2),
                                      "special": False})
    where = os.path.join(folder, "padding")
    Model(config("Qwen2ForCausalLM", num_hidden_layers=1), 1).write(where, "F16",
                                                                    tokenizer=tokenizer)
    convert(where, where + ".gguf")
    keys = read_keys(where + ".gguf")
    assert keys["tokens"][count:count + 4] == ["[PAD%d]" % (count + 2), "[PAD%d]" % (count + 1),
                                               "[PAD_%d]" % (count + 2), "[PAD%d]" % (count + 3)]
    assert keys["token_type"][count:count + 2] == [4, 5]
    assert len(keys["tokens"]) == len(set(keys["tokens"])) == 272


def main():
    with tempfile.TemporaryDirectory() as folder:
        print("%d families agree" % families(folder))
        print("%d adapters agree" % adapters(folder))
        check_padding(folder)
        check_mix(folder)


if __name__ == "__main__":
    main()
