// fettle eval: measures detection on public benchmarks.
#include <string.h>

#include "cli/command.h"
#include "eval/detector.h"
#include "eval/eval.h"

static struct {
    const char *detector, *html;
    int64_t seed;
} opt = {.seed = 1};

static const struct option table[] = {
    {"detector", "NAME", "Which detector (default: fettle's own; `list` names them)", OPTION_TEXT,
     &opt.detector},
    {"html", "FILE", "Also write a page that draws every file", OPTION_TEXT, &opt.html},
    {"seed", "N", "For detectors with chance in them (default 1)", OPTION_INT, &opt.seed},
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
    if (common_options.json) {
        struct json_out j;
        json_open(&j, &out);
        eval_report_json(r, &j);
        buf_add_char(&out, '\n');
    } else {
        eval_report_text(r, &out);
    }
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

static enum err_code run(const struct option_list *operands, struct err *err)
{
    const char *name = operands->count ? operands->items[0] : "";
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
    return err_set(err, ERR_USAGE, "what to measure is expected: skab, nab or ucr");
}

const struct command command_eval = {
    .name = "eval",
    .operands = "skab|nab|ucr DIR",
    .summary = "Measure detection on public benchmarks",
    .text =
        "Runs a detector over the files of a benchmark, laid out as in its own repository, and\n"
        "scores it by the leaderboard's protocol, per file and in all. It works on whatever files\n"
        "are there. skab: outliers (F1, false and missed alarms in %) and change points. nab: the\n"
        "three profiles. ucr: the share of series whose anomaly was found. --detector compares\n"
        "with the baselines of the leaderboards; --html shows why a score is what it is.\n"
        "A file that cannot be judged is named, the others count, and the exit status is 3.",
    .examples = "  fettle eval skab data/skab --html skab.html\n"
                "  fettle eval nab data/nab --detector windowed_gaussian\n"
                "  fettle eval ucr data/ucr --json\n"
                "  fettle eval skab --detector list\n",
    .options = options,
    .run = run,
};
