// What the readers of the dialects share.
#ifndef FETTLE_DIAGNOSE_FACTS_PRIVATE_H
#define FETTLE_DIAGNOSE_FACTS_PRIVATE_H

#include "diagnose/facts.h"

// A value of the log as found beside its key.
struct fact_value {
    bool is_number;
    double number;
    char text[FACT_TEXT_BYTES];
    char unit[FACT_UNIT_BYTES];
    char flag[FACT_FLAG_BYTES];
    double low, high; // NaN for none
    char low_text[FACT_NUMBER_BYTES], high_text[FACT_NUMBER_BYTES];
};

// A log being read.
struct facts_reader {
    struct facts *to;
    struct str log; // well-formed UTF-8
    size_t line;    // of the log, from 1
    bool levelled;  // the line began with a level: ALM, EVT
    bool in_limits; // pairs that come are limits, not values
    // Limits whose key may come later in the log.
    struct facts_limit {
        char key[FACT_KEY_BYTES];
        struct fact_value value;
    } * limits;
    size_t limit_count;
};

enum { FACTS_LIMITS_MAX = 64 };

// ---- bytes and words ----

static inline bool fact_is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static inline bool fact_is_upper(char c)
{
    return c >= 'A' && c <= 'Z';
}

static inline bool fact_is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || fact_is_upper(c);
}

// Within a line; see fact_is_space for what may stand between words of a longer text.
static inline bool fact_is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

static inline bool fact_is_space(char c)
{
    return fact_is_blank(c) || c == '\n';
}

// Without its first `n` bytes.
static inline struct str fact_from(struct str s, size_t n)
{
    return (struct str){s.p + n, s.n - n};
}

// Up to the first blank.
static inline struct str fact_first_word(struct str s)
{
    size_t n = 0;
    while (n < s.n && !fact_is_blank(s.p[n]))
        n++;
    return (struct str){s.p, n};
}

// ---- facts_value.c ----

// "8.4", "-15,2", "1,250.5", "+3e-4" at the start of `text`: the number, its length, and the same
// written with a point. False if there is none.
bool fact_number(struct str text, double *out, size_t *n, char as_text[FACT_NUMBER_BYTES]);

struct str fact_unquote(struct str s); // trimmed, without the quotes around it

// Reads "8.4V [LOW] (limit 10-30 V)" or "FAIL".
void fact_value_read(struct str text, struct fact_value *out);

// Looks for limits in words ("range 10-30 V", "max 85", "<= 5"); false if there are none.
bool fact_limits_read(struct str text, struct fact_value *out);

void fact_value_none(struct fact_value *out);

// ---- facts.c ----

// Puts a value under its key, or merges it with what the key has. Keys that name the device or the
// time go there.
void facts_put(struct facts_reader *r, struct str key, const struct fact_value *value);
void facts_put_text(struct facts_reader *r, struct str key, struct str text);
void facts_put_limit(struct facts_reader *r, struct str key, const struct fact_value *value);
void facts_note(struct facts_reader *r, struct str sentence);
void facts_device(struct facts_reader *r, struct str name); // the first stays
void facts_time(struct facts_reader *r, struct str text);   // the first stays

bool fact_word_in(struct str word, const char *list); // without case; blanks between the words
bool fact_key_is_device(struct str key);
bool fact_key_is_time(struct str key);

// Applies the limits that were put, and the ones in keys like V_IN_MIN.
void facts_settle(struct facts_reader *r);

// Length of a date, a time of day or both at the start of `text`; 0 if there is none.
size_t facts_timestamp(struct str text);

// ---- a record: one value told in fields (name, value, unit, min, max, flag) ----
struct facts_record {
    struct str name, value, unit, low, high, limit, flag;
};

// True if `field` is the name of a field of a record, which then holds `value`.
bool facts_record_put(struct facts_record *record, struct str field, struct str value);

// Puts the record's fact, if it has a name and a value; `name` serves when it has none itself.
bool facts_record_end(struct facts_reader *r, struct facts_record *record, struct str name);

// ---- one reader a dialect; false: this is not it, and nothing was put ----
bool facts_read_json(struct facts_reader *r, struct str text);
bool facts_read_markup(struct facts_reader *r, struct str text);
bool facts_read_table(struct facts_reader *r, struct str text);
void facts_read_lines(struct facts_reader *r, struct str text);        // any
bool facts_read_register(struct facts_reader *r, struct str line);     // of a Modbus dump
bool facts_read_sentence(struct facts_reader *r, struct str sentence); // of prose

// ---- parts of a line ----

// Takes what loggers write before the pairs and returns the rest. `*host` is set where a sender is
// named; `r->levelled` where the line has a level.
struct str facts_skip_prefix(struct facts_reader *r, struct str line, struct str *host);

// Pairs, limits, tags and words, whatever separates them. What is no value becomes a note.
void facts_read_pairs(struct facts_reader *r, struct str line);

// "P101_BRG_TEMP HI 96.2 degC LIM 85.0" and "REF_CHK FAIL": a tag, perhaps a flag, a value. False,
// putting nothing, for anything else.
bool facts_read_tag(struct facts_reader *r, struct str text);

bool facts_has_pairs(struct str line);   // something in it separates keys from values
bool facts_is_limit_key(struct str key); // "limits", "range": what follows bounds values

#endif
