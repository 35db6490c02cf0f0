// Facts as the lines a model reads, and as JSON. The mark before each line lets a tokenizer cut a
// key there as it does within a sentence, behind a space: that makes it easy to quote.
#include <math.h>

#include "diagnose/facts.h"

void fact_limit_text(const struct fact *fact, struct buf *to)
{
    const char *gap = fact->unit[0] && fact->unit[0] != '%' ? " " : "";
    if (!isnan(fact->low) && !isnan(fact->high))
        buf_printf(to, "%s-%s%s%s", fact->low_text, fact->high_text, gap, fact->unit);
    else if (!isnan(fact->high))
        buf_printf(to, "max %s%s%s", fact->high_text, gap, fact->unit);
    else if (!isnan(fact->low))
        buf_printf(to, "min %s%s%s", fact->low_text, gap, fact->unit);
}

const char *fact_side_name(enum fact_side side)
{
    static const char *const words[] = {"", "within", "below", "above"};
    return words[side];
}

const char *fact_source_name(enum fact_source source)
{
    static const char *const names[] = {"log", "store", "table"};
    return names[source];
}

static void write_trend(const struct fact *f, struct buf *to)
{
    const char *moved = fact_trend(f) == FACT_RISING ? "rising" : "falling";
    switch (fact_trend(f)) {
    case FACT_SINGLE:
        break;
    case FACT_CONSTANT:
        buf_printf(to, ", constant over %zu samples", f->samples);
        break;
    case FACT_RISING:
    case FACT_FALLING:
        buf_printf(to, ", %s from %s over %zu samples", moved, f->first_text, f->samples);
        break;
    case FACT_VARYING:
        buf_printf(to, ", varying over %zu samples", f->samples);
        break;
    }
}

static void write_fact(const struct fact *f, struct buf *to)
{
    const char *gap = f->unit[0] && f->unit[0] != '%' ? " " : "";
    buf_printf(to, "- %s: %s%s%s", f->key, f->text, gap, f->unit);
    if (f->side != FACT_UNJUDGED) {
        buf_printf(to, ", %s ", fact_side_name(f->side));
        fact_limit_text(f, to);
    }
    write_trend(f, to);
    if (f->flag[0])
        buf_printf(to, ", flag %s", f->flag);
    buf_add_char(to, '\n');
}

void facts_write(const struct facts *f, struct buf *to)
{
    if (f->device[0])
        buf_printf(to, "- device: %s\n", f->device);
    if (f->time[0])
        buf_printf(to, "- time: %s\n", f->time);
    for (size_t i = 0; i < f->event_count; i++)
        buf_printf(to, "- event: %s\n", f->events[i]);
    for (size_t i = 0; i < f->count; i++)
        write_fact(&f->items[i], to);
    if (f->note[0])
        buf_printf(to, "- note: %s\n", f->note);
    if (f->known[0])
        buf_printf(to, "- known: %s\n", f->known);
}

static void json_fact(const struct fact *f, struct json_out *to)
{
    static const char *const trends[] = {"single", "constant", "rising", "falling", "varying"};
    json_object(to);
    json_key_text(to, "key", f->key);
    json_key_text(to, "text", f->text);
    json_key_real(to, "value", f->value);
    json_key_text(to, "unit", f->unit);
    json_key_text(to, "flag", f->flag);
    json_key_real(to, "low", f->low);
    json_key_real(to, "high", f->high);
    json_key_text(to, "source", fact_source_name(f->from));
    json_key_text(to, "limits_source", fact_source_name(f->limits_from));
    json_key_text(to, "judgement", fact_side_name(f->side));
    json_key_text(to, "trend", trends[fact_trend(f)]);
    json_key_int(to, "samples", (int64_t)f->samples);
    json_key_int(to, "line", (int64_t)f->line);
    json_end(to);
}

void facts_events_json(const struct facts *f, struct json_out *to)
{
    json_key(to, "events");
    json_array(to);
    for (size_t i = 0; i < f->event_count; i++)
        json_text(to, f->events[i]);
    json_end(to);
}

void facts_json(const struct facts *f, struct json_out *to)
{
    json_object(to);
    json_key_text(to, "device", f->device);
    json_key_text(to, "time", f->time);
    json_key(to, "facts");
    json_array(to);
    for (size_t i = 0; i < f->count; i++)
        json_fact(&f->items[i], to);
    json_end(to);
    facts_events_json(f, to);
    json_key_text(to, "note", f->note);
    json_key_text(to, "known", f->known);
    json_key_int(to, "left_out", (int64_t)f->left_out);
    json_end(to);
}
