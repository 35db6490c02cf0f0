// The truth about the simulated plant: a list of what was injected.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json_out.h"
#include "ingest/sim_private.h"

// Forgets the older half of a list that has reached its limit: cheap, because it is rare.
static void forget_oldest(struct sim *s)
{
    size_t gone = (s->truth_count + 1) / 2;
    s->truth_count -= gone;
    s->truth_dropped += gone;
    memmove(s->truth, s->truth + gone, s->truth_count * sizeof *s->truth);
}

enum err_code sim_truth_add(struct sim *s, const struct sim_fault *fault, uint64_t *number,
                            struct err *err)
{
    if (s->config.truth_max && s->truth_count >= s->config.truth_max)
        forget_oldest(s);
    if (s->truth_count == s->truth_cap) {
        size_t cap = s->truth_cap ? 2 * s->truth_cap : 64;
        struct sim_fault *grown = realloc(s->truth, cap * sizeof *grown);
        if (!grown)
            return err_set(err, ERR_NO_MEMORY, "out of memory for %zu faults", cap);
        s->truth = grown;
        s->truth_cap = cap;
    }
    s->truth[s->truth_count] = *fault;
    *number = s->truth_dropped + s->truth_count++;
    return ERR_OK;
}

struct sim_fault *sim_truth_record(struct sim *s, uint64_t number)
{
    return number < s->truth_dropped ? NULL : &s->truth[number - s->truth_dropped];
}

const struct sim_fault *sim_truth(const struct sim *s, size_t *count)
{
    *count = s->truth_count;
    return s->truth;
}

void sim_truth_json(const struct sim *s, struct buf *out)
{
    struct json_out j;
    json_open(&j, out);
    json_object(&j);
    json_key(&j, "seed");
    // A seed uses all 64 bits; readers of JSON often have 53.
    char seed[24];
    snprintf(seed, sizeof seed, "%llu", (unsigned long long)s->config.seed);
    json_text(&j, seed);
    json_key_int(&j, "assets", s->config.assets);
    json_key_time(&j, "start", s->config.start_us);
    json_key_real(&j, "rate_hz", s->config.rate_hz);
    json_key(&j, "faults");
    json_array(&j);
    for (size_t i = 0; i < s->truth_count; i++) {
        const struct sim_fault *f = &s->truth[i];
        json_object(&j);
        json_key_text(&j, "asset", catalog_sensor(s->catalog, f->sensor)->asset_name);
        json_key_text(&j, "parameter", sim_parameter_name(f->parameter));
        json_key_text(&j, "kind", sim_fault_name(f->kind));
        json_key_text(&j, "side", side_name(f->side));
        json_key_time(&j, "from", f->from_us);
        json_key_time(&j, "to", f->to_us);
        json_key_time(&j, "beyond", f->beyond_us);
        json_key_text(&j, "expected",
                      f->expected == SIM_NO_RULE ? NULL : anomaly_kind_name(f->expected));
        json_end(&j);
    }
    json_end(&j);
    json_end(&j);
}
