// Facts gathered: choosing the dialect, merging what comes under one key.
#include "diagnose/facts.h"

#include <math.h>
#include <stdlib.h>

#include "diagnose/facts_private.h"
#include "diagnose/units.h"

bool fact_word_in(struct str word, const char *list)
{
    struct str rest = str_of(list);
    while (rest.p && rest.n)
        if (str_eq_nocase(str_cut(&rest, ' '), word))
            return true;
    return false;
}

bool fact_key_is_device(struct str key)
{
    return fact_word_in(key,
                        "id device dev asset sensor station host source equipment machine "
                        "device_id deviceid sensor_id asset_id instrument model unit_id node skid "
                        "tagname plant_item");
}

bool fact_key_is_time(struct str key)
{
    return fact_word_in(key, "time ts timestamp date datetime t_utc utc logged_at recorded at "
                             "zeit uhrzeit datum zeitstempel");
}

void facts_device(struct facts_reader *r, struct str name)
{
    name = str_trim(name);
    if (!r->to->device[0])
        str_copy(r->to->device, sizeof r->to->device, name);
}

void facts_time(struct facts_reader *r, struct str text)
{
    if (!r->to->time[0])
        str_copy(r->to->time, sizeof r->to->time, str_trim(text));
}

static void add_sentence(char *to, size_t cap, struct str sentence)
{
    size_t used = strlen(to);
    sentence = str_trim(sentence);
    if (sentence.n == 0 || used + sentence.n + 3 > cap)
        return;
    if (used) {
        memcpy(to + used, "; ", 2);
        used += 2;
    }
    memcpy(to + used, sentence.p, sentence.n);
    to[used + sentence.n] = '\0';
}

void facts_note(struct facts_reader *r, struct str sentence)
{
    add_sentence(r->to->note, sizeof r->to->note, sentence);
}

bool facts_add_event(struct facts *f, const char *event)
{
    if (f->event_count == FACTS_EVENTS_MAX)
        return false;
    str_copy(f->events[f->event_count++], FACT_EVENT_BYTES, str_of(event));
    return true;
}

void facts_add_known(struct facts *f, const char *sentence)
{
    add_sentence(f->known, sizeof f->known, str_of(sentence));
}

const struct fact *facts_find(const struct facts *f, struct str key)
{
    for (size_t i = 0; i < f->count; i++)
        if (str_eq_nocase(str_of(f->items[i].key), key))
            return &f->items[i];
    return NULL;
}

enum fact_trend fact_trend(const struct fact *fact)
{
    if (fact->samples < 2)
        return FACT_SINGLE;
    if (!(fact->least < fact->most))
        return FACT_CONSTANT;
    // A rise or fall ends at the extreme it goes towards, and began at the other one.
    if (!(fact->first > fact->least) && !(fact->value < fact->most))
        return FACT_RISING;
    if (!(fact->first < fact->most) && !(fact->value > fact->least))
        return FACT_FALLING;
    return FACT_VARYING;
}

static void add_sample(struct fact *f, const struct fact_value *v)
{
    if (f->samples++ == 0) {
        f->first = f->least = f->most = v->number;
        memcpy(f->first_text, v->text, sizeof f->first_text);
    }
    f->least = v->number < f->least ? v->number : f->least;
    f->most = v->number > f->most ? v->number : f->most;
    f->value = v->number;
    f->is_number = true;
}

static struct fact *place_of(struct facts *f, struct str key)
{
    struct fact *there = (struct fact *)facts_find(f, key);
    if (there)
        return there;
    if (f->count == FACTS_MAX) {
        f->left_out++;
        return NULL;
    }
    struct fact *item = &f->items[f->count++];
    *item = (struct fact){.value = NAN, .low = NAN, .high = NAN, .first = NAN};
    str_copy(item->key, sizeof item->key, key);
    return item;
}

static void take_limits(struct fact *f, const struct fact_value *v)
{
    if (!isnan(v->low)) {
        f->low = v->low;
        memcpy(f->low_text, v->low_text, sizeof f->low_text);
    }
    if (!isnan(v->high)) {
        f->high = v->high;
        memcpy(f->high_text, v->high_text, sizeof f->high_text);
    }
}

// "V_IN [V]", "flow (m3/h)": the unit in the key, taken off it.
static struct str key_unit(struct str key, struct str *unit)
{
    char last = key.n ? key.p[key.n - 1] : '\0';
    *unit = (struct str){"", 0};
    if (last != ']' && last != ')')
        return key;
    for (size_t i = key.n - 1; i-- > 0;)
        if (key.p[i] == (last == ']' ? '[' : '(')) {
            struct str inside = {key.p + i + 1, key.n - i - 2};
            if (!unit_find(inside))
                return key;
            *unit = inside;
            return str_trim((struct str){key.p, i});
        }
    return key;
}

static struct str clean_key(struct str key)
{
    key = str_trim(key);
    while (key.n && strchr("-*\"'`>.#|[{( ", key.p[0]))
        key = (struct str){key.p + 1, key.n - 1};
    while (key.n && strchr("\"'`* ", key.p[key.n - 1]))
        key.n--;
    return key;
}

void facts_put(struct facts_reader *r, struct str key, const struct fact_value *value)
{
    struct str unit;
    key = clean_key(key);
    key = key_unit(key, &unit);
    if (key.n == 0 || key.n >= FACT_KEY_BYTES)
        return;
    if (fact_key_is_time(key)) {
        facts_time(r, str_of(value->text));
        return;
    }
    if (fact_key_is_device(key) && (!value->is_number || !value->unit[0])) {
        facts_device(r, str_of(value->text));
        return;
    }
    if (value->text[0] == '\0')
        return;
    struct fact *f = place_of(r->to, key);
    if (!f)
        return;
    memcpy(f->text, value->text, sizeof f->text);
    if (value->unit[0])
        memcpy(f->unit, value->unit, sizeof f->unit);
    else if (unit.n)
        str_copy(f->unit, sizeof f->unit, unit);
    if (value->flag[0])
        memcpy(f->flag, value->flag, sizeof f->flag);
    f->line = r->line;
    if (value->is_number)
        add_sample(f, value);
    else
        f->is_number = false;
    take_limits(f, value);
}

