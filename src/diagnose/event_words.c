// Taking the lines of events apart, and holding answers against them.
#include "diagnose/event_words.h"

#include <stdio.h>
#include <string.h>

#include "diagnose/evidence_private.h"

static const struct {
    const char *noun, *verb;
    bool has_value;
} ways[ANOMALY_KIND_COUNT] = {
    [ANOMALY_SPIKE] = {"spike to", "spiked to", true},
    [ANOMALY_DRIFT] = {"drift to", "drifted to", true},
    [ANOMALY_DROPOUT] = {"dropout", "sent no data", false},
    [ANOMALY_LEVEL_SHIFT] = {"level shift to", "shifted to", true},
    [ANOMALY_STUCK] = {"stuck at", "stayed at", true},
    [ANOMALY_NOISE] = {"noise", "was noisy", false},
    [ANOMALY_SEASONAL] = {"unusual for the hour at", "was unusual for the hour at", true},
    [ANOMALY_PATTERN] = {"unusual pattern", "had an unusual pattern", false},
    [ANOMALY_MULTIVARIATE] = {"mismatch at", "did not fit the other sensors at", true},
};

const char *event_noun(enum anomaly_kind kind)
{
    return ways[kind].noun;
}

const char *event_verb(enum anomaly_kind kind)
{
    return ways[kind].verb;
}

bool event_has_value(enum anomaly_kind kind)
{
    return ways[kind].has_value;
}

// ---- reading ----

static bool is_time(struct str part)
{
    return (part.n >= 8 && part.p[2] == ':' && part.p[5] == ':') ||
           (part.n >= 19 && part.p[13] == ':' && part.p[16] == ':');
}

static struct str without(struct str part, const char *begin)
{
    size_t n = strlen(begin);
    return str_starts(part, str_of(begin)) ? (struct str){part.p + n, part.n - n}
                                           : (struct str){part.p, 0};
}

static void read_part(struct str part, struct event_words *to)
{
    struct str since = without(part, "open since "), at = without(part, "at "), rest = part;
    if (str_starts(part, STR_LIT("above ")) || str_starts(part, STR_LIT("below "))) {
        struct str side = str_cut(&rest, ' '), what = str_cut(&rest, ' ');
        snprintf(to->place, sizeof to->place, "%.*s the %.*s%s %.*s", STR_ARG(side), STR_ARG(what),
                 str_is(what, "limit") ? " of" : "", STR_ARG(rest));
    } else if (since.n) {
        to->start = since;
    } else if (at.n) {
        to->start = at;
        to->at_once = true;
    } else if (is_time(part)) {
        to->start = (struct str){part.p, part.p[2] == ':' ? 8 : 19};
    }
}

// The kind whose noun stands first in `head`, behind a subject.
static bool find_noun(struct str head, struct event_words *to)
{
    size_t first = head.n;
    for (size_t k = 0; k < ANOMALY_KIND_COUNT; k++) {
        char noun[40];
        size_t n = (size_t)snprintf(noun, sizeof noun, " %s", ways[k].noun);
        for (size_t i = 1; i + n <= head.n && i < first; i++) {
            // Those with a value go on; "dp noise" is a sensor.
            bool ends =
                ways[k].has_value ? i + n < head.n && head.p[i + n] == ' ' : i + n == head.n;
            if (!ends || memcmp(head.p + i, noun, n) != 0)
                continue;
            first = i;
            to->kind = (enum anomaly_kind)k;
            to->subject = (struct str){head.p, i};
            to->value = str_trim((struct str){head.p + i + n, head.n - i - n});
        }
    }
    return first < head.n;
}

bool event_words_read(struct str line, struct event_words *out)
{
    struct str head = str_cut(&line, ',');
    *out = (struct event_words){0};
    if (!find_noun(head, out))
        return false;
    while (line.p && line.n)
        read_part(str_trim(str_cut(&line, ',')), out);
    return true;
}

void facts_read_events(struct facts *f, struct str lines)
{
    while (lines.p && lines.n) {
        struct event_words e;
        struct str event = without(str_cut(&lines, '\n'), "- event: ");
        char text[FACT_EVENT_BYTES];
        if (event_words_read(event, &e) && str_copy(text, sizeof text, event))
            facts_add_event(f, text);
    }
}

// ---- what answers say ----

