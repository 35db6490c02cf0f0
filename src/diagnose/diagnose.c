// A diagnosis from beginning to end.
#include "diagnose/diagnose.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"

struct diagnose_job {
    struct facts facts;
    struct buf reading;
    struct explanation *explanation;
};

void diagnose_end(struct diagnose_job **job)
{
    struct diagnose_job *j = *job;
    if (!j)
        return;
    *job = NULL;
    explain_free(&j->explanation);
    buf_free(&j->reading);
    free(j);
}

static enum err_code gather(struct diagnose_job *j, const struct diagnose_request *r,
                            const struct join_tools *tools, struct err *err)
{
    if (str_trim(r->query).n == 0 && str_trim(r->context).n == 0)
        return err_set(err, ERR_INPUT, "a question or a log is expected: both are empty");
    enum err_code code = facts_read(r->context, &j->facts, err);
    if (code == ERR_OK && r->asset.n)
        code = facts_join_asset(&j->facts, tools, r->asset, err);
    if (code == ERR_OK)
        facts_join_known(&j->facts);
    return code;
}

static enum err_code write_reading(struct diagnose_job *j, const struct diagnose_request *r,
                                   struct err *err)
{
    buf_reset(&j->reading);
    if (r->raw)
        buf_add_str(&j->reading, r->context);
    else
        facts_write(&j->facts, &j->reading);
    return j->reading.failed ? err_set(err, ERR_NO_MEMORY, "out of memory for a diagnosis")
                             : ERR_OK;
}

// Asks the model, with fewer facts as long as they do not fit.
static enum err_code ask(const struct explain_model *m, struct diagnose_job *j,
                         const struct diagnose_request *r, struct explain_request *e,
                         struct err *err)
{
    for (;;) {
        enum err_code code = write_reading(j, r, err);
        e->reading = buf_str(&j->reading);
        e->facts = &j->facts;
        if (code == ERR_OK)
            code = explain_begin(m, e, &j->explanation, err);
        bool too_long = code == ERR_LIMIT && !r->raw && e->question.n <= EXPLAIN_QUESTION_BYTES;
        if (!too_long || !facts_shorten(&j->facts))
            return code;
    }
}

enum err_code diagnose_begin(const struct explain_model *m, const struct diagnose_request *r,
                             const struct join_tools *tools, struct diagnose_job **out,
                             struct err *err)
{
    struct explain_request e = {.question = str_trim(r->query),
                                .unchecked = r->unchecked,
                                .max_tokens = r->max_tokens,
                                .temperature = r->temperature,
                                .seed = r->seed,
                                .deadline_us = r->deadline_us,
                                .notify = r->notify,
                                .wanted = r->wanted,
                                .arg = r->arg,
                                .whole = r->whole,
                                .draws = r->draws};
    struct diagnose_job *j = calloc(1, sizeof *j);
    *out = NULL;
    if (!j)
        return err_set(err, ERR_NO_MEMORY, "out of memory for a diagnosis");
    enum err_code code = gather(j, r, tools, err);
    if (code == ERR_OK)
        code = ask(m, j, r, &e, err);
    if (code)
        diagnose_end(&j);
    *out = j;
    return code;
}

struct explanation *diagnose_explanation(struct diagnose_job *job)
{
    return job->explanation;
}

const struct facts *diagnose_facts(const struct diagnose_job *job)
{
    return &job->facts;
}

void diagnose_result(const struct diagnose_job *job, struct explained *explained,
                     struct diagnosis *diagnosis)
{
    explain_result(job->explanation, explained);
    diagnosis_read(explained, &job->facts, diagnosis);
}

uint64_t diagnose_memory_bytes(void)
{
    struct buf text = {0};
    unsigned long long resident = 0;
    if (file_read("/proc/self/statm", 4096, &text, NULL) != ERR_OK ||
        sscanf(text.p, "%*u %llu", &resident) != 1)
        resident = 0;
    buf_free(&text);
    return resident * (uint64_t)sysconf(_SC_PAGESIZE);
}
