// fettle diagnose: explains a log, with every number checked.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/diagnose.h"
#include "app/model_files.h"
#include "base/file.h"
#include "cli/ask.h"
#include "cli/command.h"

static struct {
    const char *query, *context, *file, *asset, *model;
    int64_t seed, max_tokens, threads;
    double temperature;
    bool raw;
} opt = {.query = ""};

static const struct option table[] = {
    {"query|q", "TEXT", "The question", OPTION_TEXT, &opt.query},
    {"context|c", "TEXT", "The log, in any dialect", OPTION_TEXT, &opt.context},
    {"file|f", "FILE", "The log from a file; -: from standard input", OPTION_TEXT, &opt.file},
    {"asset", "NAME", "Join what the data folder (or the fettle that runs on it) has of this asset",
     OPTION_TEXT, &opt.asset},
    {"model|m", "FILE", "A GGUF model (default: " APP_MODEL_SHIPPED ", which fettle ships)",
     OPTION_TEXT, &opt.model},
    {"raw", NULL, "The model reads the log as it is, not the facts in it", OPTION_FLAG, &opt.raw},
    {"temperature", "X", "0 (default): the most likely words; 2 at most", OPTION_REAL,
     &opt.temperature},
    {"seed", "N", "Same seed, same answer, at any temperature (default 0)", OPTION_INT, &opt.seed},
    {"max-tokens|n", "N", "Tokens of the answer at most (default 256)", OPTION_INT,
     &opt.max_tokens},
    {"threads|t", "N", "Threads (default: one, or one for each processor when the model is large)",
     OPTION_INT, &opt.threads},
    JSON_OPTION,
    SERVER_OPTIONS,
    OPTIONS_END};

static const struct option *options(void)
{
    return table;
}

static enum err_code read_stdin(struct buf *out, struct err *err)
{
    for (;;) {
        char *room = buf_reserve(out, 1 << 16);
        size_t n = room ? fread(room, 1, 1 << 16, stdin) : 0;
        if (!room)
            return err_set(err, ERR_NO_MEMORY, "out of memory for the log");
        out->n += n;
        if (out->n > FACTS_LOG_BYTES)
            return err_set(err, ERR_LIMIT, "standard input: more than %d bytes", FACTS_LOG_BYTES);
        if (n == 0)
            return ferror(stdin) ? err_set(err, ERR_IO, "cannot read standard input") : ERR_OK;
    }
}

static enum err_code read_context(const struct option_list *operands, struct buf *out,
                                  struct err *err)
{
    bool dash = operands->count == 1 && strcmp(operands->items[0], "-") == 0;
    if (operands->count && !dash)
        return err_set(err, ERR_USAGE, "%s: the log is given with -c, -f or -", operands->items[0]);
    if ((opt.context != NULL) + (opt.file != NULL) + dash > 1)
        return err_set(err, ERR_USAGE, "-c, -f and - exclude each other");
    if (dash || (opt.file && strcmp(opt.file, "-") == 0))
        return read_stdin(out, err);
    if (opt.file)
        return file_read(opt.file, FACTS_LOG_BYTES, out, err);
    if (opt.context && opt.context[0] == '@' && !strpbrk(opt.context, " :=\n"))
        return err_set(err, ERR_USAGE, "-c %s: the log itself is expected; -f %s reads a file",
                       opt.context, opt.context + 1);
    buf_add_z(out, opt.context ? opt.context : "");
    return out->failed ? err_set(err, ERR_NO_MEMORY, "out of memory for the log") : ERR_OK;
}

// ---- with a plant that runs ----

static void show_answer(struct buf *out, const struct json_node *a)
{
    const struct json_node *list = json_get(a, "evidence");
    buf_printf(out, "%s\n\n", json_get_text(a, "diagnosis"));
    if (json_get_text(json_get(a, "cause"), "title")[0])
        buf_printf(out, "%-11s %s\n", "cause", json_get_text(json_get(a, "cause"), "title"));
    for (const struct json_node *n = list ? list->first : NULL; n; n = n->next)
        buf_printf(out, "%-11s %s: %s %s (%s)\n", n == list->first ? "evidence" : "",
                   json_get_text(n, "key"), json_get_text(n, "text"), json_get_text(n, "unit"),
                   json_get_text(n, "source"));
    buf_printf(out, "%-11s %s\n", "checked",
               json_get_bool(a, "verified") ? "every number, name and time is in the evidence"
                                            : "NOT all of it is in the evidence");
}

