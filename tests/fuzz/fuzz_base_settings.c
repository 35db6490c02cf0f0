// Fuzzes the reading of settings from YAML: any bytes give values or an error, and values that were
// read are written so that they read back the same.
#include <stdint.h>
#include <stdlib.h>

#include "base/settings.h"

static const struct setting_def table[] = {{"a.whole", "1", NULL, "", -5, 5, SETTING_INT, 0},
                                           {"a.real", "none", NULL, "", 0, 0, SETTING_REAL, 0},
                                           {"a.flag", "no", NULL, "", 0, 0, SETTING_BOOL, 0},
                                           {"a.wait", "1s", NULL, "", 0, 0, SETTING_DURATION, 0},
                                           {"a.size", "1K", NULL, "", 0, 0, SETTING_BYTES, 0},
                                           {"a.word", "x", "x|y", "", 0, 0, SETTING_CHOICE, 0},
                                           {"text", "", NULL, "", 0, 0, SETTING_TEXT, 0},
                                           {"s.*.t", NULL, NULL, "", 0, 0, SETTING_TEXT, 0},
                                           {"s.*", NULL, NULL, "", 0, 0, SETTING_REAL, 0},
                                           {0}};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct setting_def *const tables[] = {table};
    struct settings *first = settings_open(tables, 1), *second = settings_open(tables, 1);
    struct buf a = {0}, b = {0};
    struct err err = {0};
    if (!first || !second)
        abort();
    if (settings_load_text(first, (struct str){(const char *)data, size}, "f", &err) == ERR_OK) {
        settings_to_yaml(first, &a);
        if (settings_load_text(second, buf_str(&a), "again", &err) != ERR_OK)
            abort();
        settings_to_yaml(second, &b);
        if (!str_eq(buf_str(&a), buf_str(&b)))
            abort();
    } else if (err.text[0] != 'f') {
        abort(); // the message must begin with the place
    }
    buf_free(&a);
    buf_free(&b);
    settings_close(&first);
    settings_close(&second);
    return 0;
}
