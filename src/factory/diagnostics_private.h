// One diagnostics example in the making, from its scene to its truth.
#ifndef FETTLE_FACTORY_DIAGNOSTICS_PRIVATE_H
#define FETTLE_FACTORY_DIAGNOSTICS_PRIVATE_H

#include "diagnose/causes.h"
#include "diagnose/facts.h"
#include "factory/dialect.h"
#include "factory/factory_private.h"
#include "factory/scene.h"

enum { PHRASE_BYTES = 192 };

struct diagnostic {
    struct scene scene;
    struct facts facts; // read from the log
    const struct dialect *dialect;
    bool raw, limits;              // the input is the log; the log has limits
    const struct cause *suspected; // wrongly, by the question; NULL for none
};

// Writes the log into m->log and reads the facts; not kept when the reader missed a row of the
// scene.
enum err_code diagnostic_make_log(struct maker *m, struct diagnostic *d, struct factory_example *e,
                                  bool *kept, struct err *err);

// What the question wrongly takes for the cause, if anything.
void diagnostic_pick_suspicion(struct maker *m, struct diagnostic *d);

// Appends the question and, of a suspicion, the answer's denial.
enum err_code diagnostic_ask(struct maker *m, struct diagnostic *d, struct factory_example *e,
                             struct err *err);

// Appends the answer; not kept when the log has nothing to say it with.
enum err_code diagnostic_answer(struct maker *m, struct diagnostic *d, struct factory_example *e,
                                bool *kept, struct err *err);

// Writes the truth, and the example's family, dialect and state.
void diagnostic_write_truth(const struct diagnostic *d, struct factory_example *e);

// The fact that was read from a row of the scene.
const struct fact *diagnostic_fact_of(const struct diagnostic *d, size_t row);

// "8.4 V", "10-30 V".
void diagnostic_value_text(const struct fact *f, char to[PHRASE_BYTES]);
void diagnostic_limit_text(const struct fact *f, char to[PHRASE_BYTES]);

// "below the operating range of 10-30 V", "above the maximum of 85 C"; "" for an unjudged value.
void diagnostic_place_text(struct maker *m, const struct fact *f, char to[PHRASE_BYTES]);

// "TEMP_AMB is -15.2 C and STATUS is ICE" from the evidence after the deciding one.
void diagnostic_support_text(struct maker *m, const struct diagnostic *d, char to[PHRASE_BYTES]);

// What the log shows though the deciding value is missing.
void diagnostic_seen_text(struct maker *m, const struct diagnostic *d, char to[PHRASE_BYTES]);

// "a clogged filter".
void diagnostic_cause_text(const struct cause *c, char to[PHRASE_BYTES]);

// What to check, with the heater's own supply voltage for '@'.
void diagnostic_check_text(struct maker *m, const struct diagnostic *d, const struct fault *fault,
                           char to[PHRASE_BYTES]);

// What an answer may call the equipment: as the question or the input said it.
void diagnostic_spoken_name(const struct diagnostic *d, const struct factory_example *e,
                            char to[PHRASE_BYTES]);

#endif