static enum err_code ask_plant(const struct buf *context, struct err *err)
{
    struct buf body = {0};
    struct json_out j;
    if (opt.model)
        return err_set(err, ERR_USAGE,
                       "--asset asks the fettle that runs on the data folder, which has the model "
                       "of its setting diagnose.model: leave --model out");
    json_open(&j, &body);
    json_object(&j);
    json_key_text(&j, "query", opt.query);
    json_key(&j, "context");
    json_str(&j, buf_str(context));
    json_key_text(&j, "asset", opt.asset);
    json_key_bool(&j, "raw", opt.raw);
    json_key_real(&j, "temperature", opt.temperature);
    json_key_int(&j, "seed", opt.seed);
    if (opt.max_tokens)
        json_key_int(&j, "max_tokens", opt.max_tokens);
    json_end(&j);
    enum err_code code = body.failed
                             ? err_set(err, ERR_NO_MEMORY, "out of memory")
                             : ask_server("POST", "/api/v1/diagnose", body.p, show_answer, err);
    buf_free(&body);
    return code;
}

// ---- with a model of its own ----

static enum err_code open_model(struct explain_model *m, struct chat_template **chat,
                                char path[MODEL_PATH_BYTES], struct err *err)
{
    enum err_code code = ERR_OK;
    if (opt.model)
        str_copy(path, MODEL_PATH_BYTES, str_of(opt.model));
    else
        code = model_file_shipped(common_options.data_dir, APP_MODEL_SHIPPED, path, err);
    struct serving_settings settings = {
        .threads = opt.threads ? (unsigned)opt.threads : explain_threads(path),
        .context = 4096,
        .sessions = DRAWS_MAX,
        .queue = DRAWS_MAX,
        .cache = CACHE_F16,
    };
    if (code == ERR_OK) {
        code = serving_open(path, &settings, &m->serving, err);
        if (code && opt.model)
            err_prefix(err, "--model");
    }
    if (code == ERR_OK)
        code = chat_template_open(serving_model(m->serving)->file, serving_tokenizer(m->serving),
                                  chat, err);
    m->chat = *chat;
    return code;
}

static enum err_code write_answer(struct diagnose_job *job, struct err *err)
{
    enum explain_state state = EXPLAIN_GOES_ON;
    enum err_code code = ERR_OK;
    struct buf shown = {0};
    while (code == ERR_OK && state != EXPLAIN_OVER) {
        buf_reset(&shown);
        code = explain_step(diagnose_explanation(job), &shown, NULL, &state, err);
        if (code == ERR_OK && !common_options.json && shown.n)
            code = cli_print(&shown, err);
        if (state == EXPLAIN_WAITS)
            explain_wait(diagnose_explanation(job), 2 * US_PER_MS);
    }
    buf_free(&shown);
    return code;
}

static enum err_code print_rest(const struct diagnose_job *job, const char *model, struct err *err)
{
    struct buf out = {0};
    struct json_out j;
    if (common_options.json) {
        json_open(&j, &out);
        json_object(&j);
        diagnose_json(job, &j);
        json_key_text(&j, "model", model);
        json_key_int(&j, "seed", opt.seed);
        json_key(&j, "speed");
        json_object(&j);
        diagnose_speed_json(job, &j);
        json_end(&j);
        json_end(&j);
        buf_add_char(&out, '\n');
    } else {
        buf_add_z(&out, "\n\n");
        diagnose_text(job, &out);
    }
    enum err_code code = cli_print(&out, err);
    buf_free(&out);
    return code;
}

static void tell_speed(const struct diagnose_job *job, const char *model)
{
    struct explained e;
    struct diagnosis d;
    diagnose_result(job, &e, &d);
    if (isatty(STDERR_FILENO) == 1 && !common_options.json)
        fprintf(stderr, "[%s: %u tokens, %.0f tok/s, first after %.0f ms, %.0f MB resident]\n",
                model, e.made_tokens,
                e.decode_us > 0 ? e.made_tokens * 1e6 / (double)e.decode_us : 0.0,
                (double)e.first_token_us / 1e3, (double)diagnose_memory_bytes() / 1e6);
}

