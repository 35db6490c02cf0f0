// The run of a task: makers called, repeats and other splits' examples dropped.
#include "factory/factory.h"

#include <stdlib.h>
#include <string.h>

#include "factory/factory_private.h"

enum { VALID_SHARE = 32, EVAL_SHARE = 1, TRIES_MAX = 20000 };

static const struct task *const tasks[] = {&task_diagnostics, &task_incidents, &task_summaries,
                                           &task_support, &task_sql};

const struct factory_task factory_tasks[] = {
    {"diagnostics", "logs of equipment, what is wrong, and what to check"},
    {"incidents", "what a plant knows of an asset, what happened to it, and what to check"},
    {"summaries", "facts of a window of time, and what an operator should be told"},
    {"support", "questions about cloud and containers, with documents or without"},
    {"sql", "questions about the plant's data, as SQL over the store's tables"},
    {NULL, NULL},
};

struct factory {
    struct factory_options options;
    const struct task *task;
    struct maker maker;
    struct factory_counts counts;
    uint64_t *seen; // hashes of questions, open addressing, 0 empty
    size_t seen_slots;
};

static const struct task *task_find(const char *name)
{
    for (size_t i = 0; i < sizeof tasks / sizeof *tasks; i++)
        if (strcmp(tasks[i]->name.name, name) == 0)
            return tasks[i];
    return NULL;
}

enum err_code factory_open(struct factory **out, const struct factory_options *options,
                           struct err *err)
{
    const struct task *task = task_find(options->task);
    *out = NULL;
    if (!task)
        return err_set(err, ERR_USAGE, "there is no task %s", options->task);
    struct factory *f = calloc(1, sizeof *f);
    if (!f)
        return err_set(err, ERR_NO_MEMORY, "no memory for the factory");
    f->options = *options;
    f->task = task;
    f->maker.options = &f->options;
    f->maker.held_out = options->split == FACTORY_EVAL;
    f->maker.scratch = calloc(1, task->scratch_bytes);
    f->seen_slots = 1024;
    f->seen = calloc(f->seen_slots, sizeof *f->seen);
    enum err_code code = f->seen && f->maker.scratch
                             ? ERR_OK
                             : err_set(err, ERR_NO_MEMORY, "no memory for the factory");
    if (code == ERR_OK)
        code = factory_grammar_open(&f->maker.grammar, task->name.name, task->grammar, err);
    rng_seed_stream(&f->maker.rng, options->seed, (uint64_t)options->split);
    if (code != ERR_OK)
        factory_close(&f);
    *out = f;
    return code;
}

void factory_close(struct factory **f)
{
    if (!*f)
        return;
    factory_grammar_close(&(*f)->maker.grammar);
    buf_free(&(*f)->maker.log);
    if ((*f)->maker.scratch && (*f)->task->clear)
        (*f)->task->clear((*f)->maker.scratch);
    free((*f)->maker.scratch);
    free((*f)->seen);
    free(*f);
    *f = NULL;
}

// Puts the hash; false if it was there.
static bool put_hash(uint64_t *slots, size_t count, uint64_t hash)
{
    size_t at = (size_t)hash & (count - 1);
    while (slots[at] && slots[at] != hash)
        at = (at + 1) & (count - 1);
    bool fresh = slots[at] == 0;
    slots[at] = hash;
    return fresh;
}

static bool grow(struct factory *f)
{
    uint64_t *more = calloc(f->seen_slots * 2, sizeof *more);
    if (!more)
        return false;
    for (size_t i = 0; i < f->seen_slots; i++)
        if (f->seen[i])
            put_hash(more, f->seen_slots * 2, f->seen[i]);
    free(f->seen);
    f->seen = more;
    f->seen_slots *= 2;
    return true;
}

// What the example asks; the same question with another answer would teach guessing.
static uint64_t question_hash(const struct factory_example *e)
{
    uint64_t hash = str_hash(buf_str(&e->instruction)) * 31 + str_hash(buf_str(&e->input));
    hash ^= hash >> 29;
    return hash ? hash : 1;
}

static void reset(struct factory_example *e)
{
    buf_reset(&e->instruction);
    buf_reset(&e->input);
    buf_reset(&e->output);
    buf_reset(&e->truth);
    buf_reset(&e->phrasings);
    e->family = e->dialect = e->state = NULL;
}

enum err_code factory_next(struct factory *f, struct factory_example *e, struct err *err)
{
    for (int tries = 0; tries < TRIES_MAX; tries++) {
        bool kept = false;
        reset(e);
        enum err_code code = f->task->make(&f->maker, e, &kept, err);
        if (code != ERR_OK)
            return code;
        if (e->instruction.failed || e->input.failed || e->output.failed || e->truth.failed ||
            (f->counts.made * 2 > f->seen_slots && !grow(f)))
            return err_set(err, ERR_NO_MEMORY, "no memory for an example");
        uint64_t hash = question_hash(e);
        // Questions with hardly any input could meet by chance: they are dealt out, too.
        uint64_t share = (hash >> 40) % VALID_SHARE;
        bool bare = e->input.n < FACTORY_BARE_INPUT, eval = f->options.split == FACTORY_EVAL;
        bool elsewhere = eval ? bare && share != EVAL_SHARE
                              : (share == 0) != (f->options.split == FACTORY_VALID) ||
                                    (bare && share == EVAL_SHARE);
        if (!kept)
            f->counts.misread++;
        else if (elsewhere)
            f->counts.elsewhere++;
        else if (!put_hash(f->seen, f->seen_slots, hash))
            f->counts.repeated++;
        else {
            f->counts.made++;
            return ERR_OK;
        }
    }
    return err_set(err, ERR_LIMIT, "%s: no new example after %d tries, %llu were made",
                   f->options.task, TRIES_MAX, (unsigned long long)f->counts.made);
}

void factory_example_free(struct factory_example *e)
{
    buf_free(&e->instruction);
    buf_free(&e->input);
    buf_free(&e->output);
    buf_free(&e->truth);
    buf_free(&e->phrasings);
}

void factory_write(const struct factory_example *e, struct buf *to)
{
    struct json_out j;
    json_open(&j, to);
    json_object(&j);
    json_key(&j, "instruction");
    json_str(&j, buf_str(&e->instruction));
    json_key(&j, "input");
    json_str(&j, buf_str(&e->input));
    json_key(&j, "output");
    json_str(&j, buf_str(&e->output));
    json_key(&j, "truth");
    json_raw(&j, buf_str(&e->truth));
    json_end(&j);
    buf_add_char(to, '\n');
}

const struct factory_counts *factory_counts(const struct factory *f)
{
    return &f->counts;
}

struct grammar_use maker_use(struct maker *m, struct factory_example *e,
                             const struct grammar_slot *slots)
{
    return (struct grammar_use){.grammar = m->grammar,
                                .rng = &m->rng,
                                .held_out = m->held_out,
                                .slots = slots,
                                .phrasings = &e->phrasings};
}
