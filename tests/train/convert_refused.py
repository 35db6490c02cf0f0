"""Folders that fettle model convert must refuse, with words that name the place, and nothing written.

usage: convert_refused.py FETTLE"""
import json
import os
import shutil
import subprocess
import sys
import tempfile

from hf_model import Model, config, write_safetensors

FETTLE = sys.argv[1]
checked = 0


def edit(path, change):
    with open(path, encoding="utf-8") as f:
        value = json.load(f)
    change(value)
    with open(path, "w", encoding="utf-8") as f:
        json.dump(value, f)


def refused(folder, *words, more=()):
    """The words stand in the error; a file that was there before stays as it was."""
    global checked
    out = folder + ".gguf"
    with open(out, "w", encoding="utf-8") as f:
        f.write("before")
    done = subprocess.run([FETTLE, "model", "convert", folder, out, *more], capture_output=True,
                          text=True, timeout=60)
    assert done.returncode not in (0, 70) and done.returncode > 0, done
    for word in words:
        assert word in done.stderr, "'%s' is not in: %s" % (word, done.stderr)
    with open(out, encoding="utf-8") as f:
        assert f.read() == "before"
    assert not os.path.exists(out + ".part")
    checked += 1


class Folders:
    """Copies of a good folder, one for each fault."""

    def __init__(self, top):
        self.top, self.count = top, 0
        self.model = Model(config("LlamaForCausalLM", hidden_size=32, intermediate_size=32,
                                  num_attention_heads=2, num_key_value_heads=1,
                                  num_hidden_layers=1), seed=5)
        self.good = os.path.join(top, "good")
        self.model.write(self.good, "F32")

    def copy(self):
        self.count += 1
        path = os.path.join(self.top, "bad-%d" % self.count)
        shutil.copytree(self.good, path)
        return path

    def config(self, *words, more=(), **fields):
        path = self.copy()
        edit(os.path.join(path, "config.json"), lambda c: c.update(fields))
        refused(path, "config.json", *words, more=more)

    def weights(self, *words, dtype="F32", more=(), **changes):
        path = self.copy()
        tensors = dict(self.model.w)
        for name, value in changes.items():
            name = name.replace("__", ".")
            if value is None:
                del tensors[name]
            else:
                tensors[name] = value
        write_safetensors(os.path.join(path, "model.safetensors"), tensors, dtype)
        refused(path, *words, more=more)

    def tokenizer(self, change, *words):
        path = self.copy()
        edit(os.path.join(path, "tokenizer.json"), change)
        refused(path, "tokenizer.json", *words)


def check_files(f):
    refused(os.path.join(f.top, "nowhere"), "no such folder")
    for file, words in (("config.json", "config.json"), ("model.safetensors", "safetensors"),
                        ("tokenizer.json", "tokenizer.json")):
        path = f.copy()
        os.remove(os.path.join(path, file))
        refused(path, words)
    path = f.copy()
    with open(os.path.join(path, "config.json"), "w", encoding="utf-8") as out:
        out.write('{"hidden_size": 32,')
    refused(path, "config.json", "byte")
    path = f.copy()
    weights = os.path.join(path, "model.safetensors")
    with open(weights, "r+b") as out:
        out.truncate(os.path.getsize(weights) - 1)
    refused(path, "model.safetensors", "complete")
    for index, words in (({}, "weight_map"), ({"weight_map": {"a": "../x.safetensors"}}, "'a'"),
                         ({"weight_map": {"a": "x.safetensors"}}, "x.safetensors"),
                         ({"weight_map": {"a": "one.safetensors"}}, "tensor 'a'")):
        path = f.copy()
        os.rename(os.path.join(path, "model.safetensors"), os.path.join(path, "one.safetensors"))
        with open(os.path.join(path, "model.safetensors.index.json"), "w",
                  encoding="utf-8") as out:
            json.dump(index, out)
        refused(path, words)


