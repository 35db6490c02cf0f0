// The truth of a diagnostics example: what is wrong, which facts decide it, what is missing.
#include "factory/diagnostics_private.h"

static void truth_fact(const struct fact *f, struct json_out *j)
{
    json_object(j);
    json_key_text(j, "key", f->key);
    json_key_text(j, "value", f->text);
    json_key_text(j, "unit", f->unit);
    json_key_real(j, "low", f->low);
    json_key_real(j, "high", f->high);
    json_end(j);
}

void diagnostic_write_truth(const struct diagnostic *d, struct factory_example *e)
{
    static const char *const states[] = {"fault", "normal", "incomplete"};
    const struct scene *s = &d->scene;
    struct json_out j;
    json_open(&j, &e->truth);
    json_object(&j);
    json_key_text(&j, "task", "diagnostics");
    json_key_text(&j, "state", states[s->state]);
    json_key(&j, "causes");
    json_array(&j);
    if (s->state == SCENE_FAULT)
        json_text(&j, s->fault->cause);
    if (s->second)
        json_text(&j, s->second->cause);
    json_end(&j);
    json_key(&j, "deciding");
    json_array(&j);
    if (s->state == SCENE_FAULT)
        truth_fact(diagnostic_fact_of(d, s->deciding[0]), &j);
    if (s->second)
        truth_fact(diagnostic_fact_of(d, s->second_row), &j);
    json_end(&j);
    json_key(&j, "missing");
    json_array(&j);
    if (s->missing == MISSING_VALUE)
        json_text(&j, s->missing_said);
    else if (s->missing == MISSING_LIMIT)
        json_text(&j, "limit|range");
    else if (s->missing == MISSING_LOG)
        json_text(&j, "log|readings|values");
    json_end(&j);
    json_key_text(&j, "family", s->family->name);
    json_key_text(&j, "dialect", d->dialect->name);
    json_key_text(&j, "form", d->raw ? "raw" : "prepared");
    json_key(&j, "phrasings");
    json_str(&j, str_trim(buf_str(&e->phrasings)));
    json_end(&j);
    e->family = s->family->name;
    e->dialect = d->dialect->name;
    e->state = states[s->state];
}
