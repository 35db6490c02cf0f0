// Facts from the lines of a Modbus register dump.
//
//     40001 V_IN 84 x 0.1 V              the value is the product
//     40001: 0x0054 (84) V_IN x0.1 V     what the hexadecimal number stands for
//     HR40001 [V_IN] = 84 -> 8.4 V       what stands behind the last arrow or '=' is the value
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "diagnose/facts_private.h"

static struct str from(struct str s, size_t n)
{
    return str_trim((struct str){s.p + n, s.n - n});
}

static struct str word_of(struct str s)
{
    size_t n = 0;
    while (n < s.n && s.p[n] != ' ' && s.p[n] != '\t')
        n++;
    return (struct str){s.p, n};
}

static bool starts_nocase(struct str s, const char *prefix)
{
    size_t n = strlen(prefix);
    return s.n >= n && str_eq_nocase((struct str){s.p, n}, str_of(prefix));
}

// Goes past "reg 40001", "HR40001:", "40001"; 0 when the line does not begin with a register.
static size_t register_number(struct str line)
{
    static const char *const names[] = {
        "holding register", "input register", "register", "reg", "hr", "ir", "mw"};
    size_t n = 0, digits = 0;
    for (size_t i = 0; i < sizeof names / sizeof *names && n == 0; i++)
        if (starts_nocase(line, names[i]))
            n = strlen(names[i]);
    while (n < line.n && (line.p[n] == ' ' || line.p[n] == '#'))
        n++;
    while (n + digits < line.n && line.p[n + digits] >= '0' && line.p[n + digits] <= '9')
        digits++;
    if (digits != 5 || !strchr("134", line.p[n]))
        return 0;
    n += digits;
    return n < line.n && strchr(" :\t,=", line.p[n]) ? n + 1 : 0;
}

// The text behind the last "->", "=>" or "=" ahead of any bracket of limits; the whole if none.
static struct str behind_arrow(struct str s)
{
    size_t begin = 0;
    for (size_t i = 0; i < s.n && s.p[i] != '('; i++) {
        if (s.p[i] == '=' || (s.p[i] == '>' && i > 0 && s.p[i - 1] == '-'))
            begin = i + 1 + (i + 1 < s.n && s.p[i] == '=' && s.p[i + 1] == '>');
    }
    return from(s, begin);
}

// "84 x 0.1 V ..." as "8.4 V ...": true if it was a product, then written to `out`.
static bool product(struct str s, struct buf *out)
{
    double raw, scale;
    size_t n, more;
    char text[FACT_NUMBER_BYTES];
    if (starts_nocase(s, "0x") || !fact_number(s, &raw, &n, NULL))
        return false;
    struct str rest = from(s, n);
    if (rest.n < 2 || (rest.p[0] != 'x' && rest.p[0] != '*'))
        return false;
    rest = from(rest, 1);
    if (!fact_number(rest, &scale, &more, NULL))
        return false;
    snprintf(text, sizeof text, "%.6g", raw * scale);
    buf_printf(out, "%s %.*s", text, (int)(rest.n - more), rest.p + more);
    return true;
}

// "0x0054 (84) V_IN x0.1 V": the name, and as `out` the value in decimal digits with what is behind
// the name; without these digits the bits as they are, which may be any number. False for no such.
static bool hexadecimal(struct str s, struct str *name, struct buf *out)
{
    struct str bits = word_of(s), rest = from(s, bits.n);
    if (!starts_nocase(bits, "0x") || bits.n < 3)
        return false;
    const char *close = rest.n && rest.p[0] == '(' ? memchr(rest.p, ')', rest.n) : NULL;
    if (close) {
        bits = str_trim((struct str){rest.p + 1, (size_t)(close - rest.p) - 1});
        rest = from(rest, (size_t)(close - rest.p) + 1);
    }
    *name = word_of(rest);
    rest = from(rest, name->n);
    if (name->n == 0)
        return false;
    buf_add_str(out, bits);
    if (close)
        buf_printf(out, " %.*s", STR_ARG(rest));
    return !out->failed;
}

bool facts_read_register(struct facts_reader *r, struct str line)
{
    struct fact_value v;
    struct buf scaled = {0};
    size_t n = register_number(line);
    if (n == 0)
        return false;
    struct str rest = from(line, n), name = word_of(rest);
    while (rest.n && strchr(":=- ", rest.p[0])) {
        rest = from(rest, 1);
        name = word_of(rest);
    }
    struct buf decimal = {0};
    struct str value = from(rest, name.n);
    if (hexadecimal(rest, &name, &decimal))
        value = buf_str(&decimal);
    while (name.n && strchr("[(\"", name.p[0]))
        name = (struct str){name.p + 1, name.n - 1};
    while (name.n && strchr("])\":,=", name.p[name.n - 1]))
        name.n--;
    bool letters = false;
    for (size_t i = 0; i < name.n; i++)
        letters |= (name.p[i] | 0x20) >= 'a' && (name.p[i] | 0x20) <= 'z';
    if (!letters || value.n == 0) {
        buf_free(&decimal);
        return false;
    }
    value = behind_arrow(value);
    if (product(value, &scaled) && !scaled.failed)
        value = buf_str(&scaled);
    fact_value_read(value, &v);
    facts_put(r, name, &v);
    buf_free(&scaled);
    buf_free(&decimal);
    return true;
}
