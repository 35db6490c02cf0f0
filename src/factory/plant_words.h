// The tables of the data factory: quantities that instruments report, families of equipment, faults
// with the evidence they leave.
#ifndef FETTLE_FACTORY_PLANT_WORDS_H
#define FETTLE_FACTORY_PLANT_WORDS_H

#include <stdbool.h>
#include <stddef.h>

struct measure {
    const char *id;
    const char *unit; // "" for a count; NULL for a state (then the values are words)
    const char *keys; // ways to write it, '|' between, words with blanks; '~' ones are held out
    const char *said; // in sentences: "heater current"
    double normal_low, normal_high;
    double limit_low, limit_high; // NaN for none
    int decimals;
    const char *good, *bad; // of a state, '|' between
};

// Evidence is written "quantity:how", blanks between, the deciding one first. how:
//     low high   beyond the limit           zero    0, below any limit
//     ok         within limits              cold    below 0 C
//     bad good   a state                    stuck   the same at every sample
struct fault {
    const char *cause; // of diagnose/causes.h
    const char *evidence;
    const char *ask;     // the quantity without which the cause cannot be told
    const char *given;   // evidence added when `ask` is left out
    const char *symptom; // states that announce it, '|' between
    const char *checks;  // what to check, '|' between; '@' stands for the heater's supply voltage
    const char *queries; // ways to ask that fit it, '|' between
};

struct family {
    const char *name;
    const char *models;     // '|' between
    const char *nouns;      // how people call it, '|' between
    const char *quantities; // ids, blanks between
    bool held_out;
};

extern const struct measure quantities[];
extern const size_t quantity_count;
extern const struct fault faults[];
extern const size_t fault_count;
extern const struct family families[];
extern const size_t family_count;

enum { EVIDENCE_MAX = 6 };

struct evidence {
    const struct measure *quantity;
    enum evidence_how {
        HOW_LOW,
        HOW_HIGH,
        HOW_ZERO,
        HOW_OK,
        HOW_COLD,
        HOW_BAD,
        HOW_GOOD,
        HOW_STUCK,
    } how;
};

const struct measure *quantity_find(const char *id, size_t n); // or NULL

// Reads evidence as struct fault writes it; returns how many, 0 on a mistake in the table.
size_t evidence_read(const char *text, struct evidence out[EVIDENCE_MAX]);

bool family_has(const struct family *family, const struct measure *q);

// True if the family reports everything that the fault's evidence needs.
bool fault_fits(const struct fault *fault, const struct family *family);

#endif
