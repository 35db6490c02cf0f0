// fettle train tokenizer: byte-level BPE from files.
#include "base/buf.h"
#include "base/json_out.h"
#include "cli/train.h"
#include "train/tokenizer_train.h"

enum err_code cli_train_tokenizer(const struct option_list *operands, struct err *err)
{
    if (operands->count < 2)
        return err_set(err, ERR_USAGE, "files to learn from are expected after 'tokenizer'");
    if (!train_options.out)
        return err_set(err, ERR_USAGE, "--out FILE is expected");
    struct buf paths = {0}, text = {0};
    for (size_t i = 1; i < operands->count; i++)
        buf_printf(&paths, "%s%s", i > 1 ? "," : "", operands->items[i]);
    if (paths.failed) {
        buf_free(&paths);
        return err_set(err, ERR_NO_MEMORY, "out of memory");
    }
    int64_t V = train_options.vocabulary;
    struct tokenizer_plan plan = {paths.p, train_options.pre,
                                  V > UINT32_MAX ? UINT32_MAX : (uint32_t)V,
                                  (uint64_t)train_options.least};
    struct tokenizer_result result = {0};
    enum err_code code = train_tokenizer(&plan, train_options.out, &result, err);
    buf_free(&paths);
    if (code)
        return code;
    if (common_options.json) {
        struct json_out j;
        json_open(&j, &text);
        json_object(&j);
        json_key_text(&j, "file", train_options.out);
        json_key_int(&j, "tokens", result.vocabulary);
        json_key_int(&j, "corpus_bytes", (int64_t)result.bytes);
        json_end(&j);
    } else {
        buf_printf(&text, "%s: %u tokens from %llu bytes of text", train_options.out,
                   result.vocabulary, (unsigned long long)result.bytes);
    }
    buf_add_char(&text, '\n');
    code = cli_print(&text, err);
    buf_free(&text);
    return code;
}
