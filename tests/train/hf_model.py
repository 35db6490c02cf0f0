"""Tiny random models as Hugging Face folders, and what they compute: an independent writer of
safetensors and tokenizer files, and a forward pass in doubles after the models' papers."""
import json
import math
import os
import random
import struct

BYTES = {"F32": ("f", 4), "F16": ("e", 2), "BF16": (None, 2)}
LLAMA3_CUT = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}|"
              r" ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+")
QWEN2_CUT = LLAMA3_CUT.replace("{1,3}", "")


def pack(values, dtype):
    if dtype == "BF16":  # all values here are exact in it
        return b"".join(struct.pack("<f", v)[2:] for v in values)
    return struct.pack("<%d%s" % (len(values), BYTES[dtype][0]), *values)


def write_safetensors(path, tensors, dtype):
    """tensors: name -> (shape, flat values) in order."""
    header, data = {"__metadata__": {"format": "pt"}}, []
    at = 0
    for name, (shape, values) in tensors.items():
        raw = pack(values, dtype)
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [at, at + len(raw)]}
        data.append(raw)
        at += len(raw)
    head = json.dumps(header).encode()
    head += b" " * (-len(head) % 8)
    with open(path, "wb") as f:
        f.write(struct.pack("<Q", len(head)) + head + b"".join(data))


def byte_names():
    """GPT-2's spelling of bytes."""
    names, extra = [], 256
    for b in range(256):
        if 33 <= b <= 126 or 161 <= b <= 172 or 174 <= b <= 255:
            names.append(chr(b))
        else:
            names.append(chr(extra))
            extra += 1
    return names


def byte_tokenizer(cut, first="<|begin|>", last="<|end_of_text|>"):
    """256 bytes, a few merges, special tokens: tokenizer.json."""
    n = byte_names()
    merges = [(n[116], n[104]), (n[116] + n[104], n[101]), (n[32], n[97])]  # th, the, " a"
    tokens = n + [a + b for a, b in merges]
    steps = [{"type": "Split", "pattern": {"Regex": cut}, "behavior": "Isolated", "invert": False},
             {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": False,
              "use_regex": False}]
    added = [(first, True), (last, True), ("<tool>", False), ("<|im_end|>", False)]
    return {
        "version": "1.0", "truncation": None, "padding": None,
        "added_tokens": [{"id": len(tokens) + i, "content": c, "single_word": False, "lstrip": False,
                          "rstrip": False, "normalized": False, "special": s}
                         for i, (c, s) in enumerate(added)],
        "normalizer": {"type": "NFC"},
        "pre_tokenizer": {"type": "Sequence", "pretokenizers": steps},
        "post_processor": {"type": "TemplateProcessing",
                           "single": [{"SpecialToken": {"id": first, "type_id": 0}},
                                      {"Sequence": {"id": "A", "type_id": 0}}]},
        "decoder": {"type": "ByteLevel"},
        "model": {"type": "BPE", "dropout": None, "unk_token": None, "byte_fallback": False,
                  "ignore_merges": True, "vocab": {t: i for i, t in enumerate(tokens)},
                  "merges": ["%s %s" % m for m in merges]}}


