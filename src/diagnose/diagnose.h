// Diagnoses: from a question, a log and what is known to an answer with its evidence.
//
// The face of this folder. A diagnosis goes as an explanation does (explain.h): begin, step until
// it is over, read, end.
#ifndef FETTLE_DIAGNOSE_DIAGNOSE_H
#define FETTLE_DIAGNOSE_DIAGNOSE_H

#include "diagnose/diagnosis.h"
#include "diagnose/join.h"

struct diagnose_request {
    struct str query;   // the question
    struct str context; // the log, in any dialect; may be empty
    struct str asset;   // whose knowledge `tools` joins; empty: nobody's
    bool raw;           // the model reads the log as it is
    // As struct explain_request has them.
    bool unchecked;
    uint32_t max_tokens;
    float temperature;
    uint64_t seed;
    int64_t deadline_us;
    void (*notify)(void *arg);
    bool (*wanted)(void *arg);
    void *arg;
    bool whole;
    uint32_t draws; // for the confidence
};

struct diagnose_job;

// Reads the log, joins what is known, asks the model. `tools` (may be NULL without an asset) is
// used only here. Facts that the model's context does not take are left out, the least telling
// first. ERR_INPUT: neither a question nor a log; ERR_LIMIT: one of them is too long; else as
// explain_begin.
enum err_code diagnose_begin(const struct explain_model *m, const struct diagnose_request *r,
                             const struct join_tools *tools, struct diagnose_job **out,
                             struct err *err);
void diagnose_end(struct diagnose_job **job); // cancels what goes on

// To be stepped until it is over.
struct explanation *diagnose_explanation(struct diagnose_job *job);

// When it is over. What both point to lives as long as the job.
void diagnose_result(const struct diagnose_job *job, struct explained *explained,
                     struct diagnosis *diagnosis);
const struct facts *diagnose_facts(const struct diagnose_job *job);

// Members of an object: diagnosis, kind, cause, causes, confidence, evidence, checks, verified,
// regenerated, unsupported, left_out.
void diagnose_json(const struct diagnose_job *job, struct json_out *to);

// The same as lines for people, without the answer itself.
void diagnose_text(const struct diagnose_job *job, struct buf *to);

// Members of an object that differ from run to run: tokens and their speed, memory.
void diagnose_speed_json(const struct diagnose_job *job, struct json_out *to);

// Resident memory of this process in bytes; 0: unknown.
uint64_t diagnose_memory_bytes(void);

#endif