void facts_put_text(struct facts_reader *r, struct str key, struct str text)
{
    struct fact_value v;
    fact_value_read(text, &v);
    facts_put(r, key, &v);
}

void facts_put_limit(struct facts_reader *r, struct str key, const struct fact_value *value)
{
    struct str unit;
    key = key_unit(clean_key(key), &unit);
    if (key.n == 0 || r->limit_count == FACTS_LIMITS_MAX)
        return;
    struct facts_limit *limit = &r->limits[r->limit_count++];
    str_copy(limit->key, sizeof limit->key, key);
    limit->value = *value;
}

// Names of the fields of a record, and where each goes.
bool facts_record_put(struct facts_record *record, struct str field, struct str value)
{
    struct {
        const char *names;
        struct str *to;
    } fields[] = {
        {"name tag key signal parameter point channel quantity register_name item variable param "
         "measurement reading what messstelle kanal",
         &record->name},
        {"value val reading_value current_value pv v actual wert messwert "
         "istwert",
         &record->value},
        {"unit units uom eu einheit", &record->unit},
        {"min low lower lo limit_low low_limit minimum lolim min_limit lower_limit", &record->low},
        {"max high upper hi limit_high high_limit maximum hilim max_limit upper_limit",
         &record->high},
        {"limit limits range spec allowed normal_range", &record->limit},
        {"flag status state quality alarm", &record->flag},
    };
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        if (fact_word_in(field, fields[i].names)) {
            *fields[i].to = str_trim(value);
            return true;
        }
    return false;
}

static void bound_of(struct str text, double *bound, char as_text[FACT_NUMBER_BYTES])
{
    size_t n;
    if (!fact_number(str_trim(text), bound, &n, as_text))
        *bound = NAN;
}

bool facts_record_end(struct facts_reader *r, struct facts_record *record, struct str name)
{
    struct fact_value v;
    struct facts_record got = *record;
    *record = (struct facts_record){0};
    if (got.name.n == 0)
        got.name = name;
    if (got.value.n == 0 && got.flag.n) { // a state without a number
        got.value = got.flag;
        got.flag.n = 0;
    }
    if (got.name.n == 0 || got.value.n == 0)
        return false;
    fact_value_read(got.value, &v);
    if (v.is_number && !v.unit[0] && got.unit.n)
        str_copy(v.unit, sizeof v.unit, got.unit);
    if (got.flag.n)
        str_copy(v.flag, sizeof v.flag, got.flag);
    if (got.low.n)
        bound_of(got.low, &v.low, v.low_text);
    if (got.high.n)
        bound_of(got.high, &v.high, v.high_text);
    if (got.limit.n)
        fact_limits_read(got.limit, &v);
    facts_put(r, got.name, &v);
    return true;
}

// A copy of the log in which every byte that is not UTF-8, and every control character but tab and
// newline, is a '?'; `*bad` counts them, `*first` is where the first one is.
static char *clean_copy(struct str log, size_t *bad, size_t *first)
{
    char *copy = malloc(log.n + 1);
    if (!copy)
        return NULL;
    if (log.n)
        memcpy(copy, log.p, log.n);
    copy[log.n] = '\0';
    for (size_t i = 0; i < log.n;) {
        size_t n = 1;
        unsigned char c = (unsigned char)copy[i];
        if (c >= 0x80)
            n = c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : 2;
        bool good = i + n <= log.n && str_is_utf8((struct str){copy + i, n}) &&
                    (c >= 0x20 || c == '\n' || c == '\t' || c == '\r') && c != 0x7f;
        if (!good) {
            copy[i] = '?';
            n = 1;
            if ((*bad)++ == 0)
                *first = i;
        }
        i += n;
    }
    return copy;
}

// Pictures, archives, UTF-16: nothing to read facts from.
static bool is_binary(struct str log, size_t bad)
{
    return bad >= 16 && bad > log.n / 8;
}

enum err_code facts_read(struct str log, struct facts *out, struct err *err)
{
    size_t bad = 0, first = 0;
    memset(out, 0, sizeof *out);
    if (log.n > FACTS_LOG_BYTES)
        return err_set(err, ERR_LIMIT, "log: %zu bytes, at most %d are read", log.n,
                       FACTS_LOG_BYTES);
    char *copy = clean_copy(log, &bad, &first);
    struct facts_reader r = {.to = out, .line = 1};
    r.limits = calloc(FACTS_LIMITS_MAX, sizeof *r.limits);
    enum err_code code =
        copy && r.limits ? ERR_OK : err_set(err, ERR_NO_MEMORY, "no memory to read the log");
    if (code == ERR_OK && is_binary(log, bad))
        code =
            err_set(err, ERR_INPUT,
                    "log: not text in UTF-8: %zu of its %zu bytes are none, the first, 0x%02x, at "
                    "byte %zu; `iconv -f UTF-16 -t UTF-8` or the like converts other text",
                    bad, log.n, (unsigned char)log.p[first], first);
    if (code == ERR_OK) {
        r.log = (struct str){copy, log.n};
        if (!facts_read_json(&r, r.log) && !facts_read_markup(&r, r.log) &&
            !facts_read_table(&r, r.log))
            facts_read_lines(&r, r.log);
        facts_settle(&r);
    }
    free(r.limits);
    free(copy);
    return code;
}
