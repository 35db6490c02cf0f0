// Past a JSON value that cannot be read, by its quotes and brackets alone.
#include "base/json_scan_private.h"

// Past the string whose opening quote is at p, whatever stands in it; NULL without a closing quote.
static const char *past_string(const char *p, const char *end)
{
    for (p++; p < end; p++) {
        if (*p == '\\')
            p++;
        else if (*p == '"')
            return p + 1;
    }
    return NULL;
}

// Past the value at p: the bracket that closes its first one, or what ends a scalar. NULL when the
// text ends first.
static const char *past_value(const char *p, const char *end)
{
    size_t open = 0;
    for (; p < end; p++) {
        if (*p == '"') {
            p = past_string(p, end);
            if (!p)
                return NULL;
            p--;
        } else if (*p == '{' || *p == '[') {
            open++;
        } else if (*p == '}' || *p == ']') {
            if (open == 0)
                return p;
            if (--open == 0)
                return p + 1;
        } else if (*p == ',' && open == 0) {
            return p;
        }
    }
    return NULL;
}

bool json_scan_recover(struct json_scan *s, const struct json_scan *before)
{
    const char *p = json_scan_skip_blank(before->p, before->end), *end = before->end;
    if (before->expect == EXPECT_COMMA && p < end && *p == ',')
        p = json_scan_skip_blank(p + 1, end);
    bool container = p < end && (*p == '{' || *p == '[');
    p = past_value(p, end);
    if (!p)
        return false;
    // The caller must get on from here: a comma or the right bracket follows, or, at the top, a
    // container has been passed.
    const char *next = json_scan_skip_blank(p, end);
    if (before->depth == 0
            ? !container
            : next == end || (*next != ',' && *next != (json_scan_in_object(before) ? '}' : ']')))
        return false;
    *s = *before;
    s->p = p;
    json_scan_value_is_over(s);
    return true;
}