// Takes `end` off the end of `*s`.
static bool cut_end(struct str *s, struct str end)
{
    if (end.n == 0 || s->n < end.n || !str_eq_nocase((struct str){s->p + s->n - end.n, end.n}, end))
        return false;
    s->n -= end.n;
    return true;
}

// `s` ends with "FLOW spiked to ".
static bool cut_statement(struct str *s, const struct event_words *e)
{
    struct str rest = *s;
    if (!cut_end(&rest, STR_LIT(" ")) || !cut_end(&rest, str_of(event_verb(e->kind))) ||
        !cut_end(&rest, STR_LIT(" ")) || !cut_end(&rest, e->subject))
        return false;
    *s = rest;
    return true;
}

static bool begins(struct str s, struct str with)
{
    return with.n && str_starts(s, with) &&
           (s.n == with.n || strchr(" ,.;:!?)\n", s.p[with.n]) != NULL);
}

enum said { SAID_OF_NONE, SAID_RIGHTLY, SAID_WRONGLY };

// Whether the number is the value, or the bound, that is said of this event.
static enum said said_of(const struct event_words *e, struct str before, struct str from_number)
{
    struct str rest = before;
    if (cut_statement(&rest, e))
        return begins(from_number, e->value) ? SAID_RIGHTLY : SAID_WRONGLY;
    static const char *const intros[] = {"above the limit of ", "below the limit of ",
                                         "above the expected ", "below the expected "};
    for (size_t i = 0; i < sizeof intros / sizeof *intros; i++) {
        rest = before;
        if (!cut_end(&rest, str_of(intros[i])))
            continue;
        struct str place = {before.p + rest.n, before.n - rest.n + from_number.n};
        if (cut_end(&rest, STR_LIT(", ")) && cut_end(&rest, e->value) && cut_statement(&rest, e))
            return begins(place, str_of(e->place)) ? SAID_RIGHTLY : SAID_WRONGLY;
    }
    return SAID_OF_NONE;
}

// `before` ends with a sensor and a verb of events: "FLOW spiked to ".
static bool tells_an_event(struct str before, const struct facts *facts)
{
    for (size_t k = 0; k < ANOMALY_KIND_COUNT; k++) {
        struct str rest = before;
        if (!ways[k].has_value || !cut_end(&rest, STR_LIT(" ")) ||
            !cut_end(&rest, str_of(ways[k].verb)) || !cut_end(&rest, STR_LIT(" ")))
            continue;
        for (size_t i = 0; i < facts->count; i++) {
            struct str subject = rest;
            if (cut_end(&subject, str_of(facts->items[i].key)))
                return true;
        }
    }
    return false;
}

bool event_words_hold(struct str answer, struct str number, const struct facts *facts)
{
    size_t at = (size_t)(number.p - answer.p);
    struct str before = {answer.p, at}, from_number = {number.p, answer.n - at};
    bool wrong = false;
    for (size_t i = 0; i < facts->event_count; i++) {
        struct event_words e;
        if (!event_words_read(str_of(facts->events[i]), &e) || !e.value.n)
            continue;
        enum said said = said_of(&e, before, from_number);
        if (said == SAID_RIGHTLY)
            return true;
        wrong |= said == SAID_WRONGLY;
    }
    // Of a sensor that has no such event.
    return !wrong && !(facts->event_count && tells_an_event(before, facts));
}

static void add_statement(const struct event_words *e, bool place, struct buf *to)
{
    struct buf said = {0};
    buf_printf(&said, "%.*s %s", STR_ARG(e->subject), event_verb(e->kind));
    if (e->value.n)
        buf_printf(&said, " %.*s", STR_ARG(e->value));
    if (place)
        buf_printf(&said, ", %s", e->place);
    if (said.failed)
        to->failed = true;
    else
        evidence_literal(buf_str(&said), to);
    buf_free(&said);
}

void event_words_grammar(const struct facts *facts, struct buf *to)
{
    for (size_t i = 0; i < facts->event_count; i++) {
        struct event_words e;
        if (!event_words_read(str_of(facts->events[i]), &e))
            continue;
        add_statement(&e, false, to);
        if (e.place[0])
            add_statement(&e, true, to);
    }
}

void event_words_times(const struct facts *facts, struct buf *to)
{
    for (size_t i = 0; i < facts->event_count; i++) {
        struct event_words e;
        if (event_words_read(str_of(facts->events[i]), &e) && e.start.n)
            evidence_literal(e.start, to);
    }
}
