// fettle model card: what is known of a model, for those who get it.
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "cli/model.h"
#include "nn/run_page.h"
#include "train/card.h"

// The curves beside the card: card.md has card.svg.
static enum err_code write_picture(const struct run *run, const char *card, char path[PATH_MAX],
                                   struct err *err)
{
    static const char *const curves[] = {"loss", "eval_loss"};
    struct str stem = str_of(card);
    if (str_ends(stem, STR_LIT(".md")))
        stem.n -= 3;
    if (snprintf(path, PATH_MAX, "%.*s.svg", STR_ARG(stem)) >= PATH_MAX)
        return err_set(err, ERR_LIMIT, "%s: path too long", card);
    struct buf picture = {0};
    enum err_code code = ERR_OK;
    if (!run_chart_write(run, curves, 2, &picture))
        path[0] = 0;
    else if (picture.failed)
        code = err_set(err, ERR_NO_MEMORY, "out of memory for a picture");
    else
        code = file_replace(path, picture.p, picture.n, err);
    buf_free(&picture);
    return code;
}

static enum err_code read_run(struct arena *arena, const struct run **out, struct err *err)
{
    char root[PATH_MAX];
    const char *data = common_options.data_dir ? common_options.data_dir : "fettle-data";
    const struct run *runs;
    size_t count;
    if (snprintf(root, sizeof root, "%s/runs", data) >= (int)sizeof root)
        return err_set(err, ERR_LIMIT, "%s: path too long", data);
    enum err_code code = run_read_all(root, arena, &runs, &count, err);
    return code ? code : run_find(runs, count, model_options.run, out, err);
}

enum err_code cli_model_card(const struct option_list *operands, struct err *err)
{
    const char *card = model_options.out;
    char path[PATH_MAX] = "";
    struct buf text = {0};
    if (cli_model_one(operands, err))
        return ERR_USAGE;
    if (!card)
        return err_set(err, ERR_USAGE, "--out FILE.md is expected");
    struct arena *arena = arena_open(0);
    if (!arena)
        return err_set(err, ERR_NO_MEMORY, "out of memory");
    struct card c = {.model = operands->items[1]};
    enum err_code code = model_options.run ? read_run(arena, &c.run, err) : ERR_OK;
    if (!code && c.run)
        code = write_picture(c.run, card, path, err);
    const char *slash = strrchr(path, '/');
    if (*path)
        c.picture = slash ? slash + 1 : path;
    if (!code)
        code = card_write(&c, &text, err);
    if (!code)
        code = file_replace(card, text.p, text.n, err);
    if (!code) {
        buf_reset(&text);
        buf_printf(&text, "%s%s%s\n", card, *path ? ", " : "", path);
        code = cli_print(&text, err);
    }
    buf_free(&text);
    arena_close(&arena);
    return code;
}
