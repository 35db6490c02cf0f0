// fettle model bench: how fast a model reads and writes here, beside the memory's bandwidth.
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/json_out.h"
#include "base/progress.h"
#include "cli/interrupt.h"
#include "cli/model.h"
#include "kernels/cpu.h"
#include "llm/speed.h"

struct bench {
    struct engine *engine;
    struct session *session;
    struct progress bar;
    uint64_t done;
    double load_s, memory_before, memory_after;
    struct buf out;
    struct json_out j;
};

static bool tell(void *arg)
{
    struct bench *b = arg;
    progress_at(&b->bar, ++b->done, NULL);
    return !cli_interrupted();
}

static enum err_code check(uint32_t depths[OPTION_LIST_MAX], size_t *count, struct err *err)
{
    const struct model_options *o = &model_options;
    enum cpu_level level;
    *count = o->depths.count ? o->depths.count : 1;
    depths[0] = 0;
    for (size_t i = 0; i < o->depths.count; i++) {
        uint64_t depth;
        if (!str_to_u64(str_of(o->depths.items[i]), &depth) || depth > 1 << 20)
            return err_set(err, ERR_USAGE, "--depth %s: 0 to %d expected", o->depths.items[i],
                           1 << 20);
        depths[i] = (uint32_t)depth;
    }
    if (o->prompt > 1 << 20 || o->answer > 1 << 20 || o->repeats < 1 ||
        o->repeats > SPEED_REPEATS_MAX)
        return err_set(err, ERR_USAGE, "--pp and --tg: up to %d; --repeats: 1 to %d", 1 << 20,
                       SPEED_REPEATS_MAX);
    if (o->cpu && (!cpu_level_from_name(o->cpu, &level) || !cpu_level_force(level)))
        return err_set(err, ERR_USAGE, "--cpu %s: no such level on this machine", o->cpu);
    if (strcmp(o->cache, "f16") != 0 && strcmp(o->cache, "q8_0") != 0)
        return err_set(err, ERR_USAGE, "--cache %s: f16 or q8_0 expected", o->cache);
    return ERR_OK;
}

static void write_row(struct bench *b, const char *test, uint32_t n, uint32_t depth,
                      const struct speed *s)
{
    double gbs = s->mean * (double)engine_model(b->engine)->packed_bytes / 1e9;
    bool writes = strcmp(test, "tg") == 0;
    if (!common_options.json) {
        buf_printf(&b->out, "%-2s %5u  at %6u  %10.2f +- %6.2f tok/s", test, n, depth, s->mean,
                   s->deviation);
        if (writes)
            buf_printf(&b->out, "  %6.1f GB/s of weights", gbs);
        buf_add_char(&b->out, '\n');
        return;
    }
    json_object(&b->j);
    json_key_text(&b->j, "test", test);
    json_key_int(&b->j, "n", n);
    json_key_int(&b->j, "depth", depth);
    json_key_int(&b->j, "threads", model_options.threads);
    json_key_real(&b->j, "tokens_per_second", s->mean);
    json_key_real(&b->j, "deviation", s->deviation);
    json_key_real(&b->j, "best", s->best);
    if (writes)
        json_key_real(&b->j, "weights_gb_per_second", gbs);
    json_end(&b->j);
}

static enum err_code measure(struct bench *b, uint32_t depth, bool writes, struct err *err)
{
    uint32_t n = (uint32_t)(writes ? model_options.answer : model_options.prompt);
    struct speed_plan plan = {n, writes, (unsigned)model_options.repeats, tell, b};
    struct speed s;
    if (n == 0)
        return ERR_OK;
    enum err_code code = speed_of_tokens(b->engine, b->session, &plan, &s, err);
    if (!code)
        write_row(b, writes ? "tg" : "pp", n, depth, &s);
    return code;
}

static enum err_code rows(struct bench *b, const uint32_t *depths, size_t count, struct err *err)
{
    enum err_code code = ERR_OK;
    for (size_t i = 0; i < count && !code; i++) {
        session_truncate(b->session, 0);
        code = speed_fill(b->engine, b->session, depths[i], err);
        if (!code)
            code = measure(b, depths[i], false, err);
        if (!code)
            code = measure(b, depths[i], true, err);
    }
    return code;
}

static enum err_code open(struct bench *b, const char *path, const uint32_t *depths, size_t count,
                          struct err *err)
{
    struct session_options options = {
        .cache = strcmp(model_options.cache, "q8_0") == 0 ? CACHE_Q8_0 : CACHE_F16};
    uint32_t longest = 0;
    for (size_t i = 0; i < count; i++)
        longest = depths[i] > longest ? depths[i] : longest;
    int64_t most =
        model_options.prompt > model_options.answer ? model_options.prompt : model_options.answer;
    options.context = longest + (uint32_t)(most ? most : 1);
    int64_t start = clock_mono_us();
    enum err_code code = engine_open(path, (unsigned)model_options.threads, &b->engine, err);
    if (!code)
        code = session_open(b->engine, &options, &b->session, err);
    b->load_s = (double)(clock_mono_us() - start) / 1e6;
    return code;
}

static void write_head(struct bench *b, const char *path)
{
    const struct model *m = engine_model(b->engine);
    if (!common_options.json) {
        buf_printf(&b->out,
                   "%s: %s, %.2f G parameters, %.2f GB of weights, loaded in %.2f s; %lld threads, "
                   "%s\n",
                   path, model_arch_name(m), (double)m->shape.parameters / 1e9,
                   (double)m->packed_bytes / 1e9, b->load_s, (long long)model_options.threads,
                   cpu_level_name(cpu_level()));
        return;
    }
    json_open(&b->j, &b->out);
    json_object(&b->j);
    json_key_text(&b->j, "model", path);
    json_key_text(&b->j, "architecture", model_arch_name(m));
    json_key_int(&b->j, "parameters", (int64_t)m->shape.parameters);
    json_key_int(&b->j, "weight_bytes", (int64_t)m->packed_bytes);
    json_key_real(&b->j, "load_seconds", b->load_s);
    json_key_text(&b->j, "cpu", cpu_level_name(cpu_level()));
    json_key(&b->j, "rows");
    json_array(&b->j);
}

static void write_foot(struct bench *b)
{
    if (!common_options.json) {
        buf_printf(&b->out, "memory reads: %.1f GB/s before, %.1f GB/s after\n", b->memory_before,
                   b->memory_after);
        return;
    }
    json_end(&b->j);
    json_key_real(&b->j, "memory_gb_per_second_before", b->memory_before);
    json_key_real(&b->j, "memory_gb_per_second_after", b->memory_after);
    json_end(&b->j);
    buf_add_char(&b->out, '\n');
}

enum err_code cli_model_bench(const struct option_list *operands, struct err *err)
{
    uint32_t depths[OPTION_LIST_MAX];
    size_t count;
    struct bench b = {0};
    enum err_code code = cli_model_one(operands, err);
    if (!code)
        code = check(depths, &count, err);
    if (code)
        return code;
    cli_catch(SIGINT);
    progress_open(&b.bar, "measuring", 2 * count * (uint64_t)model_options.repeats);
    b.memory_before = speed_of_memory((unsigned)model_options.threads);
    code = open(&b, operands->items[1], depths, count, err);
    if (!code) {
        write_head(&b, operands->items[1]);
        code = rows(&b, depths, count, err);
        b.memory_after = speed_of_memory((unsigned)model_options.threads);
        write_foot(&b);
    }
    progress_clear(&b.bar);
    if (!code)
        code = cli_print(&b.out, err);
    session_close(&b.session);
    engine_close(&b.engine);
    buf_free(&b.out);
    return code;
}
