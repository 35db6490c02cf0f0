// A diagnosis as JSON and as lines for people.
#include <math.h>

#include "diagnose/diagnose.h"

static void json_cause(const struct cause *c, struct json_out *to)
{
    if (!c) {
        json_null(to);
        return;
    }
    json_object(to);
    json_key_text(to, "id", c->id);
    json_key_text(to, "title", c->title);
    json_end(to);
}

static void json_evidence(const struct fact *f, struct json_out *to)
{
    bool limited = !isnan(f->low) || !isnan(f->high);
    json_object(to);
    json_key_text(to, "key", f->key);
    json_key_text(to, "text", f->text);
    json_key_real(to, "value", f->is_number ? f->value : NAN);
    json_key_text(to, "unit", f->unit);
    json_key_text(to, "flag", f->flag);
    json_key_real(to, "low", f->low);
    json_key_real(to, "high", f->high);
    json_key_text(to, "judgement", fact_side_name(f->side));
    json_key_text(to, "source", fact_source_name(f->from));
    json_key_int(to, "line", (int64_t)f->line);
    json_key_text(to, "limits_source", limited ? fact_source_name(f->limits_from) : NULL);
    json_end(to);
}

static void json_strings(const struct str *list, size_t count, struct json_out *to)
{
    json_array(to);
    for (size_t i = 0; i < count; i++)
        json_str(to, list[i]);
    json_end(to);
}

void diagnose_json(const struct diagnose_job *job, struct json_out *to)
{
    struct explained e;
    struct diagnosis d;
    diagnose_result(job, &e, &d);
    json_key(to, "diagnosis");
    json_str(to, e.text);
    json_key_text(to, "kind", diagnosis_kind_name(d.kind));
    json_key(to, "cause");
    json_cause(d.cause_count ? d.causes[0] : NULL, to);
    json_key(to, "causes");
    json_array(to);
    for (size_t i = 0; i < d.cause_count; i++)
        json_cause(d.causes[i], to);
    json_end(to);
    json_key_real(to, "confidence", d.confidence);
    json_key(to, "evidence");
    json_array(to);
    for (size_t i = 0; i < d.evidence_count; i++)
        json_evidence(d.evidence[i], to);
    json_end(to);
    json_key(to, "checks");
    json_strings(d.checks, d.check_count, to);
    json_key_bool(to, "verified", e.unsupported == 0);
    json_key_bool(to, "regenerated", e.regenerated);
    json_key_bool(to, "cut", e.cut);
    json_key(to, "unsupported");
    json_array(to);
    for (size_t i = 0; i < e.claim_count; i++)
        if (!e.claims[i].supported)
            json_str(to, e.claims[i].text);
    json_end(to);
    facts_events_json(diagnose_facts(job), to);
    json_key_text(to, "known", diagnose_facts(job)->known);
    json_key_int(to, "left_out", (int64_t)diagnose_facts(job)->left_out);
}

static double per_second(uint32_t tokens, int64_t us)
{
    return us > 0 && tokens > 0 ? tokens * 1e6 / (double)us : NAN;
}

void diagnose_speed_json(const struct diagnose_job *job, struct json_out *to)
{
    struct explained e;
    struct diagnosis d;
    diagnose_result(job, &e, &d);
    json_key_int(to, "prompt_tokens", e.prompt_tokens);
    json_key_int(to, "tokens", e.made_tokens);
    json_key_real(to, "tokens_per_s", per_second(e.made_tokens, e.decode_us));
    json_key_real(to, "first_token_ms", (double)e.first_token_us / 1e3);
    json_key_int(to, "memory_bytes", (int64_t)diagnose_memory_bytes());
}

// "V_IN: 8.4 V, below 10-30 V (line 1; limits that such instruments share)"
static void add_evidence(const struct fact *f, struct buf *to)
{
    static const char *const limit_from[] = {"", "; limits of the plant",
                                             "; limits that such instruments share"};
    const char *gap = f->unit[0] && f->unit[0] != '%' ? " " : "";
    buf_printf(to, "%s: %s%s%s", f->key, f->text, gap, f->unit);
    if (f->side != FACT_UNJUDGED) {
        buf_printf(to, ", %s ", fact_side_name(f->side));
        fact_limit_text(f, to);
    }
    if (f->flag[0])
        buf_printf(to, ", flag %s", f->flag);
    if (f->from == FACT_FROM_LOG)
        buf_printf(to, " (line %zu", f->line);
    else
        buf_add_z(to, " (latest reading");
    buf_printf(to, "%s)\n", f->side == FACT_UNJUDGED ? "" : limit_from[f->limits_from]);
}

void diagnose_text(const struct diagnose_job *job, struct buf *to)
{
    struct explained e;
    struct diagnosis d;
    diagnose_result(job, &e, &d);
    for (size_t i = 0; i < d.cause_count; i++)
        buf_printf(to, "%-11s %s\n", i ? "" : "cause", d.causes[i]->title);
    if (!isnan(d.confidence))
        buf_printf(to, "%-11s %.0f %%\n", "confidence", 100 * d.confidence);
    for (size_t i = 0; i < d.evidence_count; i++) {
        buf_printf(to, "%-11s ", i ? "" : "evidence");
        add_evidence(d.evidence[i], to);
    }
    if (diagnose_facts(job)->left_out)
        buf_printf(to, "%-11s %zu further facts\n", "left out", diagnose_facts(job)->left_out);
    buf_printf(to, "%-11s ", "checked");
    if (e.unsupported == 0)
        buf_add_z(to, "every number, name and time is in the evidence\n");
    for (size_t i = 0, n = 0; i < e.claim_count; i++)
        if (!e.claims[i].supported)
            buf_printf(to, "%s%.*s",
                       n++ ? ", " : "NOT in the evidence: ", STR_ARG(e.claims[i].text));
    if (e.unsupported)
        buf_add_char(to, '\n');
    if (e.cut)
        buf_printf(to, "%-11s after %u tokens: the answer goes on\n", "cut", e.made_tokens);
}
