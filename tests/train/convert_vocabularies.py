"""Real vocabularies through fettle model convert: the vectors of each must come out.

usage: convert_vocabularies.py FETTLE PROBE; FETTLE_DATA names the folder of data."""
import json
import os
import subprocess
import sys
import tempfile

import hf_vocabulary
from hf_model import LLAMA3_CUT, QWEN2_CUT, write_safetensors

FETTLE, PROBE = sys.argv[1], sys.argv[2]
FOLDER = os.path.join(os.environ.get("FETTLE_DATA", "../shared/data"), "tokenizers")


def split(regex):
    return [{"type": "Split", "pattern": {"Regex": regex}, "behavior": "Isolated", "invert": False},
            {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True,
             "use_regex": False}]


WHOLE = [{"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True}]


def write_model(folder, kind, count):
    """A model of no use around a vocabulary."""
    shapes = {"model.embed_tokens.weight": [count, 16], "model.norm.weight": [16]}
    at = "model.layers.0."
    for name, shape in (("input_layernorm", [16]), ("post_attention_layernorm", [16]),
                        ("self_attn.q_proj", [16, 16]), ("self_attn.k_proj", [16, 16]),
                        ("self_attn.v_proj", [16, 16]), ("self_attn.o_proj", [16, 16]),
                        ("mlp.gate_proj", [16, 16]), ("mlp.up_proj", [16, 16]),
                        ("mlp.down_proj", [16, 16])):
        shapes[at + name + ".weight"] = shape
    if kind == "Qwen2ForCausalLM":
        for part in "qkv":
            shapes[at + "self_attn.%s_proj.bias" % part] = [16]
    tensors = {n: (s, [0.0] * (s[0] * (s[1] if len(s) > 1 else 1))) for n, s in shapes.items()}
    write_safetensors(os.path.join(folder, "model.safetensors"), tensors, "F16")
    with open(os.path.join(folder, "config.json"), "w", encoding="utf-8") as f:
        json.dump({"architectures": [kind], "hidden_size": 16, "num_attention_heads": 1,
                   "num_hidden_layers": 1, "intermediate_size": 16, "vocab_size": count,
                   "max_position_embeddings": 64, "rms_norm_eps": 1e-5,
                   "tie_word_embeddings": True}, f)


def check(name, vectors, kind, files, expected):
    """Converts a folder with these files; the vectors, and some keys, must be as expected."""
    with tempfile.TemporaryDirectory() as folder:
        for file, content in files.items():
            mode, encoding = ("wb", None) if isinstance(content, bytes) else ("w", "utf-8")
            with open(os.path.join(folder, file), mode, encoding=encoding) as f:
                f.write(content) if isinstance(content, bytes) else json.dump(content, f)
        write_model(folder, kind, expected.pop("count"))
        out = os.path.join(folder, "out.gguf")
        subprocess.run([FETTLE, "model", "convert", folder, out], check=True, timeout=100,
                       stdout=subprocess.DEVNULL)
        got = subprocess.run([PROBE, out, "tokens", os.path.join(FOLDER, vectors + ".gguf.inp")],
                             check=True, timeout=100, capture_output=True, text=True).stdout
        keys = hf_vocabulary.read_keys(out)
    with open(os.path.join(FOLDER, vectors + ".gguf.out"), encoding="utf-8") as f:
        wanted = [line.split() for line in f.read().splitlines()]
    lines = [line.split() for line in got.splitlines()]
    assert len(wanted) > 40 and lines == wanted, "%s: %s" % (name, next(
        (pair for pair in zip(lines, wanted) if pair[0] != pair[1]), (len(lines), len(wanted))))
    for key, value in expected.items():
        assert keys.get(key) == value, "%s: %s is %s" % (name, key, keys.get(key))
    return keys


def byte_levels():
    gpt2 = hf_vocabulary.read_keys(os.path.join(FOLDER, "ggml-vocab-gpt-2.gguf"))
    check("gpt-2", "ggml-vocab-gpt-2", "LlamaForCausalLM",
          {"tokenizer.json": hf_vocabulary.byte_level(gpt2, WHOLE),
           "tokenizer_config.json": {"bos_token": "<|endoftext|>", "eos_token": "<|endoftext|>"}},
          {"count": 50257, "pre": "gpt-2", "model": "gpt2", "eos_token_id": 50256,
           "bos_token_id": 50256, "tokens": gpt2["tokens"], "merges": gpt2["merges"],
           "token_type": gpt2["token_type"]})
    llama = hf_vocabulary.read_keys(os.path.join(FOLDER, "rebuilt-vocab-llama-bpe.gguf"))
    tokenizer = hf_vocabulary.byte_level(llama, split(LLAMA3_CUT))
    tokenizer["model"]["ignore_merges"] = True
    tokenizer["post_processor"] = {"type": "Sequence", "processors": [
        {"type": "ByteLevel"},
        {"type": "TemplateProcessing",
         "single": [{"SpecialToken": {"id": "<|begin_of_text|>", "type_id": 0}},
                    {"Sequence": {"id": "A", "type_id": 0}}]}]}
    check("Llama 3", "ggml-vocab-llama-bpe", "LlamaForCausalLM",
          {"tokenizer.json": tokenizer,
           "tokenizer_config.json": {"bos_token": "<|begin_of_text|>",
                                     "eos_token": {"content": "<|end_of_text|>"},
                                     "chat_template": [{"name": "tool_use", "template": "no"},
                                                       {"name": "default", "template": "yes"}]},
           "generation_config.json": {"eos_token_id": [128001, 128008, 128009]}},
          {"count": 128256, "pre": "llama-bpe", "add_bos_token": True, "bos_token_id": 128000,
           "eos_token_id": 128001, "eot_token_id": 128009, "tokens": llama["tokens"],
           "tokenizer.chat_template": "yes"})
    qwen = hf_vocabulary.read_keys(os.path.join(FOLDER, "rebuilt-vocab-qwen2.gguf"))
    tokenizer = hf_vocabulary.byte_level(qwen, split(QWEN2_CUT))
    tokenizer["normalizer"] = {"type": "NFC"}
    tokenizer["model"]["merges"] = [m.split(" ") for m in qwen["merges"]]
    keys = check("Qwen2", "ggml-vocab-qwen2", "Qwen2ForCausalLM",
                 {"tokenizer.json": tokenizer,
                  "tokenizer_config.json": {"bos_token": None, "eos_token": "<|im_end|>",
                                            "add_bos_token": False}},
                 {"count": 151936, "pre": "qwen2", "add_bos_token": False, "eos_token_id": 151645,
                  "merges": qwen["merges"]})
    assert keys["tokens"][151935] == "[PAD151935]" and keys["token_type"][151935] == 5
    assert keys["tokens"][:151646] == qwen["tokens"][:151646]


def sentence_pieces():
    llama = hf_vocabulary.read_keys(os.path.join(FOLDER, "ggml-vocab-llama-spm.gguf"))
    # Phi-3's added tokens stand in tokenizer.json alone; padding behind them is nobody's.
    phi = hf_vocabulary.read_keys(os.path.join(FOLDER, "ggml-vocab-phi-3.gguf"))
    phi["token_type"] = [2 if i == 0 else 5 if k == 2 else k
                         for i, k in enumerate(phi["token_type"])]
    for name, keys, vectors, eos in (("Llama 2", llama, "ggml-vocab-llama-spm", "</s>"),
                                     ("Phi-3", phi, "ggml-vocab-phi-3", "<|endoftext|>")):
        config = {"bos_token": "<s>", "eos_token": eos, "unk_token": "<unk>",
                  "add_bos_token": True, "add_eos_token": False}
        count = len(keys["tokens"])
        tokenizer = hf_vocabulary.sentence_piece_json(keys)
        expected = {"model": "llama", "pre": "default", "unknown_token_id": 0, "bos_token_id": 1,
                    "eos_token_id": keys["tokens"].index(eos), "add_bos_token": True,
                    "add_eos_token": False, "add_space_prefix": True}
        check(name + " by tokenizer.json", vectors, "LlamaForCausalLM",
              {"tokenizer.json": tokenizer, "tokenizer_config.json": config},
              {"count": count, **expected})
        got = check(name + " by tokenizer.model", vectors, "LlamaForCausalLM",
                    {"tokenizer.model": hf_vocabulary.sentence_piece_model(keys, 32000),
                     "tokenizer.json": tokenizer, "tokenizer_config.json": config},
                    {"count": count, "tokens": keys["tokens"], **expected})
        assert got["scores"][3:32000] == keys["scores"][3:32000]


def main():
    if not os.path.isdir(FOLDER):
        print("vocabularies left out: there is no " + FOLDER)
        sys.exit(77)
    byte_levels()
    sentence_pieces()
    print("7 vocabularies agree")


if __name__ == "__main__":
    main()
