// Loads a model for one command and streams its answers.
#include "cli/talk.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "kernels/cpu.h"

enum { GRAMMAR_FILE_MAX = 1 << 20, PATH_BYTES = 4096 };

static const uint64_t packed_bytes_most = (uint64_t)16 << 30; // as the setting llm.packed

struct talk_options talk_options = {.context = 4096,
                                    .temperature = 0.7,
                                    .top_k = 40,
                                    .top_p = 0.95,
                                    .min_p = 0.05,
                                    .repetition_penalty = 1,
                                    .cache = "f16"};

static volatile sig_atomic_t interrupted;
static int interrupt_pipe[2] = {-1, -1}; // a byte for each Ctrl-C, so that none is missed by poll

static void interrupt(int sig)
{
    (void)sig;
    int kept = errno;
    interrupted = 1;
    ssize_t n = write(interrupt_pipe[1], "", 1);
    (void)n; // full of others
    errno = kept;
}

void talk_catch_interrupt(void)
{
    if (interrupt_pipe[0] < 0 && pipe2(interrupt_pipe, O_NONBLOCK | O_CLOEXEC) < 0)
        interrupt_pipe[0] = interrupt_pipe[1] = -1; // a Ctrl-C just before a line may be missed
    // Without SA_RESTART: reading a line ends, too.
    struct sigaction action = {.sa_handler = interrupt};
    sigaction(SIGINT, &action, NULL);
}

bool talk_interrupted(void)
{
    char bytes[16];
    bool came = interrupted;
    interrupted = 0;
    while (read(interrupt_pipe[0], bytes, sizeof bytes) > 0)
        continue;
    return came;
}

bool talk_wait_for_line(void)
{
    struct pollfd from[] = {{STDIN_FILENO, POLLIN, 0}, {interrupt_pipe[0], POLLIN, 0}};
    while (!interrupted && poll(from, 2, -1) < 0 && errno == EINTR)
        continue;
    return !interrupted;
}

static enum err_code force_cpu(struct err *err)
{
    enum cpu_level level;
    if (!talk_options.cpu)
        return ERR_OK;
    if (!cpu_level_from_name(talk_options.cpu, &level))
        return err_set(err, ERR_USAGE, "--cpu %s: no such level: see --help", talk_options.cpu);
    return cpu_level_force(level)
               ? ERR_OK
               : err_set(err, ERR_UNSUPPORTED, "--cpu %s: this machine has no such instructions",
                         talk_options.cpu);
}

static unsigned thread_count(void)
{
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    if (talk_options.threads)
        return (unsigned)talk_options.threads;
    return processors < 1 ? 1 : processors > 64 ? 64 : (unsigned)processors;
}

static enum err_code check_options(struct err *err)
{
    const struct talk_options *o = &talk_options;
    if (!o->model)
        return err_set(err, ERR_USAGE, "-m FILE is missing: a model in GGUF form");
    if (o->grammar && o->schema)
        return err_set(err, ERR_USAGE, "--grammar and --json-schema exclude each other");
    if (strcmp(o->cache, "f16") != 0 && strcmp(o->cache, "q8_0") != 0)
        return err_set(err, ERR_USAGE, "--cache %s: f16 or q8_0 expected", o->cache);
    if (o->threads > 64)
        return err_set(err, ERR_USAGE, "--threads %lld: 1 to 64 expected", (long long)o->threads);
    if (o->context > 1 << 20 || o->tokens > 1 << 20 || o->top_k > 1 << 20)
        return err_set(err, ERR_USAGE, "--context, --tokens and --top-k: at most %d", 1 << 20);
    return force_cpu(err);
}

