// fettle complete: goes on with a text.
#include <string.h>

#include "base/file.h"
#include "base/json_out.h"
#include "cli/talk.h"

enum { PROMPT_FILE_MAX = 64 << 20 };

static struct {
    const char *prompt, *file;
} opt;

static const struct option table[] = {
    {"prompt|p", "TEXT", "What to go on with", OPTION_TEXT, &opt.prompt},
    {"file|f", "FILE", "The same from a file (/dev/stdin for standard input)", OPTION_TEXT,
     &opt.file},
    TALK_OPTIONS,
    JSON_OPTION,
    OPTIONS_END};

static const struct option *options(void)
{
    return table;
}

static enum err_code read_prompt(struct buf *out, struct err *err)
{
    if (!opt.prompt == !opt.file)
        return err_set(err, ERR_USAGE, "one of -p TEXT and -f FILE is expected");
    if (opt.file)
        return file_read(opt.file, PROMPT_FILE_MAX, out, err);
    buf_add_z(out, opt.prompt);
    return ERR_OK;
}

static const char *finish_name(const struct talk_answer *a)
{
    return a->interrupted ? "interrupted" : a->finish == ANSWER_LENGTH ? "length" : "stop";
}

static double per_second(uint32_t count, int64_t us)
{
    return us > 0 ? count * 1e6 / (double)us : 0;
}

static void write_json(const struct talk_answer *a, struct buf *out)
{
    const struct answer_stats *s = &a->stats;
    struct json_out j;
    json_open(&j, out);
    json_object(&j);
    json_key(&j, "text");
    json_str(&j, buf_str(&a->text));
    json_key_text(&j, "finish_reason", finish_name(a));
    json_key_int(&j, "prompt_tokens", s->prompt_tokens);
    json_key_int(&j, "tokens", s->tokens);
    json_key_real(&j, "prompt_per_second", per_second(s->prompt_tokens, s->prompt_us));
    json_key_real(&j, "tokens_per_second",
                  per_second(s->tokens > 1 ? s->tokens - 1 : 0, s->decode_us));
    json_key_real(&j, "first_token_ms", (double)s->first_token_us / 1e3);
    json_end(&j);
}

static enum err_code answer(struct talk *t, struct str prompt, struct err *err)
{
    struct tokens tokens = {0};
    struct talk_answer a = {0};
    struct buf out = {0};
    enum err_code code =
        tokenizer_encode(serving_tokenizer(t->serving), prompt, TOKENIZE_ENDS, &tokens, err);
    if (!code)
        code = talk_ask(t, &tokens, !common_options.json, &a, err);
    if (!code) {
        if (common_options.json)
            write_json(&a, &out);
        buf_add_char(&out, '\n');
        code = cli_print(&out, err);
    }
    if (!code && a.interrupted)
        code = err_set(err, ERR_CANCELLED, "interrupted");
    tokens_free(&tokens);
    buf_free(&a.text);
    buf_free(&out);
    return code;
}

static enum err_code run(const struct option_list *operands, struct err *err)
{
    struct buf prompt = {0};
    struct talk talk = {0};
    if (operands->count)
        return err_set(err, ERR_USAGE, "%s: the text is given with -p", operands->items[0]);
    enum err_code code = read_prompt(&prompt, err);
    if (!code)
        code = talk_open(&talk, err);
    talk_catch_interrupt();
    if (!code)
        code = answer(&talk, buf_str(&prompt), err);
    talk_close(&talk);
    buf_free(&prompt);
    return code;
}

const struct command command_complete = {
    .name = "complete",
    .operands = "",
    .summary = "Let a language model go on with a text",
    .text =
        "Reads the text as it is, without a chat template, and prints what the model makes of it\n"
        "as it comes. With --json the answer comes whole, with its speed. Ctrl-C ends it.",
    .examples = "  fettle complete -m model.gguf -p 'The pump hums because'\n"
                "  fettle complete -m model.gguf -f log.txt --temperature 0 --tokens 200\n"
                "  fettle complete -m model.gguf -p 'State: ' --grammar state.gbnf --json\n",
    .options = options,
    .run = run,
};