def check_config(f):
    f.config("GemmaForCausalLM", "LlamaForCausalLM", architectures=["GemmaForCausalLM"])
    f.config("architectures", architectures=None)
    f.config("hidden_size", hidden_size="32")
    f.config("num_attention_heads", num_attention_heads=3, num_key_value_heads=3)
    f.config("vocab_size", vocab_size=-1)
    f.config("num_hidden_layers", num_hidden_layers=10 ** 9)
    f.config("rms_norm_eps", rms_norm_eps="x")
    f.config("gptq", quantization_config={"quant_method": "gptq"})
    f.config("hidden_act", hidden_act="gelu")
    f.config("attention_bias", attention_bias=True)
    f.config("yarn", rope_scaling={"rope_type": "yarn", "factor": 2})
    f.config("low_freq_factor", rope_scaling={"rope_type": "llama3", "factor": 8})
    f.config("short_factor", architectures=["Phi3ForCausalLM"],
             original_max_position_embeddings=64,
             rope_scaling={"type": "longrope", "short_factor": [1]})
    path = f.copy()
    refused(path, "Q9_X", more=("--type", "Q9_X"))
    edit(os.path.join(path, "config.json"), lambda c: c.update(num_hidden_layers=2))
    refused(path, "model.layers.1.input_layernorm.weight", "missing")


def check_weights(f):
    norm = ([32], [1.0] * 31 + [float("nan")])
    f.weights("model.norm.weight", "no numbers", model__norm__weight=norm)
    big = ([32, 32], [1e6] * 1024)
    f.weights("o_proj", "too large", "F16", more=("--type", "F16"),
              **{"model__layers__0__self_attn__o_proj__weight": big})
    f.weights("lm_head.weight", "missing", lm_head__weight=None)
    f.weights("model.norm.weight", "33", model__norm__weight=([33], [1.0] * 33))
    f.weights("model.odd", "no place", model__odd=([2], [0.0, 0.0]))


def check_tokenizers(f):
    f.tokenizer(lambda t: t["model"].update(type="Unigram"), "Unigram")
    f.tokenizer(lambda t: t["model"]["vocab"].update(far=272), "'far'", "vocab_size")
    f.tokenizer(lambda t: t["model"]["vocab"].update(odd="x"), "odd")
    f.tokenizer(lambda t: t["model"].update(merges=["alone", 7]), "entry 1")
    f.tokenizer(lambda t: t["pre_tokenizer"]["pretokenizers"][0]["pattern"].update(Regex="a+"), "a+")
    f.tokenizer(lambda t: t["normalizer"].update(type="Lowercase"), "Lowercase")
    f.tokenizer(lambda t: t["added_tokens"].append({"id": 3}), "added_tokens")
    path = f.copy()
    os.remove(os.path.join(path, "tokenizer.json"))
    with open(os.path.join(path, "tokenizer.model"), "wb") as out:
        out.write(b"\x0a\x7f" + b"broken")
    refused(path, "tokenizer.model", "byte")


def check_adapters(f):
    base = os.path.join(f.top, "base.gguf")
    subprocess.run([FETTLE, "model", "convert", f.good, base], check=True,
                   stdout=subprocess.DEVNULL)
    head = "base_model.model.model.layers.0.self_attn."
    good = {head + "q_proj.lora_A.weight": ([2, 32], [0.5] * 64),
            head + "q_proj.lora_B.weight": ([32, 2], [0.5] * 64)}
    settings = {"peft_type": "LORA", "r": 2, "lora_alpha": 4}

    def case(*words, change=None, more=("--base", base), **fields):
        f.count += 1
        path = os.path.join(f.top, "lora-%d" % f.count)
        os.makedirs(path)
        tensors = dict(good)
        tensors.update(change or {})
        write_safetensors(os.path.join(path, "adapter_model.safetensors"),
                          {n: t for n, t in tensors.items() if t}, "F32")
        with open(os.path.join(path, "adapter_config.json"), "w", encoding="utf-8") as out:
            json.dump({**settings, **fields}, out)
        refused(path, *words, more=more)

    case("--base", more=())
    case("use_dora", use_dora=True)
    case("IA3", peft_type="IA3")
    case("alpha_pattern", alpha_pattern={"x": 3})
    case("'r'", r=0)
    case("lora_B", change={head + "q_proj.lora_B.weight": None})
    case("q_proj.lora_A", "31", change={head + "q_proj.lora_A.weight": ([2, 31], [0.5] * 62)})
    case("w_proj", change={head + "w_proj.lora_A.weight": ([2, 32], [0.5] * 64)})
    case("modules_to_save", change={"base_model.model.modules_to_save.x": ([1], [1.0])})
    case("no numbers", change={head + "q_proj.lora_B.weight": ([32, 2], [float("inf")] * 64)})


def main():
    with tempfile.TemporaryDirectory() as top:
        folders = Folders(top)
        for check in (check_files, check_config, check_weights, check_tokenizers, check_adapters):
            check(folders)
    print("%d folders refused" % checked)


if __name__ == "__main__":
    main()
