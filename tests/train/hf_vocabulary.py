"""Writes real vocabularies, kept as GGUF files, back as the files that Hugging Face folders hold:
tokenizer.json, with merges listed as its own converter lists them, and SentencePiece's
tokenizer.model."""
import struct

NORMAL, UNKNOWN, CONTROL, USER, UNUSED, BYTE = 1, 2, 3, 4, 5, 6
SCALARS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q",
           12: "d"}


def read_keys(path):
    """The keys of a GGUF file."""
    with open(path, "rb") as f:
        data = f.read()
    at = 8

    def take(form):
        nonlocal at
        value = struct.unpack_from("<" + form, data, at)[0]
        at += struct.calcsize(form)
        return value

    def text():
        nonlocal at
        n = take("Q")
        at += n
        return data[at - n:at].decode("utf-8")

    def value(kind):
        nonlocal at
        if kind == 8:
            return text()
        if kind != 9:
            return take(SCALARS[kind])
        of, n = take("I"), take("Q")
        if of == 8:
            return [text() for _ in range(n)]
        at += n * struct.calcsize(SCALARS[of])
        return list(struct.unpack_from("<%d%s" % (n, SCALARS[of]), data,
                                       at - n * struct.calcsize(SCALARS[of])))

    take("Q")
    keys = {}
    for _ in range(take("Q")):
        name = text()
        keys[name] = value(take("I"))
    return {k.replace("tokenizer.ggml.", ""): v for k, v in keys.items()}


def added(keys):
    kinds = keys["token_type"]
    return [{"id": i, "content": t, "single_word": False, "lstrip": False, "rstrip": False,
             "normalized": False, "special": kinds[i] != USER}
            for i, t in enumerate(keys["tokens"]) if kinds[i] in (CONTROL, USER, UNKNOWN)]


def byte_level(keys, steps):
    kinds = keys["token_type"]
    vocab = {t: i for i, t in enumerate(keys["tokens"]) if kinds[i] in (NORMAL,)}
    return {"added_tokens": added(keys), "normalizer": None,
            "pre_tokenizer": {"type": "Sequence", "pretokenizers": steps} if len(steps) > 1
            else steps[0],
            "post_processor": {"type": "ByteLevel"}, "decoder": {"type": "ByteLevel"},
            "model": {"type": "BPE", "vocab": vocab, "merges": keys["merges"]}}


def extracted_merges(keys):
    """Every way to split a piece into two, by falling score of the piece."""
    score = {t: s for t, s, k in zip(keys["tokens"], keys["scores"], keys["token_type"])
             if k in (NORMAL, UNUSED)}
    order = {t: i for i, t in enumerate(keys["tokens"])}
    found = []
    for piece, s in score.items():
        local = [(piece[:i], piece[i:], s) for i in range(1, len(piece))
                 if piece[:i] in score and piece[i:] in score]
        found += sorted(local, key=lambda m: (order[m[0]], order[m[1]]))
    return [[a, b] for a, b, _ in sorted(found, key=lambda m: m[2], reverse=True)]


def sentence_piece_json(keys):
    unknown = next(t for t, k in zip(keys["tokens"], keys["token_type"]) if k == UNKNOWN)
    return {"added_tokens": added(keys),
            "normalizer": {"type": "Sequence",
                           "normalizers": [{"type": "Prepend", "prepend": "\u2581"},
                                           {"type": "Replace", "pattern": {"String": " "},
                                            "content": "\u2581"}]},
            "pre_tokenizer": None, "post_processor": None, "decoder": None,
            "model": {"type": "BPE", "unk_token": unknown, "fuse_unk": True, "byte_fallback": True,
                      "vocab": {t: i for i, (t, k) in enumerate(zip(keys["tokens"],
                                                                    keys["token_type"]))
                                if k not in (CONTROL, USER)},
                      "merges": extracted_merges(keys)}}


def varint(n):
    out = b""
    while n > 127:
        out += bytes([n & 127 | 128])
        n >>= 7
    return out + bytes([n])


def field(number, wire, payload):
    return varint(number << 3 | wire) + (varint(len(payload)) if wire == 2 else b"") + payload


def sentence_piece_model(keys, count):
    """tokenizer.model with the first `count` tokens."""
    out = b""
    for t, s, k in list(zip(keys["tokens"], keys["scores"], keys["token_type"]))[:count]:
        piece = field(1, 2, t.encode()) + field(2, 5, struct.pack("<f", s))
        if k != NORMAL:
            piece += field(3, 0, varint(k))
        out += field(1, 2, piece)
    out += field(2, 2, field(3, 0, varint(2)) + field(4, 0, varint(count)))
    return out + field(3, 2, field(1, 2, b"identity") + field(3, 0, varint(1)) +
                       field(4, 0, varint(0)))
