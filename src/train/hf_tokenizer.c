// Reads tokenizer.json: byte-level BPE, and BPE with byte fallback that stands for SentencePiece.
//
// The file is scanned, not read into a tree: a vocabulary has some hundred thousand entries.
#include <stdlib.h>
#include <string.h>

#include "base/json_scan.h"
#include "train/hf_vocabulary.h"

// What the file says besides its tokens. Spans of JSON are empty where there is none.
struct outline {
    struct str model, added, normalizer, pre, post; // spans
    struct str vocab, merges;                       // of the model
    struct str kind, unknown;                       // of the model, as written
    bool byte_fallback;
};

static enum err_code broken(const struct json_scan *s, const char *where, struct err *err)
{
    return json_scan_error(s, where, err);
}

// The span of the value that comes next.
static bool take_span(struct json_scan *s, struct str *out)
{
    enum json_token t = json_scan_next(s);
    const char *begin = s->token;
    if (t == JSON_TOKEN_ERROR || !json_scan_skip(s, t))
        return false;
    *out = t == JSON_TOKEN_NULL ? (struct str){"", 0} : (struct str){begin, (size_t)(s->p - begin)};
    return true;
}

static struct str unquoted(struct str span)
{
    if (span.n < 2 || span.p[0] != '"')
        return (struct str){"", 0};
    return (struct str){span.p + 1, span.n - 2};
}

static enum err_code read_model(const char *where, struct outline *o, struct err *err)
{
    struct json_scan s;
    struct str span;
    enum json_token t;
    json_scan_open(&s, o->model, 0, 0);
    if (json_scan_next(&s) != JSON_TOKEN_OBJECT)
        return err_set(err, ERR_INPUT, "%s: field 'model' is no object", where);
    while ((t = json_scan_next(&s)) == JSON_TOKEN_KEY) {
        struct str key = s.text;
        if (!take_span(&s, &span))
            break;
        if (str_is(key, "type"))
            o->kind = unquoted(span);
        else if (str_is(key, "unk_token"))
            o->unknown = unquoted(span);
        else if (str_is(key, "byte_fallback"))
            o->byte_fallback = str_is(span, "true");
        else if (str_is(key, "vocab"))
            o->vocab = span;
        else if (str_is(key, "merges"))
            o->merges = span;
    }
    return s.why ? broken(&s, where, err) : ERR_OK;
}

static enum err_code read_outline(struct str text, const char *where, struct outline *o,
                                  struct err *err)
{
    struct json_scan s;
    struct str span;
    enum json_token t;
    *o = (struct outline){0};
    json_scan_open(&s, text, 0, 0);
    if ((t = json_scan_next(&s)) != JSON_TOKEN_OBJECT && t != JSON_TOKEN_ERROR)
        return err_set(err, ERR_INPUT, "%s: an object is expected", where);
    while (!s.why && (t = json_scan_next(&s)) == JSON_TOKEN_KEY) {
        struct str key = s.text;
        if (!take_span(&s, &span))
            break;
        if (str_is(key, "model"))
            o->model = span;
        else if (str_is(key, "added_tokens"))
            o->added = span;
        else if (str_is(key, "normalizer"))
            o->normalizer = span;
        else if (str_is(key, "pre_tokenizer"))
            o->pre = span;
        else if (str_is(key, "post_processor"))
            o->post = span;
    }
    if (!s.why)
        json_scan_next(&s); // nothing may follow
    return s.why ? broken(&s, where, err) : read_model(where, o, err);
}

bool hf_vocabulary_is_bytes(struct str text)
{
    struct outline o;
    struct err err;
    return read_outline(text, "", &o, &err) == ERR_OK && !o.byte_fallback;
}

// ---- tokens ----

static enum err_code put(struct hf_vocabulary *v, struct str key, bool escaped, int64_t id,
                         enum vocab_kind kind, float score, const char *where, struct err *err)
{
    char bytes[VOCAB_TOKEN_BYTES_MAX];
    if (key.n > sizeof bytes)
        return err_set(err, ERR_LIMIT, "%s: token %lld has %zu bytes, at most %d are allowed",
                       where, (long long)id, key.n, VOCAB_TOKEN_BYTES_MAX);
    if (escaped)
        key = (struct str){bytes, json_unescape(key, bytes)};
    return hf_vocabulary_put(v, id, key, kind, score, where, err);
}

