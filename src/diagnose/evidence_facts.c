// What a grammar lets an answer say of each fact: its own value, on its own side of its own limits.
#include <math.h>

#include "diagnose/evidence_private.h"

const char evidence_fact_rules[] =
    "joint ::= \" is \" | \" reads \" | \" shows \" | \" stays at \" | \" was \" | \" is at \" | "
    "\" has not moved from \" | \" is the same \" | \": \" | \" of \" | \" \"\n"
    "beside ::= \", \" | \" is \" | \" \"\n"
    "span ::= \"the \" (\"operating \" | \"allowed \")? \"range \" \"of \"?\n";

static void add_text(const char *text, struct buf *to)
{
    struct buf literal = {0};
    evidence_literal(str_of(text), &literal);
    if (literal.failed)
        to->failed = true;
    else
        buf_add_z(to, literal.p + 3); // without " | "
    buf_free(&literal);
}

static void value_text(const struct fact *f, struct buf *to)
{
    buf_printf(to, "%s%s%s", f->text, f->unit[0] && f->unit[0] != '%' ? " " : "", f->unit);
}

// (beside "below " ("the minimum of " | "min ")? "10 V")?
static void add_place(const struct fact *f, struct buf *to)
{
    struct buf limit = {0};
    const char *name = isnan(f->low) ? "maximum" : "minimum";
    bool both = !isnan(f->low) && !isnan(f->high);
    if (f->side == FACT_UNJUDGED)
        return;
    fact_limit_text(f, &limit);
    buf_printf(to, " (beside \"%s \" ", fact_side_name(f->side));
    if (both)
        buf_add_z(to, "span? ");
    else
        buf_printf(to, "(\"the %s of \" | \"%.3s \")? ", name, name);
    if (limit.failed || !limit.p)
        to->failed = true;
    else
        add_text(limit.p + (both ? 0 : strlen("max ")), to);
    buf_add_z(to, ")?");
    buf_free(&limit);
}

static void add_trend(const struct fact *f, struct buf *to)
{
    enum fact_trend trend = fact_trend(f);
    if (trend != FACT_RISING && trend != FACT_FALLING)
        return;
    struct buf text = {0};
    buf_printf(&text, ", %s from %s over %zu samples", trend == FACT_RISING ? "rising" : "falling",
               f->first_text, f->samples);
    buf_add_z(to, " (");
    if (text.failed)
        to->failed = true;
    else
        add_text(text.p, to);
    buf_add_z(to, ")?");
    buf_free(&text);
}

static void add_statements(const struct fact *f, struct buf *to)
{
    struct buf value = {0};
    value_text(f, &value);
    if (value.failed || !value.p || !f->key[0]) {
        to->failed |= value.failed;
        buf_free(&value);
        return;
    }
    buf_add_z(to, " | ");
    add_text(f->key, to);
    buf_add_z(to, " joint ");
    add_text(value.p, to);
    add_place(f, to);
    add_trend(f, to);
    buf_free(&value);
}

static bool is_count(const struct fact *f)
{
    return f->is_number && !f->unit[0];
}

void evidence_fact_names(const struct facts *f, bool values, struct buf *to)
{
    for (size_t i = 0; i < f->count; i++) {
        const struct fact *fact = &f->items[i];
        if (fact->key[0]) {
            buf_add_z(to, " | \"of \" ");
            add_text(fact->key, to);
        }
        if (values && !fact->is_number && fact->text[0])
            evidence_literal(str_of(fact->text), to);
    }
}

void evidence_fact_statements(const struct facts *f, struct buf *to)
{
    for (size_t i = 0; i < f->count; i++)
        if (!is_count(&f->items[i]))
            add_statements(&f->items[i], to);
}

void evidence_fact_counts(const struct facts *f, struct buf *to)
{
    for (size_t i = 0; i < f->count; i++)
        if (is_count(&f->items[i]))
            add_statements(&f->items[i], to);
}

void evidence_fact_values(const struct facts *f, struct buf *to)
{
    for (size_t i = 0; i < f->count; i++) {
        const struct fact *fact = &f->items[i];
        struct buf value = {0};
        value_text(fact, &value);
        if (value.failed)
            to->failed = true;
        if (fact->is_number && fact->key[0] && value.p) {
            buf_add_z(to, " | ");
            add_text(value.p, to);
            buf_add_z(to, " \" at \" ");
            add_text(fact->key, to);
            add_place(fact, to);
        }
        buf_free(&value);
    }
}
