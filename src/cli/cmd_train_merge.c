// fettle train merge: puts an adapter into its base.
#include "base/buf.h"
#include "cli/train.h"
#include "train/adapter_file.h"

enum err_code cli_train_merge(const struct option_list *operands, struct err *err)
{
    if (operands->count != 3)
        return err_set(err, ERR_USAGE, "a base and an adapter are expected after 'merge'");
    if (!train_options.out)
        return err_set(err, ERR_USAGE, "--out FILE is expected");
    enum err_code code =
        adapter_merge(operands->items[1], operands->items[2], (float)train_options.scale,
                      train_options.format, train_options.out, err);
    if (code)
        return code;
    struct buf text = {0};
    buf_printf(&text, "%s: %s with %s\n", train_options.out, operands->items[1],
               operands->items[2]);
    code = cli_print(&text, err);
    buf_free(&text);
    return code;
}