static bool is_byte(struct str s)
{
    return s.n == 6 && memcmp(s.p, "<0x", 3) == 0 && s.p[5] == '>';
}

static enum err_code read_vocab(const struct outline *o, const char *where, struct hf_vocabulary *v,
                                struct err *err)
{
    struct json_scan s;
    enum json_token t;
    json_scan_open(&s, o->vocab, 0, 0);
    if (json_scan_next(&s) != JSON_TOKEN_OBJECT)
        return err_set(err, ERR_INPUT, "%s: field 'model.vocab' is no object", where);
    enum err_code code = ERR_OK;
    while (!code && (t = json_scan_next(&s)) == JSON_TOKEN_KEY) {
        struct str key = s.text;
        bool escaped = s.escaped;
        int64_t id;
        if (json_scan_next(&s) != JSON_TOKEN_NUMBER || !str_to_i64(s.text, &id))
            return err_set(err, ERR_INPUT, "%s: field 'model.vocab': '%.*s' has no number", where,
                           key.n > 80 ? 80 : (int)key.n, key.p);
        enum vocab_kind kind = o->byte_fallback && is_byte(key)          ? VOCAB_BYTE
                               : o->unknown.n && str_eq(key, o->unknown) ? VOCAB_UNKNOWN
                                                                         : VOCAB_NORMAL;
        code = put(v, key, escaped, id, kind, -1e6f, where, err);
        if (kind == VOCAB_UNKNOWN)
            v->special[HF_UNKNOWN] = (int32_t)id;
    }
    return code || !s.why ? code : broken(&s, where, err);
}

// One merge as "left right": a text, or (since 2024) an array of two.
static bool take_merge(struct json_scan *s, enum json_token t, struct buf *out)
{
    buf_reset(out);
    int parts = t == JSON_TOKEN_ARRAY ? 2 : 1;
    for (int i = 0; i < parts; i++) {
        if (t == JSON_TOKEN_ARRAY && json_scan_next(s) != JSON_TOKEN_STRING)
            return false;
        char *to = buf_reserve(out, s->text.n + 1);
        if (!to)
            return false;
        if (i)
            *to++ = ' ';
        out->n += (size_t)i + json_unescape(s->text, to);
    }
    return t == JSON_TOKEN_STRING ||
           (t == JSON_TOKEN_ARRAY && json_scan_next(s) == JSON_TOKEN_ARRAY_END);
}

static enum err_code keep_merge(struct hf_vocabulary *v, struct str text, struct err *err)
{
    if (v->merge_count == v->merge_cap) {
        size_t cap = v->merge_cap ? 2 * v->merge_cap : 4096;
        struct str *merges = realloc(v->merges, cap * sizeof *merges);
        if (!merges)
            return err_set(err, ERR_NO_MEMORY, "out of memory for merges");
        v->merges = merges;
        v->merge_cap = cap;
    }
    const char *copy = arena_copy(v->arena, text);
    if (!copy)
        return err_set(err, ERR_NO_MEMORY, "out of memory for merges");
    v->merges[v->merge_count++] = (struct str){copy, text.n};
    return ERR_OK;
}

// SentencePiece joins what makes the token of the highest score: the first merge that makes a token
// decides. Merges are listed by falling score, so their order is all there is to know.
static void score_by_merge(struct hf_vocabulary *v, struct str merge, size_t rank)
{
    char joined[VOCAB_TOKEN_BYTES_MAX];
    const char *blank = merge.n > 2 ? memchr(merge.p + 1, ' ', merge.n - 2) : NULL;
    if (!blank || merge.n > sizeof joined)
        return;
    size_t left = (size_t)(blank - merge.p);
    memcpy(joined, merge.p, left);
    memcpy(joined + left, blank + 1, merge.n - left - 1);
    int32_t id = hf_vocabulary_find(v, (struct str){joined, merge.n - 1});
    if (id >= 0 && v->scores[id] < -5e5f)
        v->scores[id] = -(float)rank;
}