enum err_code talk_open(struct talk *t, struct err *err)
{
    *t = (struct talk){0};
    enum err_code code = check_options(err);
    if (code)
        return code;
    struct adapter_choice adapter;
    if (talk_options.adapter &&
        (code = adapter_choice_read(str_of(talk_options.adapter), false, &adapter, err)))
        return err_prefix(err, "--adapter");
    struct serving_settings settings = {
        .threads = thread_count(),
        .context = (uint32_t)talk_options.context,
        .sessions = 1,
        .queue = 1,
        .cache = strcmp(talk_options.cache, "q8_0") == 0 ? CACHE_Q8_0 : CACHE_F16,
        .keep_bytes = (size_t)1 << 30,
        .adapters = &adapter,
        .adapter_count = talk_options.adapter ? 1 : 0,
        .packed.bytes_most = packed_bytes_most,
    };
    char packed[PATH_BYTES];
    if (file_is_dir(common_options.data_dir) &&
        snprintf(packed, sizeof packed, "%s/packed", common_options.data_dir) < PATH_BYTES)
        settings.packed.dir = packed;
    code = serving_open(talk_options.model, &settings, &t->serving, err);
    if (!code)
        chat_template_open(serving_model(t->serving)->file, serving_tokenizer(t->serving), &t->chat,
                           &t->chat_error);
    return code;
}

void talk_close(struct talk *t)
{
    serving_close(&t->serving);
    chat_template_close(&t->chat);
}

static enum err_code read_form(struct serving *s, struct form **out, struct err *err)
{
    const char *path = talk_options.grammar ? talk_options.grammar : talk_options.schema;
    *out = NULL;
    if (!path)
        return ERR_OK;
    struct buf text = {0};
    enum err_code code = file_read(path, GRAMMAR_FILE_MAX, &text, err);
    if (!code && path == talk_options.grammar)
        code = serving_form_gbnf(s, buf_str(&text), path, out, err);
    else if (!code && (code = serving_form_schema(s, buf_str(&text), out, err)))
        err_prefix(err, "%s", path);
    buf_free(&text);
    return code;
}

static enum err_code submit(struct talk *t, const struct tokens *prompt, struct answer **out,
                            struct err *err)
{
    const struct talk_options *o = &talk_options;
    struct str stops[OPTION_LIST_MAX];
    struct serving_request r = {.prompt = prompt->p,
                                .prompt_count = prompt->n,
                                .max_tokens = (uint32_t)o->tokens,
                                .choices = 1,
                                .stops = stops,
                                .stop_count = o->stops.count,
                                .no_lookup = o->no_lookup,
                                .adapter = o->adapter ? 1 : 0,
                                .sampler = SAMPLER_GREEDY};
    for (size_t i = 0; i < o->stops.count; i++)
        stops[i] = str_of(o->stops.items[i]);
    r.sampler.temperature = (float)o->temperature;
    r.sampler.top_k = (uint32_t)o->top_k;
    r.sampler.top_p = (float)o->top_p;
    r.sampler.min_p = (float)o->min_p;
    r.sampler.repetition_penalty = (float)o->repetition_penalty;
    r.sampler.seed = (uint64_t)o->seed;
    enum err_code code = read_form(t->serving, &r.form, err);
    if (code)
        return code;
    code = serving_submit(t->serving, &r, out, err);
    form_release(&r.form);
    return code;
}

// Takes what has come; prints it.
static enum err_code take(struct answer *a, bool print, struct talk_answer *out, struct err *err)
{
    struct answer_part part = {0};
    enum err_code code = ERR_OK;
    while (!code && answer_take(a, &part, NULL)) {
        buf_add_str(&out->text, buf_str(&part.text));
        out->finish = part.finish;
        if (print)
            code = cli_print(&part.text, err);
    }
    answer_part_free(&part);
    return code;
}

enum err_code talk_ask(struct talk *t, const struct tokens *prompt, bool print,
                       struct talk_answer *out, struct err *err)
{
    struct answer *a;
    *out = (struct talk_answer){0};
    if (prompt->failed)
        return err_set(err, ERR_NO_MEMORY, "out of memory for the prompt");
    enum err_code code = submit(t, prompt, &a, err);
    if (code)
        return code;
    bool done = false;
    while (!done && !code && !out->interrupted) {
        done = answer_wait(a, 20 * US_PER_MS);
        code = take(a, print, out, err);
        out->interrupted = talk_interrupted();
    }
    answer_stats(a, &out->stats);
    if (!code && out->finish == ANSWER_FAILED)
        code = answer_error(a, err);
    answer_release(&a);
    return code;
}
