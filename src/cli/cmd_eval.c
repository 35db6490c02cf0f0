// fettle eval: measures detection on the simulated plant and on benchmarks, and what models write.
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/progress.h"
#include "cli/command.h"
#include "cli/interrupt.h"
#include "eval/detector.h"
#include "eval/diagnoses.h"
#include "eval/diagnoses_answer.h"
#include "eval/eval.h"
#include "eval/eval_simulator.h"
#include "eval/summaries.h"
#include "eval/support.h"

static struct {
    const char *detector, *html, *answers, *model, *out;
    double days;
    int64_t seed, plants, assets, threads;
    bool raw, checked;
} opt = {.days = 2, .seed = 1, .plants = 3, .assets = 2};

static const struct option table[] = {
    {"detector", "NAME", "For a benchmark: which detector (default fettle's own; `list` names all)",
     OPTION_TEXT, &opt.detector},
    {"html", "FILE", "For a benchmark: also write a page that draws every file", OPTION_TEXT,
     &opt.html},
    {"days", "N", "For the simulator: how long (default 2)", OPTION_REAL, &opt.days},
    {"assets", "N", "For the simulator: pipes of each plant (default 2)", OPTION_INT, &opt.assets},
    {"plants", "N", "For the simulator: plants, each of another seed (default 3)", OPTION_INT,
     &opt.plants},
    {"seed", "N", "Of the first plant, or of a detector with chance in it (default 1)", OPTION_INT,
     &opt.seed},
    {"answers", "FILE", "Of cases: the answers to score (default the cases' own outputs)",
     OPTION_TEXT, &opt.answers},
    {"model|m", "FILE", "Of cases: a GGUF model that answers them", OPTION_TEXT, &opt.model},
    {"raw", NULL, "With --model: it reads the logs as they are, not the facts in them", OPTION_FLAG,
     &opt.raw},
    {"checked", NULL, "With --model: claims are checked and rewritten as `fettle diagnose` does",
     OPTION_FLAG, &opt.checked},
    {"threads|t", "N", "With --model (default: one, or one for each processor when it is large)",
     OPTION_INT, &opt.threads},
    {"out", "FILE", "With --model: also write the answers, a line each", OPTION_TEXT, &opt.out},
    JSON_OPTION,
    OPTIONS_END};

static const struct benchmark {
    const char *name;
    enum eval_suite bit;
    enum err_code (*run)(const struct eval_options *options, struct eval_report *out,
                         struct err *err);
} benchmarks[] = {
    {"skab", EVAL_SKAB, eval_skab_run},
    {"nab", EVAL_NAB, eval_nab_run},
    {"ucr", EVAL_UCR, eval_ucr_run},
};

static const struct score_suite *const suites[] = {&score_diagnostics, &score_summaries,
                                                   &score_support};

static const struct option *options(void)
{
    return table;
}

static enum err_code list_detectors(enum eval_suite suite, struct err *err)
{
    struct buf out = {0};
    for (const struct eval_detector *const *d = eval_detectors; *d; d++)
        if ((*d)->suites & suite)
            buf_printf(&out, "%-18s %s\n", (*d)->name, (*d)->summary);
    enum err_code code = cli_print(&out, err);
    buf_free(&out);
    return code;
}

static enum err_code print_report(const struct eval_report *r, struct err *err)
{
    struct buf out = {0};
    struct json_out j;
    json_open(&j, &out);
    if (common_options.json)
        eval_report_json(r, &j);
    else
        eval_report_text(r, &out);
    buf_add_z(&out, common_options.json ? "\n" : "");
    enum err_code code = cli_print(&out, err);
    buf_free(&out);
    return code;
}

static enum err_code measure(const struct benchmark *b, const char *folder, struct err *err)
{
    struct eval_options o = {.folder = folder,
                             .detector = opt.detector,
                             .html_path = opt.html,
                             .seed = (uint64_t)opt.seed};
    struct eval_report r;
    enum err_code code = b->run(&o, &r, err);
    if (code != ERR_OK)
        return code;
    code = print_report(&r, err);
    for (size_t i = 0; code == ERR_OK && i < r.file_count; i++)
        if (r.files[i].error[0])
            code = err_set(err, ERR_INPUT, "%zu of %zu files could not be judged; the first: %s",
                           r.failed, r.file_count, r.files[i].error);
    eval_report_close(&r);
    return code;
}

static enum err_code simulate(struct err *err)
{
    struct progress progress;
    struct eval_simulator_options o = {.seed = (uint64_t)opt.seed,
                                       .plants = (size_t)opt.plants,
                                       .assets = (uint32_t)opt.assets,
                                       .days = opt.days,
                                       .progress = cli_show_progress,
                                       .arg = &progress};
    struct eval_simulator_report r;
    struct buf out = {0};
    struct json_out j;
    if (!(opt.days > 0) || opt.plants < 1 || opt.assets < 1 || opt.assets > UINT32_MAX)
        return err_set(err, ERR_USAGE, "--days, --plants and --assets must be above 0");
    progress_open(&progress, "simulating", 0);
    cli_catch(SIGINT);
    enum err_code code = eval_simulator_run(&o, &r, err);
    progress_clear(&progress);
    if (code != ERR_OK)
        return code;
    json_open(&j, &out);
    if (common_options.json)
        eval_simulator_json(&r, &j);
    else
        eval_simulator_text(&r, &out);
    buf_add_z(&out, common_options.json ? "\n" : "");
    code = cli_print(&out, err);
    buf_free(&out);
    return code;
}

