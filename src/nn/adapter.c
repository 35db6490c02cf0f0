// The layout of an adapter's weights.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/str.h"
#include "nn/weights_private.h"

static const char *const adapted_names[] = {"attn_q",   "attn_k", "attn_v",  "attn_output",
                                            "ffn_gate", "ffn_up", "ffn_down"};

// True when the list has the name.
static bool lists(const char *names, struct str name)
{
    struct str rest = str_of(names);
    while (rest.n)
        if (str_eq(str_trim(str_cut(&rest, ',')), name))
            return true;
    return false;
}

static enum err_code check_names(const char *names, struct err *err)
{
    struct str rest = str_of(names);
    while (rest.n) {
        struct str one = str_trim(str_cut(&rest, ','));
        bool known = false;
        for (size_t i = 0; i < sizeof adapted_names / sizeof *adapted_names; i++)
            known = known || str_is(one, adapted_names[i]);
        if (!known)
            return err_set(err, ERR_USAGE,
                           "'%.*s' cannot be adapted; attn_q, attn_k, attn_v, attn_output, "
                           "ffn_gate, ffn_up, ffn_down can",
                           STR_ARG(one));
    }
    return ERR_OK;
}

// True when the list has the name, or one that a fused matrix takes in.
static bool adapts(const char *names, struct str name, bool fused)
{
    static const struct {
        const char *whole, *part;
    } parts[] = {{"attn_qkv", "attn_q"},
                 {"attn_qkv", "attn_k"},
                 {"attn_qkv", "attn_v"},
                 {"ffn_up", "ffn_gate"}};
    for (size_t i = 0; fused && i < sizeof parts / sizeof *parts; i++)
        if (str_is(name, parts[i].whole) && lists(names, str_of(parts[i].part)))
            return true;
    return lists(names, name);
}

// The name between "blk.N." and ".weight".
static struct str short_name(const struct nn_tensor *t)
{
    struct str name = str_of(t->name);
    str_cut(&name, '.');
    str_cut(&name, '.');
    return str_cut(&name, '.');
}

static void add_pairs(const struct nn_weights *base, const char *names, struct nn_adapter *a)
{
    for (size_t i = 0; i < base->tensor_count; i++) {
        const struct nn_tensor *t = &base->tensors[i];
        char name[NN_NAME_MAX + 1];
        if (t->rows == 1 || !adapts(names, short_name(t), base->shape.fused))
            continue;
        snprintf(name, sizeof name, "%.*s.lora_a", NN_NAME_MAX - 7, t->name);
        a->at[i] = 1 + nn_weights_add(&a->w, name, a->rank, t->cols, false);
        snprintf(name, sizeof name, "%.*s.lora_b", NN_NAME_MAX - 7, t->name);
        nn_weights_add(&a->w, name, t->rows, a->rank, false);
    }
}

enum err_code nn_adapter_open(const struct nn_weights *base, uint32_t rank, float alpha,
                              const char *names, struct rng *rng, struct nn_adapter *a,
                              struct err *err)
{
    *a = (struct nn_adapter){.rank = rank, .scale = alpha / (float)rank};
    enum err_code code = check_names(names, err);
    if (code)
        return code;
    a->w.shape = base->shape;
    a->w.tensors = calloc(2 * base->tensor_count, sizeof *a->w.tensors);
    a->at = calloc(base->tensor_count, sizeof *a->at);
    if (a->w.tensors && a->at)
        add_pairs(base, names, a);
    if (a->w.tensors && a->at && a->w.tensor_count == 0) {
        nn_adapter_close(a);
        return err_set(err, ERR_USAGE, "'%s' names no matrix to adapt", names);
    }
    if (!a->w.tensors || !a->at || !nn_weights_take(&a->w)) {
        nn_adapter_close(a);
        return err_set(err, ERR_NO_MEMORY, "out of memory for an adapter of rank %u", rank);
    }
    for (size_t i = 0; i < a->w.tensor_count; i += 2) { // lora_b stays 0
        const struct nn_tensor *t = &a->w.tensors[i];
        for (size_t k = 0; k < t->rows * t->cols; k++)
            a->w.w[t->at + k] = (float)(rng_normal(rng) / sqrt((double)t->cols));
    }
    return ERR_OK;
}

void nn_adapter_close(struct nn_adapter *a)
{
    nn_weights_close(&a->w);
    free(a->at);
    *a = (struct nn_adapter){0};
}
