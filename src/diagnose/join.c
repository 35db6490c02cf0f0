// Turning what a plant knows into facts.
#include "diagnose/join.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "diagnose/units.h"

// A number as the model reads it; the value is what was written, so that citing it is exact.
static double round_to(double value, char text[FACT_NUMBER_BYTES])
{
    double rounded = NAN;
    text[0] = '\0';
    if (isnan(value))
        return NAN;
    snprintf(text, FACT_NUMBER_BYTES, "%.4g", value);
    str_to_double(str_of(text), &rounded);
    return rounded;
}

static const char *usual_unit(const char *unit)
{
    const struct unit *u = unit_find(str_of(unit));
    return u ? u->symbol : unit;
}

void facts_join_sensor(struct facts *f, const struct join_sensor *s)
{
    char number[FACT_NUMBER_BYTES];
    struct fact item = {.is_number = true,
                        .from = FACT_FROM_STORE,
                        .limits_from = FACT_FROM_STORE,
                        .samples = s->samples};
    item.low = round_to(s->low, item.low_text);
    item.high = round_to(s->high, item.high_text);
    if (facts_find(f, str_of(s->name))) {
        facts_join_limits(f, str_of(s->name), item.low, item.high, FACT_FROM_STORE);
        return;
    }
    if (isnan(s->value))
        return;
    item.value = round_to(s->value, number);
    str_copy(item.key, sizeof item.key, str_of(s->name));
    str_copy(item.text, sizeof item.text, str_of(number));
    str_copy(item.unit, sizeof item.unit, str_of(usual_unit(s->unit)));
    item.first = round_to(s->first, item.first_text);
    item.least = round_to(s->least, number);
    item.most = round_to(s->most, number);
    facts_add(f, &item);
}

enum err_code facts_join_asset(struct facts *f, const struct join_tools *tools, struct str asset,
                               struct err *err)
{
    struct join_sensor *sensors = calloc(JOIN_SENSORS_MAX, sizeof *sensors);
    struct join_anomaly *anomalies = calloc(JOIN_ANOMALIES_MAX, sizeof *anomalies);
    size_t n = 0, count = 0;
    enum err_code code = sensors && anomalies
                             ? tools->sensors(tools->arg, asset, sensors, &n, err)
                             : err_set(err, ERR_NO_MEMORY, "out of memory for what is known");
    if (code == ERR_OK && !f->device[0])
        str_copy(f->device, sizeof f->device, asset);
    for (size_t i = 0; code == ERR_OK && i < n; i++)
        facts_join_sensor(f, &sensors[i]);
    if (code == ERR_OK)
        code = tools->anomalies(tools->arg, asset, anomalies, &count, err);
    if (code == ERR_OK)
        code = facts_join_anomalies(f, anomalies, count, n, err);
    free(sensors);
    free(anomalies);
    return code;
}
