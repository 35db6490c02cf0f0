// Writes values, durations and what is beyond a limit.
#include "detect/words.h"

#include <stdio.h>
#include <string.h>

char *words_duration(int64_t us, char out[WORDS_BYTES])
{
    int64_t s = us / US_PER_SECOND, tenths = us / (US_PER_SECOND / 10);
    if (us < US_PER_SECOND)
        snprintf(out, WORDS_BYTES, "%lld ms", (long long)(us / 1000));
    else if (s < 10 && tenths % 10)
        snprintf(out, WORDS_BYTES, "%lld.%lld s", (long long)s, (long long)(tenths % 10));
    else if (s < 60)
        snprintf(out, WORDS_BYTES, "%lld s", (long long)s);
    else if (s < 3600)
        snprintf(out, WORDS_BYTES, s % 60 ? "%lld min %lld s" : "%lld min", (long long)(s / 60),
                 (long long)(s % 60));
    else if (s < 86400)
        snprintf(out, WORDS_BYTES, s / 60 % 60 ? "%lld h %lld min" : "%lld h",
                 (long long)(s / 3600), (long long)(s / 60 % 60));
    else
        snprintf(out, WORDS_BYTES, s / 3600 % 24 ? "%lld d %lld h" : "%lld d",
                 (long long)(s / 86400), (long long)(s / 3600 % 24));
    return out;
}

char *words_value(double value, double limit, const char *unit, char out[WORDS_BYTES])
{
    char other[WORDS_BYTES];
    snprintf(out, WORDS_BYTES, "%.6g", value);
    snprintf(other, sizeof other, "%.6g", limit);
    if (value != limit && strcmp(out, other) == 0)
        snprintf(out, WORDS_BYTES, "%.17g", value);
    if (unit[0]) {
        size_t n = strlen(out);
        snprintf(out + n, WORDS_BYTES - n, " %s", unit);
    }
    return out;
}

char *words_band(double low, double high, const char *unit, char out[WORDS_BYTES])
{
    snprintf(out, WORDS_BYTES, "%.4g to %.4g%s%s", low, high, unit[0] ? " " : "", unit);
    return out;
}

void words_beyond_limit(const struct anomaly *a, const struct sensor *sensor, const char *rule,
                        char out[PLANT_MESSAGE_BYTES])
{
    char peak[WORDS_BYTES], limit[WORDS_BYTES], lasted[WORDS_BYTES];
    const char *beyond = a->side == SIDE_LOW ? "below" : "above";
    words_value(a->peak, a->limit, sensor->unit, peak);
    words_value(a->limit, a->limit, sensor->unit, limit);
    if (a->end_us != TIME_NONE && a->end_us > a->start_us)
        snprintf(out, PLANT_MESSAGE_BYTES, "%.60s %s %s limit %s for %s, peak %s",
                 sensor->parameter, beyond, rule, limit,
                 words_duration(a->end_us - a->start_us, lasted), peak);
    else if (a->end_us == TIME_NONE && a->detected_us > a->start_us)
        snprintf(out, PLANT_MESSAGE_BYTES, "%.60s %s %s %s limit %s for %s", sensor->parameter,
                 peak, beyond, rule, limit, words_duration(a->detected_us - a->start_us, lasted));
    else
        snprintf(out, PLANT_MESSAGE_BYTES, "%.60s %s %s %s limit %s", sensor->parameter, peak,
                 beyond, rule, limit);
}
