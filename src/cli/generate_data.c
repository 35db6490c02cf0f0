// Writes instruction data, or its statistics.
#include "cli/generate_data.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "cli/command.h"
#include "factory/factory.h"
#include "factory/stats.h"
#include "llm/gguf.h"
#include "llm/tokenizer.h"

static bool index_of(const char *word, const char *const *words, size_t count, size_t *at)
{
    for (*at = 0; *at < count; ++*at)
        if (strcmp(words[*at], word) == 0)
            return true;
    return false;
}

static enum err_code read_options(const struct generate_data *plan, struct factory_options *o,
                                  struct err *err)
{
    static const char *const splits[] = {"train", "valid", "eval"};
    static const char *const forms[] = {"both", "prepared", "raw"};
    size_t split, form;
    if (!index_of(plan->split, splits, 3, &split))
        return err_set(err, ERR_USAGE, "--split %s: train, valid or eval expected", plan->split);
    if (!index_of(plan->form, forms, 3, &form))
        return err_set(err, ERR_USAGE, "--form %s: both, prepared or raw expected", plan->form);
    *o = (struct factory_options){.task = plan->task,
                                  .seed = plan->seed,
                                  .split = (enum factory_split)split,
                                  .form = (enum factory_form)form};
    return ERR_OK;
}

static int64_t count_tokens(void *arg, struct str text)
{
    struct tokens tokens = {0};
    enum err_code code = tokenizer_encode(arg, text, 0, &tokens, NULL);
    int64_t count = code == ERR_OK && !tokens.failed ? (int64_t)tokens.n : -1;
    tokens_free(&tokens);
    return count;
}

static enum err_code open_tokenizer(const char *path, struct tokenizer **out, struct err *err)
{
    struct gguf *file = NULL;
    enum err_code code = gguf_open(path, &file, err);
    if (code == ERR_OK)
        code = tokenizer_open(file, out, err);
    gguf_close(&file);
    return code;
}

static enum err_code print_stats(const struct factory_options *o, const struct generate_data *plan,
                                 struct err *err)
{
    struct tokenizer *tokenizer = NULL;
    struct factory_stats stats;
    struct buf out = {0};
    struct json_out j;
    enum err_code code =
        plan->tokenizer ? open_tokenizer(plan->tokenizer, &tokenizer, err) : ERR_OK;
    struct factory_tokens tokens = {count_tokens, tokenizer};
    if (code == ERR_OK)
        code = factory_stats(o, plan->count, tokenizer ? &tokens : NULL, &stats, err);
    tokenizer_close(&tokenizer);
    if (code != ERR_OK)
        return code;
    json_open(&j, &out);
    if (common_options.json)
        factory_stats_json(&stats, &j);
    else
        factory_stats_text(&stats, &out);
    buf_add_z(&out, common_options.json ? "\n" : "");
    code = cli_print(&out, err);
    buf_free(&out);
    return code;
}

static enum err_code write_examples(const struct factory_options *o, uint64_t count, int fd,
                                    struct err *err)
{
    enum { CHUNK_BYTES = 1 << 18 };
    struct factory_example e = {0};
    struct buf lines = {0};
    struct factory *f;
    enum err_code code = factory_open(&f, o, err);
    for (uint64_t i = 0; code == ERR_OK && i < count; i++) {
        code = factory_next(f, &e, err);
        if (code != ERR_OK)
            break;
        factory_write(&e, &lines);
        if (lines.n >= CHUNK_BYTES) {
            code = file_write_all(fd, lines.p, lines.n, err);
            buf_reset(&lines);
        }
    }
    if (code == ERR_OK)
        code = lines.failed ? err_set(err, ERR_NO_MEMORY, "no memory for the examples")
                            : file_write_all(fd, lines.p, lines.n, err);
    factory_close(&f);
    factory_example_free(&e);
    buf_free(&lines);
    return code;
}

enum err_code cli_generate_data(const struct generate_data *plan, struct err *err)
{
    struct factory_options o;
    enum err_code code = read_options(plan, &o, err);
    if (code != ERR_OK)
        return code;
    if (plan->count < 1)
        return err_set(err, ERR_USAGE, "--count 0: at least 1 expected");
    if (plan->tokenizer && !plan->stats)
        return err_set(err, ERR_USAGE, "--tokenizer counts tokens for --stats: give both");
    if (plan->stats)
        return print_stats(&o, plan, err);
    if (!plan->out)
        return write_examples(&o, plan->count, STDOUT_FILENO, err);
    int fd = open(plan->out, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (fd < 0)
        return err_errno(err, errno, "cannot make %s", plan->out);
    code = write_examples(&o, plan->count, fd, err);
    if (code == ERR_OK && fsync(fd) != 0 && errno != EINVAL)
        code = err_errno(err, errno, "cannot write %s", plan->out);
    if (close(fd) != 0 && code == ERR_OK)
        code = err_errno(err, errno, "cannot write %s", plan->out);
    return code;
}
