// Reads SentencePiece's tokenizer.model: a protocol buffer of pieces with their scores and kinds.
//
// Fields, from sentencepiece_model.proto: ModelProto 1 pieces (1 piece, 2 score, 3 type), 2 trainer
// (3 model_type: 1 unigram, 2 BPE; 41 bos_id; 42 eos_id), 3 normalizer (3 add_dummy_prefix).
#include <math.h>
#include <string.h>

#include "train/hf_vocabulary.h"

enum wire { WIRE_VARINT, WIRE_64, WIRE_BYTES, WIRE_32 = 5 };

struct proto {
    const unsigned char *p, *end, *begin;
    const char *where;
    struct err *err;
};

// One field: its number, and its value or the bytes of it.
struct field {
    uint64_t number, value;
    enum wire wire;
    struct proto bytes;
};

static enum err_code bad(const struct proto *r, const char *what)
{
    return err_set(r->err, ERR_INPUT, "%s: byte %zu: %s", r->where, (size_t)(r->p - r->begin),
                   what);
}

static enum err_code take_varint(struct proto *r, uint64_t *out)
{
    *out = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        if (r->p == r->end)
            return bad(r, "the file ends within a number; is it a SentencePiece model?");
        unsigned char byte = *r->p++;
        *out |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80)
            return ERR_OK;
    }
    return bad(r, "a number of more than 64 bits");
}

static enum err_code take_fixed(struct proto *r, size_t bytes, uint64_t *out)
{
    if ((size_t)(r->end - r->p) < bytes)
        return bad(r, "the file ends within a number");
    *out = 0;
    for (size_t i = bytes; i-- > 0;)
        *out = *out << 8 | r->p[i];
    r->p += bytes;
    return ERR_OK;
}

static enum err_code take_field(struct proto *r, struct field *f)
{
    uint64_t head, n;
    enum err_code code = take_varint(r, &head);
    if (code)
        return code;
    f->number = head >> 3;
    f->wire = (enum wire)(head & 7);
    f->bytes = *r;
    switch (f->wire) {
    case WIRE_VARINT:
        return take_varint(r, &f->value);
    case WIRE_64:
        return take_fixed(r, 8, &f->value);
    case WIRE_32:
        return take_fixed(r, 4, &f->value);
    case WIRE_BYTES:
        if ((code = take_varint(r, &n)))
            return code;
        if (n > (size_t)(r->end - r->p))
            return bad(r, "a field goes beyond the end of what holds it");
        f->bytes = *r;
        f->bytes.end = r->p + n;
        r->p += n;
        return ERR_OK;
    }
    return bad(r, "a kind of field that is not known; is it a SentencePiece model?");
}

static enum err_code read_piece(struct proto r, uint32_t id, struct hf_vocabulary *v)
{
    struct field f;
    struct str text = {"", 0};
    float score = 0;
    uint64_t kind = VOCAB_NORMAL;
    while (r.p < r.end) {
        enum err_code code = take_field(&r, &f);
        if (code)
            return code;
        if (f.number == 1 && f.wire == WIRE_BYTES) {
            text = (struct str){(const char *)f.bytes.p, (size_t)(f.bytes.end - f.bytes.p)};
        } else if (f.number == 2 && f.wire == WIRE_32) {
            uint32_t bits = (uint32_t)f.value;
            memcpy(&score, &bits, sizeof score);
        } else if (f.number == 3 && f.wire == WIRE_VARINT) {
            kind = f.value;
        }
    }
    if (kind < VOCAB_NORMAL || kind > VOCAB_BYTE || isnan(score) || text.n == 0 ||
        text.n > VOCAB_TOKEN_BYTES_MAX || !str_is_utf8(text))
        return bad(&r, "a piece without a text, or of an unknown kind");
    if (kind == VOCAB_UNKNOWN)
        v->special[HF_UNKNOWN] = (int32_t)id;
    return hf_vocabulary_put(v, id, text, (enum vocab_kind)kind, score, r.where, r.err);
}

// The value of a number field, `value` without it.
static enum err_code find_number(struct proto r, uint64_t number, uint64_t value, uint64_t *out)
{
    struct field f;
    *out = value;
    while (r.p < r.end) {
        enum err_code code = take_field(&r, &f);
        if (code)
            return code;
        if (f.number == number && f.wire == WIRE_VARINT)
            *out = f.value;
    }
    return ERR_OK;
}

enum err_code hf_vocabulary_read_spm(struct str bytes, const char *where, struct hf_vocabulary *v,
                                     struct err *err)
{
    const unsigned char *p = (const unsigned char *)bytes.p;
    struct proto r = {.p = p, .end = p + bytes.n, .begin = p, .where = where, .err = err};
    struct field f;
    uint32_t id = 0;
    uint64_t kind = 1, prefix = 1, bos = 1, eos = 2;
    enum err_code code = ERR_OK;
    while (r.p < r.end && !code) {
        if ((code = take_field(&r, &f)) || f.wire != WIRE_BYTES)
            continue;
        if (f.number == 1)
            code = read_piece(f.bytes, id++, v);
        else if (f.number == 2 && !(code = find_number(f.bytes, 3, kind, &kind)) &&
                 !(code = find_number(f.bytes, 41, bos, &bos)))
            code = find_number(f.bytes, 42, eos, &eos);
        else if (f.number == 3)
            code = find_number(f.bytes, 3, prefix, &prefix);
    }
    if (!code && id == 0)
        code = err_set(err, ERR_INPUT, "%s: no pieces; is it a SentencePiece model?", where);
    if (!code && kind != 2)
        code = err_set(err, ERR_UNSUPPORTED,
                       "%s: only SentencePiece models of kind BPE are supported", where);
    if (!code && bos < v->n && v->kinds[bos] == VOCAB_CONTROL)
        v->special[HF_BOS] = (int32_t)bos;
    if (!code && eos < v->n && v->kinds[eos] == VOCAB_CONTROL)
        v->special[HF_EOS] = (int32_t)eos;
    v->model = "llama";
    v->pre = "default";
    v->add_space = prefix ? HF_YES : HF_NO;
    v->add_bos = HF_YES;
    return code;
}
