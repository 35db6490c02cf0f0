// fettle generate: makes data with known truth.
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "app/generate.h"
#include "base/clock.h"
#include "base/json_out.h"
#include "base/progress.h"
#include "cli/command.h"
#include "cli/generate_data.h"
#include "cli/interrupt.h"
#include "factory/factory.h"

static struct {
    const char *out, *start;
    double days, rate, faults;
    int64_t seed, assets;
    bool long_format;
    const char *split, *form, *tokenizer;
    int64_t count;
    bool stats;
} opt = {.split = "train",
         .form = "both",
         .count = 1000,
         .start = "2026-01-01",
         .days = 1,
         .rate = 1,
         .faults = 1,
         .seed = 1,
         .assets = 3};

static const struct option table[] = {
    {"out", "PATH", "Folder of a plant's files (default plant), or the file for examples",
     OPTION_TEXT, &opt.out},
    {"days", "N", "How long (default 1)", OPTION_REAL, &opt.days},
    {"assets", "N", "How many pipes (default 3)", OPTION_INT, &opt.assets},
    {"seed", "N", "Same seed, same bytes (default 1)", OPTION_INT, &opt.seed},
    {"rate", "HZ", "Readings a second of each sensor (default 1)", OPTION_REAL, &opt.rate},
    {"faults", "N", "Faults an hour of each asset (default 1; 0: none)", OPTION_REAL, &opt.faults},
    {"start", "TIME", "Time of the first reading (default 2026-01-01)", OPTION_TEXT, &opt.start},
    {"long", NULL, "One file with a reading a row, not one a pipe with a column a sensor",
     OPTION_FLAG, &opt.long_format},
    {"count", "N", "How many examples (default 1000)", OPTION_INT, &opt.count},
    {"split", "NAME", "train, valid or eval (default train)", OPTION_TEXT, &opt.split},
    {"form", "NAME", "Inputs of diagnostics: prepared facts, raw logs or both (default both)",
     OPTION_TEXT, &opt.form},
    {"stats", NULL, "Print what the splits hold and share instead of examples", OPTION_FLAG,
     &opt.stats},
    {"tokenizer", "FILE", "With --stats: count the tokens of this GGUF model, not words",
     OPTION_TEXT, &opt.tokenizer},
    JSON_OPTION,
    OPTIONS_END};

static const struct option *options(void)
{
    return table;
}

static enum err_code plant(struct err *err)
{
    int64_t start_us;
    if (!time_from_text(str_of(opt.start), &start_us))
        return err_set(err, ERR_USAGE, "--start %s: a time like 2026-01-01T00:00:00Z expected",
                       opt.start);
    const char *dir = opt.out ? opt.out : "plant";
    struct progress progress;
    progress_open(&progress, "generating", 0);
    struct generate_plant plan = {.dir = dir,
                                  .days = opt.days,
                                  .assets = (uint64_t)opt.assets,
                                  .seed = (uint64_t)opt.seed,
                                  .start_us = start_us,
                                  .rate_hz = opt.rate,
                                  .faults_per_hour = opt.faults,
                                  .long_format = opt.long_format,
                                  .progress = cli_show_progress,
                                  .progress_arg = &progress};
    struct generate_result result = {0};
    cli_catch(SIGINT);
    enum err_code code = app_generate_plant(&plan, &result, err);
    progress_clear(&progress);
    if (code != ERR_OK)
        return code;
    struct buf out = {0};
    if (common_options.json) {
        struct json_out j;
        json_open(&j, &out);
        json_object(&j);
        json_key_text(&j, "dir", dir);
        json_key_int(&j, "files", (int64_t)result.files);
        json_key_int(&j, "readings", (int64_t)result.readings);
        json_key_int(&j, "faults", (int64_t)result.faults);
        json_end(&j);
    } else {
        buf_printf(&out, "%s: %llu readings in %llu files, %llu faults; the truth is in truth.json",
                   dir, (unsigned long long)result.readings, (unsigned long long)result.files,
                   (unsigned long long)result.faults);
    }
    buf_add_char(&out, '\n');
    code = cli_print(&out, err);
    buf_free(&out);
    return code;
}

static bool is_task(const char *name)
{
    for (const struct factory_task *t = factory_tasks; t->name; t++)
        if (strcmp(t->name, name) == 0)
            return true;
    return false;
}

static enum err_code run(const struct option_list *operands, struct err *err)
{
    const char *what = operands->count == 1 ? operands->items[0] : "";
    if (opt.assets < 1)
        return err_set(err, ERR_USAGE, "--assets %lld: at least 1 expected", (long long)opt.assets);
    if (strcmp(what, "plant") == 0)
        return plant(err);
    if (is_task(what)) {
        struct generate_data plan = {.task = what,
                                     .split = opt.split,
                                     .form = opt.form,
                                     .out = opt.out,
                                     .tokenizer = opt.tokenizer,
                                     .seed = (uint64_t)opt.seed,
                                     .count = (uint64_t)opt.count,
                                     .stats = opt.stats};
        return cli_generate_data(&plan, err);
    }
    return err_set(
        err, ERR_USAGE,
        "what to generate is expected: plant, diagnostics, incidents, summaries, support or sql");
}

const struct command command_generate = {
    .name = "generate",
    .operands = "plant | diagnostics | incidents | summaries | support | sql",
    .summary = "Make data with known truth",
    .text =
        "plant simulates the water plant, with faults, and writes CSV files and truth.json, which\n"
        "says what happened where, from when to when.\n"
        "The others write instruction data as lines of JSON, each with its truth, to learn from "
        "and\n"
        "to score with (docs/data-factory.md).\n"
        "Existing files are not overwritten.",
    .examples = "  fettle generate plant --days 7 --assets 10 --seed 42 --out week\n"
                "  fettle watch week/wtf-pipe-1.csv\n"
                "  fettle generate diagnostics --count 100000 --out train.jsonl\n"
                "  fettle generate diagnostics --count 20000 --stats\n",
    .options = options,
    .run = run,
};