class Model:
    """config holds config.json's fields; weights are multiples of 1/512, exact in every dtype."""

    def __init__(self, config, seed):
        self.c = config
        self.random = random.Random(seed)
        self.w = {}
        c = config
        self.C, self.H, self.Hk = (c["hidden_size"], c["num_attention_heads"],
                                   c["num_key_value_heads"])
        self.D = c.get("head_dim") or self.C // self.H
        self.kind = c["architectures"][0]
        hidden, q, kv = c["intermediate_size"], self.H * self.D, self.Hk * self.D
        self.add("model.embed_tokens.weight", c["vocab_size"], self.C, 500)
        for i in range(c["num_hidden_layers"]):
            at = "model.layers.%d." % i
            self.add(at + "input_layernorm.weight", self.C, None, 100, 1)
            self.add(at + "post_attention_layernorm.weight", self.C, None, 100, 1)
            if self.kind == "Phi3ForCausalLM":
                self.add(at + "self_attn.qkv_proj.weight", q + 2 * kv, self.C, 60)
                self.add(at + "mlp.gate_up_proj.weight", 2 * hidden, self.C, 60)
            else:
                for name, rows in (("q", q), ("k", kv), ("v", kv)):
                    self.add(at + "self_attn.%s_proj.weight" % name, rows, self.C, 60)
                    if self.kind == "Qwen2ForCausalLM":
                        self.add(at + "self_attn.%s_proj.bias" % name, rows, None, 100)
                if self.kind == "Qwen3ForCausalLM":
                    self.add(at + "self_attn.q_norm.weight", self.D, None, 100, 1)
                    self.add(at + "self_attn.k_norm.weight", self.D, None, 100, 1)
                self.add(at + "mlp.gate_proj.weight", hidden, self.C, 60)
                self.add(at + "mlp.up_proj.weight", hidden, self.C, 60)
            self.add(at + "self_attn.o_proj.weight", self.C, q, 60)
            self.add(at + "mlp.down_proj.weight", self.C, hidden, 60)
        self.add("model.norm.weight", self.C, None, 100, 1)
        if not c.get("tie_word_embeddings"):
            self.add("lm_head.weight", c["vocab_size"], self.C, 120)

    def add(self, name, rows, cols, most, middle=0):
        """Random weights of up to most / 512; around 1 with fewer bits, to stay exact."""
        part = 64 if middle else 128 if most > 127 else 512
        most = min(most, 60 if middle else 127)
        self.w[name] = ([rows] if cols is None else [rows, cols],
                        [middle + self.random.randint(-most, most) / part
                         for _ in range(rows * (cols or 1))])

    def write(self, folder, dtype, shards=1, tokenizer=None, extra=None):
        os.makedirs(folder, exist_ok=True)
        files = {"config.json": self.c,
                 "tokenizer.json": tokenizer or byte_tokenizer(QWEN2_CUT)}
        files.update(extra or {})
        names = list(self.w)
        if shards == 1:
            write_safetensors(os.path.join(folder, "model.safetensors"), self.w, dtype)
        else:
            where = {}
            for s in range(shards):
                file = "model-%05d-of-%05d.safetensors" % (s + 1, shards)
                part = {n: self.w[n] for n in names[s::shards]}
                write_safetensors(os.path.join(folder, file), part, dtype)
                where.update({n: file for n in part})
            files["model.safetensors.index.json"] = {"metadata": {"total_size": 1},
                                                     "weight_map": where}
        for name, value in files.items():
            with open(os.path.join(folder, name), "w", encoding="utf-8") as f:
                if isinstance(value, str):
                    f.write(value)
                else:
                    json.dump(value, f, ensure_ascii=name != "tokenizer.json")

    # ---- what it computes ----

    def times(self, name, x, first=0, rows=None):
        (total, cols), w = self.w[name]
        rows = total if rows is None else rows
        return [sum(map(lambda a, b: a * b, w[(first + r) * cols:(first + r + 1) * cols], x))
                for r in range(rows)]

    def norm(self, name, x):
        scale = 1 / math.sqrt(sum(v * v for v in x) / len(x) + self.c["rms_norm_eps"])
        return [v * scale * g for v, g in zip(x, self.w[name][1])]

    def frequencies(self, long):
        """Radians per position, and the amplitude of sine and cosine."""
        c = self.c
        rope = c.get("rope_parameters") or c.get("rope_scaling") or {}
        base = c.get("rope_theta") or rope.get("rope_theta", 10000.0)
        dims = int(self.D * c.get("partial_rotary_factor", 1))
        freqs = [base ** (-2 * i / dims) for i in range(dims // 2)]
        kind = rope.get("rope_type", rope.get("type"))
        if kind == "linear":
            return [f / rope["factor"] for f in freqs], 1
        if kind == "llama3":
            out = []
            old, low, high = (rope["original_max_position_embeddings"], rope["low_freq_factor"],
                              rope["high_freq_factor"])
            for f in freqs:
                wave = 2 * math.pi / f
                if wave < old / high:
                    out.append(f)
                elif wave > old / low:
                    out.append(f / rope["factor"])
                else:
                    smooth = (old / wave - low) / (high - low)
                    out.append((1 - smooth) * f / rope["factor"] + smooth * f)
            return out, 1
        if kind == "longrope":
            old = c["original_max_position_embeddings"]
            scale = c["max_position_embeddings"] / old
            factors = rope["long_factor" if long else "short_factor"]
            return ([f / g for f, g in zip(freqs, factors)],
                    math.sqrt(1 + math.log(scale) / math.log(old)))
        return freqs, 1

    def turn(self, head, position, long):
        freqs, amplitude = self.frequencies(long)
        half = len(freqs)
        out = list(head)
        for i, f in enumerate(freqs):
            s, c = math.sin(position * f) * amplitude, math.cos(position * f) * amplitude
            out[i] = head[i] * c - head[i + half] * s
            out[i + half] = head[i + half] * c + head[i] * s
        return out

    def project(self, at, x):
        q, kv = self.H * self.D, self.Hk * self.D
        if self.kind == "Phi3ForCausalLM":
            name = at + "self_attn.qkv_proj.weight"
            return (self.times(name, x, 0, q), self.times(name, x, q, kv),
                    self.times(name, x, q + kv, kv))
        out = []
        for part in "qkv":
            y = self.times(at + "self_attn.%s_proj.weight" % part, x)
            bias = self.w.get(at + "self_attn.%s_proj.bias" % part)
            out.append([a + b for a, b in zip(y, bias[1])] if bias else y)
        return out

    def heads(self, at, part, x, count, position, long):
        out = []
        for h in range(count):
            head = x[h * self.D:(h + 1) * self.D]
            if self.kind == "Qwen3ForCausalLM":
                head = self.norm(at + "self_attn.%s_norm.weight" % part, head)
            out.append(self.turn(head, position, long))
        return out

    def attend(self, at, x, cache, long):
        position = len(cache)
        q, k, v = self.project(at, x)
        q = self.heads(at, "q", q, self.H, position, long)
        k = self.heads(at, "k", k, self.Hk, position, long)
        half = lambda y: list(struct.unpack("<%de" % len(y), struct.pack("<%de" % len(y), *y)))
        cache.append(([half(h) for h in k], half(v)))  # as the engine keeps them
        out = []
        for h in range(self.H):
            kv = h * self.Hk // self.H
            scores = [sum(a * b for a, b in zip(q[h], past[0][kv])) / math.sqrt(self.D)
                      for past in cache]
            most = max(scores)
            e = [math.exp(s - most) for s in scores]
            total = sum(e)
            out += [sum(w * past[1][kv * self.D + d] for w, past in zip(e, cache)) / total
                    for d in range(self.D)]
        return self.times(at + "self_attn.o_proj.weight", out)

    def feed_forward(self, at, x):
        hidden = self.c["intermediate_size"]
        if self.kind == "Phi3ForCausalLM":
            both = self.times(at + "mlp.gate_up_proj.weight", x)
            gate, up = both[:hidden], both[hidden:]
        else:
            gate = self.times(at + "mlp.gate_proj.weight", x)
            up = self.times(at + "mlp.up_proj.weight", x)
        y = [g / (1 + math.exp(-g)) * u for g, u in zip(gate, up)]
        return self.times(at + "mlp.down_proj.weight", y)

    def logits(self, ids, long=False):
        caches = [[] for _ in range(self.c["num_hidden_layers"])]
        rows = []
        for token in ids:
            e = self.w["model.embed_tokens.weight"][1]
            x = e[token * self.C:(token + 1) * self.C]
            for i, cache in enumerate(caches):
                at = "model.layers.%d." % i
                y = self.attend(at, self.norm(at + "input_layernorm.weight", x), cache, long)
                x = [a + b for a, b in zip(x, y)]
                y = self.feed_forward(at, self.norm(at + "post_attention_layernorm.weight", x))
                x = [a + b for a, b in zip(x, y)]
            head = "lm_head.weight" if "lm_head.weight" in self.w and not self.c.get(
                "tie_word_embeddings") else "model.embed_tokens.weight"
            rows.append(self.times(head, self.norm("model.norm.weight", x)))
        return rows


def config(kind, **more):
    c = {"architectures": [kind], "hidden_size": 128, "num_attention_heads": 4,
         "num_key_value_heads": 2, "num_hidden_layers": 2, "intermediate_size": 192,
         "vocab_size": 272, "max_position_embeddings": 128, "rms_norm_eps": 1e-5,
         "rope_theta": 10000.0, "hidden_act": "silu", "torch_dtype": "bfloat16",
         "tie_word_embeddings": False}
    c.update(more)
    return c
