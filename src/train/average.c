// Reading the same rows of several models, adding them up, writing the mean.
#include "train/average.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "kernels/quant.h"
#include "llm/gguf.h"
#include "llm/gguf_write.h"

enum { TELL_EVERY = 1 << 22 }; // weights

struct mean {
    const struct average_plan *plan;
    struct gguf *models[AVERAGE_MODELS_MAX];
    size_t count;
    struct gguf_writer *out;
    uint64_t weights, done, told;
};

// The tensor of that name in each model; they must have one shape.
static enum err_code find_all(const struct mean *m, const struct gguf_tensor *first,
                              const struct gguf_tensor *out[AVERAGE_MODELS_MAX], struct err *err)
{
    char name[GGUF_NAME_MAX + 1];
    str_copy(name, sizeof name, first->name);
    for (size_t i = 0; i < m->count; i++) {
        out[i] = gguf_find_tensor(m->models[i], name);
        if (!out[i])
            return err_set(err, ERR_INPUT, "%s has no tensor '%s', which %s has",
                           gguf_name(m->models[i]), name, gguf_name(m->models[0]));
        if (out[i]->dims != first->dims ||
            memcmp(out[i]->ne, first->ne, first->dims * sizeof *first->ne) != 0)
            return err_set(err, ERR_INPUT, "%s: tensor '%s' has another shape than in %s",
                           gguf_name(m->models[i]), name, gguf_name(m->models[0]));
    }
    return ERR_OK;
}

static void advance(struct mean *m, size_t weights)
{
    m->done += weights;
    if (!m->plan->progress || (m->done - m->told < TELL_EVERY && m->done < m->weights))
        return;
    m->plan->progress(m->plan->arg, m->done, m->weights);
    m->told = m->done;
}

static enum err_code write_mean(struct mean *m, const struct gguf_tensor *first, struct err *err)
{
    const struct gguf_tensor *of[AVERAGE_MODELS_MAX];
    enum err_code code = find_all(m, first, of, err);
    size_t cols = (size_t)first->ne[0], rows = (size_t)(first->count / first->ne[0]);
    float *sum = malloc(cols * sizeof *sum), *row = malloc(cols * sizeof *row);
    unsigned char *blocks = malloc(quant_bytes(first->format, cols));
    if (!code && (!sum || !row || !blocks))
        code = err_set(err, ERR_NO_MEMORY, "out of memory for a row of %zu weights", cols);
    for (size_t r = 0; r < rows && !code; r++) {
        memset(sum, 0, cols * sizeof *sum);
        for (size_t i = 0; i < m->count; i++) {
            of[i]->format->dequantize(of[i]->data + quant_bytes(of[i]->format, r * cols), row,
                                      cols);
            for (size_t k = 0; k < cols; k++)
                sum[k] += row[k];
        }
        for (size_t k = 0; k < cols; k++)
            sum[k] /= (float)m->count;
        first->format->quantize(sum, blocks, cols);
        gguf_write_data(m->out, blocks, quant_bytes(first->format, cols));
        advance(m, cols);
    }
    free(sum);
    free(row);
    free(blocks);
    return code;
}

static enum err_code write_all(struct mean *m, struct err *err)
{
    const struct gguf *first = m->models[0];
    char name[GGUF_NAME_MAX + 1];
    enum err_code code = ERR_OK;
    for (size_t i = 0; i < gguf_key_count(first); i++)
        gguf_write_copy(m->out, gguf_key_at(first, i));
    for (size_t i = 0; i < gguf_tensor_count(first); i++) {
        const struct gguf_tensor *t = gguf_tensor_at(first, i);
        str_copy(name, sizeof name, t->name);
        gguf_write_tensor(m->out, name, t->format, t->ne, t->dims);
        m->weights += t->count;
    }
    for (size_t i = 0; i < gguf_tensor_count(first) && !code; i++)
        code = write_mean(m, gguf_tensor_at(first, i), err);
    return code;
}

enum err_code average_models(const struct average_plan *plan, uint64_t *weights, struct err *err)
{
    struct mean m = {.plan = plan};
    enum err_code code = ERR_OK;
    if (plan->count < 2 || plan->count > AVERAGE_MODELS_MAX)
        return err_set(err, ERR_USAGE, "%zu models: 2 .. %d expected", plan->count,
                       AVERAGE_MODELS_MAX);
    for (size_t i = 0; i < plan->count && !code; i++) {
        if (file_same(plan->models[i], plan->out))
            code = err_set(err, ERR_USAGE, "%s is to be read and written; another name expected",
                           plan->out);
        else if (!(code = gguf_open(plan->models[i], &m.models[i], err)))
            m.count++;
    }
    if (!code)
        code = gguf_write_open(plan->out, &m.out, err);
    if (!code)
        code = write_all(&m, err);
    if (!code)
        code = gguf_write_finish(&m.out, err);
    else if (m.out)
        gguf_write_abandon(&m.out);
    for (size_t i = 0; i < m.count; i++)
        gguf_close(&m.models[i]);
    *weights = m.weights;
    return code;
}