static enum err_code read_merges(const struct outline *o, const char *where,
                                 struct hf_vocabulary *v, struct err *err)
{
    struct json_scan s;
    enum json_token t;
    struct buf merge = {0};
    json_scan_open(&s, o->merges, 0, 0);
    if (json_scan_next(&s) != JSON_TOKEN_ARRAY)
        return err_set(err, ERR_INPUT, "%s: field 'model.merges' is no array", where);
    enum err_code code = ERR_OK;
    for (size_t i = 0; !code && (t = json_scan_next(&s)) > JSON_TOKEN_END; i++) {
        if (t == JSON_TOKEN_ARRAY_END)
            break;
        if (i == 4 * (size_t)VOCAB_MAX)
            code = err_set(err, ERR_LIMIT, "%s: more than %d merges", where, 4 * VOCAB_MAX);
        else if (!take_merge(&s, t, &merge))
            code =
                err_set(err, ERR_INPUT, "%s: field 'model.merges': entry %zu is no pair", where, i);
        else if (o->byte_fallback)
            score_by_merge(v, buf_str(&merge), i);
        else
            code = keep_merge(v, buf_str(&merge), err);
    }
    buf_free(&merge);
    return code || !s.why ? code : broken(&s, where, err);
}

// Names like "<|fim_prefix|>" are control tokens, whatever the file says.
static bool looks_special(struct str s)
{
    return str_starts(s, STR_LIT("<|")) && str_ends(s, STR_LIT("|>"));
}

static enum err_code read_added(struct str added, const char *where, struct hf_vocabulary *v,
                                struct err *err)
{
    struct arena *arena = arena_open(64 << 20);
    struct json_node *list = NULL;
    enum err_code code = arena ? json_read(arena, added, where, &list, err)
                               : err_set(err, ERR_NO_MEMORY, "%s: out of memory", where);
    for (const struct json_node *n = code ? NULL : list->first; n && !code; n = n->next) {
        const struct json_node *id = json_get(n, "id"), *content = json_get(n, "content");
        int64_t number;
        if (!id || !str_to_i64(id->text, &number) || !content || content->type != JSON_STRING ||
            content->text.n == 0) {
            code = err_set(err, ERR_INPUT,
                           "%s: field 'added_tokens': an entry without id or content", where);
            break;
        }
        enum vocab_kind kind = json_get_bool(n, "special") || looks_special(content->text)
                                   ? VOCAB_CONTROL
                                   : VOCAB_USER;
        if (number == v->special[HF_UNKNOWN])
            kind = VOCAB_UNKNOWN;
        code = hf_vocabulary_put(v, number, content->text, kind, -1000, where, err);
    }
    arena_close(&arena);
    return code;
}

// ---- all together ----

static enum err_code read_part(struct arena *arena, struct str span, const char *where,
                               const struct json_node **out, struct err *err)
{
    struct json_node *node = NULL;
    enum err_code code = span.n ? json_read(arena, span, where, &node, err) : ERR_OK;
    *out = node;
    return code;
}

static enum err_code read_ways(const struct outline *o, const char *where, struct hf_vocabulary *v,
                               struct err *err)
{
    const struct json_node *pre, *normalizer, *post;
    struct arena *arena = arena_open(64 << 20);
    enum err_code code;
    if (!arena)
        return err_set(err, ERR_NO_MEMORY, "%s: out of memory", where);
    if (!(code = read_part(arena, o->pre, where, &pre, err)) &&
        !(code = read_part(arena, o->normalizer, where, &normalizer, err)) &&
        !(code = read_part(arena, o->post, where, &post, err))) {
        const struct hf_steps steps = {pre, normalizer, post};
        code = hf_vocabulary_read_steps(&steps, o->byte_fallback, where, v, err);
    }
    arena_close(&arena);
    return code;
}

enum err_code hf_vocabulary_read_json(struct str text, const char *where, bool added_only,
                                      struct hf_vocabulary *v, struct err *err)
{
    struct outline o;
    enum err_code code = read_outline(text, where, &o, err);
    if (code)
        return code;
    if (!str_is(o.kind, "BPE") && !(o.kind.n == 0 && o.merges.n))
        return err_set(err, ERR_UNSUPPORTED, "%s: model '%.*s' is not supported, BPE is", where,
                       o.kind.n > 32 ? 32 : (int)o.kind.n, o.kind.p ? o.kind.p : "");
    if (!added_only) {
        v->model = o.byte_fallback ? "llama" : "gpt2";
        v->pre = "default";
        if (o.byte_fallback)
            v->add_bos = HF_YES;
        if ((code = read_ways(&o, where, v, err)) || (code = read_vocab(&o, where, v, err)) ||
            (code = read_merges(&o, where, v, err)))
            return code;
    }
    return o.added.n ? read_added(o.added, where, v, err) : ERR_OK;
}
