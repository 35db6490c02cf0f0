// Reading an answer's words into fields.
#include "diagnose/diagnosis.h"

#include <math.h>
#include <string.h>

#include "diagnose/units.h"

const char *diagnosis_kind_name(enum diagnosis_kind kind)
{
    static const char *const names[] = {"fault", "normal", "asks", "unnamed"};
    return names[kind];
}

// ---- confidence ----

static void read_kind(struct str text, struct diagnosis *out)
{
    uint64_t named = causes_named(text);
    *out = (struct diagnosis){.kind = DIAGNOSIS_UNNAMED};
    for (size_t i = 0; i < cause_count && out->cause_count < DIAGNOSIS_CAUSES_MAX; i++)
        if (named >> i & 1)
            out->causes[out->cause_count++] = &causes[i];
    if (out->cause_count)
        out->kind = DIAGNOSIS_FAULT;
    else if (answer_asks(text))
        out->kind = DIAGNOSIS_ASKS;
    else if (answer_says_normal(text))
        out->kind = DIAGNOSIS_NORMAL;
}

static bool says_the_same(const struct diagnosis *a, const struct diagnosis *b)
{
    return a->kind == b->kind && a->cause_count == b->cause_count &&
           memcmp(a->causes, b->causes, a->cause_count * sizeof *a->causes) == 0;
}

// The expected share under Jeffreys' prior: a few draws never make it 0 or 1.
static double confidence(const struct diagnosis *d, const struct explained *e)
{
    size_t same = 0;
    struct diagnosis drawn;
    for (size_t i = 0; i < e->drawn_count; i++) {
        read_kind(e->drawn[i], &drawn);
        same += says_the_same(d, &drawn);
    }
    bool told = e->drawn_count > 0 && d->kind != DIAGNOSIS_UNNAMED;
    return told ? ((double)same + 0.5) / ((double)e->drawn_count + 1) : NAN;
}

// ---- evidence ----

static bool is_word_byte(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool has_key(struct str text, const char *key)
{
    struct str word = str_of(key);
    for (size_t i = 0; word.n && i + word.n <= text.n; i++) {
        bool begins = i == 0 || !is_word_byte(text.p[i - 1]);
        bool ends = i + word.n == text.n || !is_word_byte(text.p[i + word.n]);
        if (begins && ends && str_eq_nocase((struct str){text.p + i, word.n}, word))
            return true;
    }
    return false;
}

static bool has_value(const struct explained *e, const struct fact *f)
{
    for (size_t i = 0; f->is_number && f->unit[0] && i < e->claim_count; i++)
        if (e->claims[i].kind == CLAIM_NUMBER && unit_same(e->claims[i].unit, str_of(f->unit)) &&
            fabs(e->claims[i].value - f->value) <= 1e-6 * fabs(f->value))
            return true;
    return false;
}

void diagnosis_read(const struct explained *e, const struct facts *facts, struct diagnosis *out)
{
    read_kind(e->text, out);
    out->confidence = confidence(out, e);
    for (size_t i = 0; i < facts->count && out->evidence_count < DIAGNOSIS_EVIDENCE_MAX; i++)
        if (has_key(e->text, facts->items[i].key) || has_value(e, &facts->items[i]))
            out->evidence[out->evidence_count++] = &facts->items[i];
    for (struct str rest = e->text; rest.n && out->check_count < DIAGNOSIS_CHECKS_MAX;) {
        struct str sentence = str_trim(answer_next_sentence(&rest));
        if (sentence_is_advice(sentence))
            out->checks[out->check_count++] = sentence;
    }
}
