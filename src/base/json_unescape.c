// Escapes of JSON strings that json_scan has checked, as the characters they stand for.
#include <string.h>

#include "base/json_scan.h"

static unsigned hex4(const char *p)
{
    unsigned v = 0;
    for (int i = 0; i < 4; i++)
        v = v << 4 | (unsigned)(p[i] <= '9' ? p[i] - '0' : (p[i] | 32) - 'a' + 10);
    return v;
}

static char *put_utf8(char *out, unsigned c)
{
    if (c < 0x80) {
        *out++ = (char)c;
        return out;
    }
    int more = c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
    static const unsigned lead[] = {0, 0xC0, 0xE0, 0xF0};
    *out++ = (char)(lead[more] | c >> 6 * more);
    while (more--)
        *out++ = (char)(0x80 | (c >> 6 * more & 0x3F));
    return out;
}

size_t json_unescape(struct str text, char *out)
{
    const char *p = text.p, *end = p + text.n;
    char *first = out;
    while (p < end) {
        if (*p != '\\' || end - p < 2) {
            *out++ = *p++;
            continue;
        }
        static const char from[] = "bfnrt", to[] = "\b\f\n\r\t";
        const char *known = strchr(from, p[1]);
        if (p[1] != 'u' || end - p < 6) {
            *out++ = known && p[1] ? to[known - from] : p[1];
            p += 2;
            continue;
        }
        unsigned c = hex4(p + 2);
        p += 6;
        if (c >= 0xD800 && c < 0xDC00 && end - p >= 6 && p[0] == '\\' && p[1] == 'u') {
            unsigned low = hex4(p + 2);
            if (low >= 0xDC00 && low < 0xE000) {
                c = 0x10000 + ((c - 0xD800) << 10) + (low - 0xDC00);
                p += 6;
            }
        }
        if (c >= 0xD800 && c < 0xE000)
            c = 0xFFFD;
        out = put_utf8(out, c);
    }
    return (size_t)(out - first);
}