// The data folder itself, when no fettle runs on it.
static enum err_code open_folder(struct app **out, struct err *err)
{
    char path[MODEL_PATH_BYTES];
    struct app_sources from = *cli_sources();
    from.offline = true;
    snprintf(path, sizeof path, "%s/fettle.db", common_options.data_dir);
    if (!file_exists(path))
        return err_set(err, ERR_NOT_FOUND,
                       "--asset %s: %s has no plant's data (fettle serve keeps them there; --data "
                       "names another folder)",
                       opt.asset, common_options.data_dir);
    return app_open(&from, out, err);
}

static enum err_code explain(const struct buf *context, struct err *err)
{
    struct explain_model model = {0};
    struct chat_template *chat = NULL;
    struct diagnose_job *job = NULL;
    char path[MODEL_PATH_BYTES] = "", name[APP_MODEL_NAME_BYTES];
    struct diagnose_request r = {.query = str_of(opt.query),
                                 .context = buf_str(context),
                                 .raw = opt.raw,
                                 .max_tokens = (uint32_t)opt.max_tokens,
                                 .temperature = (float)opt.temperature,
                                 .seed = (uint64_t)opt.seed,
                                 .draws = DRAWS_MAX};
    struct app *folder = NULL;
    struct join_tools tools;
    enum err_code code = opt.asset ? open_folder(&folder, err) : ERR_OK;
    if (folder) {
        r.asset = str_of(opt.asset);
        tools = app_join_tools(folder);
    }
    if (code == ERR_OK)
        code = open_model(&model, &chat, path, err);
    model_name_of_file(path, name);
    if (code == ERR_OK)
        code = diagnose_begin(&model, &r, folder ? &tools : NULL, &job, err);
    if (folder) {
        enum err_code closed = app_close(&folder, code == ERR_OK ? err : NULL);
        code = code == ERR_OK ? closed : code;
    }
    if (code == ERR_OK)
        code = write_answer(job, err);
    if (code == ERR_OK)
        code = print_rest(job, name, err);
    if (code == ERR_OK)
        tell_speed(job, name);
    diagnose_end(&job);
    serving_close(&model.serving);
    chat_template_close(&chat);
    return code;
}

static enum err_code run(const struct option_list *operands, struct err *err)
{
    struct buf context = {0};
    struct client running;
    if (!(opt.temperature >= 0 && opt.temperature <= 2))
        return err_set(err, ERR_USAGE, "--temperature %g: 0 to 2 expected", opt.temperature);
    if (opt.max_tokens > EXPLAIN_TOKENS_MAX)
        return err_set(err, ERR_USAGE, "--max-tokens %lld: at most %d", (long long)opt.max_tokens,
                       EXPLAIN_TOKENS_MAX);
    if (opt.threads > 64)
        return err_set(err, ERR_USAGE, "--threads %lld: 1 to 64 expected", (long long)opt.threads);
    enum err_code code = read_context(operands, &context, err);
    if (code == ERR_OK)
        code = opt.asset && ask_find(&running) ? ask_plant(&context, err) : explain(&context, err);
    buf_free(&context);
    return code;
}

const struct command command_diagnose = {
    .name = "diagnose",
    .operands = "[-]",
    .summary = "Explain a log: what is wrong, what shows it, what to check",
    .text =
        "Reads the log, whatever its dialect, into facts: values with units, flags, and limits,\n"
        "its own or those that instruments share. A language model reads the facts and writes the\n"
        "answer, a sentence at a time. Each number, name and time in it is looked for in the\n"
        "evidence before it is shown; a sentence that fails is written anew from the evidence, "
        "and\n"
        "what is unsupported even then is marked. Nothing leaves the machine. With --asset the "
        "fettle\n"
        "that runs on the data folder answers; when none runs, what lies in the folder is read.",
    .examples = "  fettle diagnose -q 'Diagnose the intermittent resets.' -c 'V_IN: 8.4V [LOW] | "
                "REF_CHK: FAIL'\n"
                "  fettle diagnose -q 'Why is it so hot?' -f pump.log --json\n"
                "  journalctl -u logger | fettle diagnose -q 'What is wrong?' -\n"
                "  fettle diagnose -q 'What is wrong?' --asset wtf-pipe-1\n"
                "  fettle diagnose -q 'Why?' -f pump.log --model qwen2.5-1.5b-instruct.gguf\n",
    .options = options,
    .run = run,
};
