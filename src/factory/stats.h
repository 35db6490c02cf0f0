// What the splits of a task hold, and what they share.
#ifndef FETTLE_FACTORY_STATS_H
#define FETTLE_FACTORY_STATS_H

#include "factory/factory.h"

enum { FACTORY_SPLITS = 3 };

// Counts the tokens of a text; -1: it failed.
struct factory_tokens {
    int64_t (*count)(void *arg, struct str text);
    void *arg;
};

struct factory_split_stats {
    struct factory_counts counts;
    uint64_t words, longest; // of all examples, and of the longest: tokens, or words between blanks
    uint64_t bytes;          // of instruction, input and output
    uint64_t families, dialects, phrasings, openings; // how many different ones
    uint64_t commonest_opening; // examples whose answers begin with the same four words
};

struct factory_stats {
    struct factory_split_stats splits[FACTORY_SPLITS];
    // How many of the evaluation's are in the other splits, too. All must be 0.
    uint64_t shared_families, shared_dialects, shared_phrasings, shared_questions, shared_inputs;
    uint64_t shared_train_valid; // questions of both train and valid: must be 0
    bool has_tokens;             // words are tokens
};

// Makes `count` examples for training and a tenth of that for each of the others, and counts.
// Inputs shorter than a line are not compared: an empty log is the same everywhere. `tokens` may be
// NULL: words are counted then.
enum err_code factory_stats(const struct factory_options *options, uint64_t count,
                            const struct factory_tokens *tokens, struct factory_stats *out,
                            struct err *err);

void factory_stats_text(const struct factory_stats *s, struct buf *to);
void factory_stats_json(const struct factory_stats *s, struct json_out *to);

#endif
