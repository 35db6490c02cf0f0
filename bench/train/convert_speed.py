#!/usr/bin/env python3
"""How fast a Hugging Face folder of a real size becomes a GGUF file, and what is made of that:
convert_speed.py FETTLE [0.5B | 1.5B] [FOLDER]

The folder has Qwen2.5's tensors, random, in BF16. Each line is a step with its seconds, processor
seconds and memory; files that are mapped count as memory. What FOLDER already holds of the input is
not made again."""
import json
import os
import random
import struct
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "..", "tests", "train")]
from adapter_chain import step
from hf_model import QWEN2_CUT, byte_tokenizer

# hidden_size, layers, heads, KV heads, intermediate_size
SHAPES = {"0.5B": (896, 24, 14, 2, 4864), "1.5B": (1536, 28, 12, 2, 8960)}
VOCABULARY = 151936
POOL = 1 << 16  # weights


def tensors(C, L, H, H_kv, hidden):
    """Names and shapes, in the order of the file."""
    kv = C // H * H_kv
    yield "model.embed_tokens.weight", [VOCABULARY, C]
    for layer in range(L):
        at = "model.layers.%d." % layer
        yield at + "input_layernorm.weight", [C]
        yield at + "post_attention_layernorm.weight", [C]
        for name, rows in ("q", C), ("k", kv), ("v", kv):
            yield at + "self_attn.%s_proj.weight" % name, [rows, C]
            yield at + "self_attn.%s_proj.bias" % name, [rows]
        yield at + "self_attn.o_proj.weight", [C, C]
        yield at + "mlp.gate_proj.weight", [hidden, C]
        yield at + "mlp.up_proj.weight", [hidden, C]
        yield at + "mlp.down_proj.weight", [C, hidden]
    yield "model.norm.weight", [C]


def write_folder(folder, shape):
    C, L, H, H_kv, hidden = SHAPES[shape]
    os.makedirs(folder, exist_ok=True)
    config = {"architectures": ["Qwen2ForCausalLM"], "model_type": "qwen2", "hidden_size": C,
              "num_hidden_layers": L, "num_attention_heads": H, "num_key_value_heads": H_kv,
              "intermediate_size": hidden, "vocab_size": VOCABULARY, "rms_norm_eps": 1e-6,
              "rope_theta": 1e6, "max_position_embeddings": 32768, "hidden_act": "silu",
              "tie_word_embeddings": True, "torch_dtype": "bfloat16"}
    for name, value in ("config.json", config), ("tokenizer.json", byte_tokenizer(QWEN2_CUT)):
        with open(os.path.join(folder, name), "w", encoding="utf-8") as f:
            json.dump(value, f)
    r, header, at = random.Random(1), {}, 0
    for name, dims in tensors(C, L, H, H_kv, hidden):
        n = 2 * dims[0] * (dims[1] if len(dims) > 1 else 1)
        header[name] = {"dtype": "BF16", "shape": dims, "data_offsets": [at, at + n]}
        at += n
    pool = b"".join(struct.pack("<f", r.gauss(0, 0.02))[2:] for _ in range(POOL))
    head = json.dumps(header).encode()
    head += b" " * (-len(head) % 8)
    with open(os.path.join(folder, "model.safetensors"), "wb") as f:
        f.write(struct.pack("<Q", len(head)) + head)
        while at:
            start = 2 * r.randrange(POOL)
            at -= f.write((pool[start:] + pool[:start])[:at])


def main():
    fettle = os.path.abspath(sys.argv[1])
    shape = sys.argv[2] if len(sys.argv) > 2 else "0.5B"
    with tempfile.TemporaryDirectory() as temporary:
        folder = sys.argv[3] if len(sys.argv) > 3 else temporary
        weights = os.path.join(folder, "hf", "model.safetensors")
        if not os.path.exists(weights):
            write_folder(os.path.join(folder, "hf"), shape)
        print("%-34s %7.0f MB" % ("Qwen2.5-%s in BF16" % shape, os.path.getsize(weights) / 1e6))
        step(folder, fettle, "convert", None, "model", "convert", "hf", "bf16.gguf")
        step(folder, fettle, "convert to Q4_K_M", None, "model", "convert", "hf", "q4.gguf",
             "--type", "Q4_K_M")
        step(folder, fettle, "export for Ollama", None, "model", "export", "q4.gguf", "--ollama",
             "--out", "ollama")
        step(folder, fettle, "export for ONNX Runtime", None, "model", "export", "q4.gguf",
             "--onnx", "--out", "onnx")


if __name__ == "__main__":
    main()