// The model's answers, as lines.
static enum err_code ask_model(const char *cases, struct buf *lines, struct diagnoses_run *work,
                               struct err *err)
{
    struct progress progress;
    struct diagnoses_plan plan = {.cases = cases,
                                  .model = opt.model,
                                  .raw = opt.raw,
                                  .checked = opt.checked,
                                  .threads = (unsigned)opt.threads,
                                  .progress = cli_show_progress,
                                  .arg = &progress};
    if (opt.threads > 64)
        return err_set(err, ERR_USAGE, "--threads %lld: 1 to 64 expected", (long long)opt.threads);
    progress_open(&progress, "answering", 0);
    cli_catch(SIGINT);
    enum err_code code = diagnoses_answer(&plan, lines, work, err);
    progress_clear(&progress);
    if (code == ERR_OK && opt.out)
        code = file_replace(opt.out, lines->p ? lines->p : "", lines->n, err);
    return code;
}

static enum err_code print_scores(const struct score_report *r, const struct diagnoses_run *work,
                                  struct err *err)
{
    struct buf out = {0};
    struct json_out j;
    json_open(&j, &out);
    if (common_options.json) {
        json_object(&j);
        score_json(r, &j);
        if (opt.model)
            diagnoses_run_json(work, &j);
        json_end(&j);
        buf_add_char(&out, '\n');
    } else {
        score_text(r, &out);
        if (opt.model)
            diagnoses_run_text(work, &out);
    }
    enum err_code code = cli_print(&out, err);
    buf_free(&out);
    return code;
}

static enum err_code score_cases(const struct score_suite *suite, const char *cases,
                                 struct err *err)
{
    struct score_report *r = calloc(1, sizeof *r);
    struct diagnoses_run work = {0};
    struct buf lines = {0};
    enum err_code code = ERR_OK;
    if (!r)
        code = err_set(err, ERR_NO_MEMORY, "no memory for the report");
    else if (opt.model && opt.answers)
        code = err_set(err, ERR_USAGE, "--model and --answers exclude each other");
    else if (!opt.model && (opt.raw || opt.checked || opt.out))
        code = err_set(err, ERR_USAGE, "--raw, --checked and --out go with --model");
    else if (!opt.model)
        code = score_file(suite, cases, opt.answers, r, err);
    else if ((code = ask_model(cases, &lines, &work, err)) == ERR_OK)
        code = score_lines(suite, cases, buf_str(&lines), r, err);
    if (code == ERR_OK)
        code = print_scores(r, &work, err);
    buf_free(&lines);
    free(r);
    return code;
}

static enum err_code run(const struct option_list *operands, struct err *err)
{
    const char *name = operands->count ? operands->items[0] : "";
    for (size_t i = 0; i < sizeof suites / sizeof *suites; i++)
        if (strcmp(name, suites[i]->name) == 0 && operands->count == 2)
            return score_cases(suites[i], operands->items[1], err);
    if (strcmp(name, "simulator") == 0 && operands->count == 1)
        return simulate(err);
    for (size_t i = 0; i < sizeof benchmarks / sizeof *benchmarks; i++) {
        const struct benchmark *b = &benchmarks[i];
        if (strcmp(b->name, name) != 0)
            continue;
        if (opt.detector && strcmp(opt.detector, "list") == 0)
            return list_detectors(b->bit, err);
        if (operands->count != 2)
            return err_set(err, ERR_USAGE, "the folder of the benchmark is expected: eval %s DIR",
                           name);
        return measure(b, operands->items[1], err);
    }
    return err_set(err, ERR_USAGE,
                   "what to measure is expected: simulator, skab DIR, nab DIR, ucr DIR, "
                   "diagnostics FILE, summaries FILE or support FILE");
}

const struct command command_eval = {
    .name = "eval",
    .operands = "simulator | skab DIR | nab DIR | ucr DIR | diagnostics FILE | summaries FILE | "
                "support FILE",
    .summary = "Measure how well faults are found and explained",
    .text =
        "simulator runs the water plant with its faults through the engine: found, named rightly,\n"
        "how late, and the false alarms.\n"
        "The others are public benchmarks, laid out as in their own repositories and scored by "
        "the\n"
        "leaderboards' protocols, per file and in all, on whatever files are there. skab: "
        "outliers\n"
        "(F1, false and missed alarms in %) and change points. nab: its three profiles. ucr: the\n"
        "share of series whose anomaly was found. --detector compares with the leaderboards'\n"
        "baselines; --html shows why a score is what it is. A file that cannot be judged is "
        "named,\n"
        "the others count, and the exit status is 3.\n"
        "diagnostics, summaries and support score answers to the cases of FILE by exact rules\n"
        "(docs/data-factory.md): "
        "those of --model, of the file --answers, or the cases' own.",
    .examples = "  fettle eval simulator --days 30 --plants 1\n"
                "  fettle eval skab data/skab --html skab.html\n"
                "  fettle eval nab data/nab --detector windowed_gaussian\n"
                "  fettle eval ucr data/ucr --json\n"
                "  fettle eval skab --detector list\n"
                "  fettle eval diagnostics tests/quality/diagnoses.jsonl --answers answers.jsonl\n"
                "  fettle eval diagnostics tests/quality/diagnoses.jsonl --model "
                "models/fettle-nano.gguf\n",
    .options = options,
    .run = run,
};
