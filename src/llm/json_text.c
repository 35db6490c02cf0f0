// Writes JSON values as Python prints them, which is what models were trained on.
#include "llm/json_text.h"

#include <string.h>

void json_text_string(struct buf *out, struct str text)
{
    buf_add_char(out, '"');
    for (size_t i = 0; i < text.n; i++) {
        static const char plain[] = "\"\\\b\f\n\r\t", named[] = "\"\\bfnrt";
        char c = text.p[i];
        const char *at = c ? strchr(plain, c) : NULL;
        if (at)
            buf_add(out, (char[]){'\\', named[at - plain]}, 2);
        else if ((unsigned char)c < 0x20)
            buf_printf(out, "\\u%04x", (unsigned)c);
        else
            buf_add_char(out, c);
    }
    buf_add_char(out, '"');
}

static void line_break(struct buf *out, int indent, int depth)
{
    if (indent)
        buf_printf(out, "\n%*s", indent * depth, "");
}

// The tree is no deeper than JSON_SCAN_DEPTH_DEFAULT.
static void add_node(struct buf *out, const struct json_node *node, int indent, int depth)
{
    bool object = node->type == JSON_OBJECT;
    switch (node->type) {
    case JSON_NULL:
        buf_add_z(out, "null");
        return;
    case JSON_BOOL:
        buf_add_z(out, node->truth ? "true" : "false");
        return;
    case JSON_NUMBER:
        buf_add_str(out, node->text);
        return;
    case JSON_STRING:
        json_text_string(out, node->text);
        return;
    case JSON_ARRAY:
    case JSON_OBJECT:
        break;
    }
    buf_add_char(out, object ? '{' : '[');
    for (const struct json_node *n = node->first; n; n = n->next) {
        line_break(out, indent, depth + 1);
        if (object) {
            json_text_string(out, n->key);
            buf_add_z(out, ": ");
        }
        add_node(out, n, indent, depth + 1);
        if (n->next)
            buf_add_z(out, indent ? "," : ", ");
    }
    if (node->first)
        line_break(out, indent, depth);
    buf_add_char(out, object ? '}' : ']');
}

void json_text_node(struct buf *out, const struct json_node *node, int indent)
{
    add_node(out, node, indent, 0);
}
