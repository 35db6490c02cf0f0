// Finds calls between the family's marks; what does not parse as a call stays text.
#include "server/openai_calls.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "base/json_doc.h"

enum { ARENA_MAX = 16 << 20 };

static const char python_tag[] = "<|python_tag|>";

static bool add_call(struct openai_calls *c, const struct json_node *n)
{
    const char *name = json_get_text(n, "name");
    const struct json_node *arguments = json_get(n, c->style->arguments);
    if (!arguments)
        arguments = json_get(n, "arguments");
    if (!name[0] || !arguments || arguments->type != JSON_OBJECT || c->count == OPENAI_CALLS_MAX)
        return false;
    struct buf text = {0};
    struct json_out j;
    json_open(&j, &text);
    json_write(&j, arguments);
    struct openai_call *call = &c->list[c->count];
    call->name = strdup(name);
    call->arguments = text.failed ? NULL : text.p;
    if (!call->name || !call->arguments) {
        free(call->name);
        buf_free(&text);
        return false;
    }
    snprintf(call->id, sizeof call->id, "call_%08x%08x%08x", randombytes_random(),
             randombytes_random(), randombytes_random());
    c->count++;
    return true;
}

// One call, or a list of them. False, adding none: it is not that.
static bool read_calls(struct openai_calls *c, struct str json)
{
    struct arena *arena = arena_open(ARENA_MAX);
    struct json_node *root = NULL;
    size_t before = c->count;
    bool good = arena && json_read(arena, json, "call", &root, NULL) == ERR_OK;
    if (good && root->type == JSON_ARRAY) {
        good = root->count > 0;
        for (const struct json_node *n = root->first; n && good; n = n->next)
            good = add_call(c, n);
    } else if (good) {
        good = add_call(c, root);
    }
    for (; !good && c->count > before; c->count--) {
        free(c->list[c->count - 1].name);
        free(c->list[c->count - 1].arguments);
    }
    arena_close(&arena);
    return good;
}

// Where `mark`, or as much of it as there is text left, stands first; the length of the text:
// nowhere.
static size_t find_mark(struct str text, const char *mark)
{
    size_t n = strlen(mark);
    for (size_t i = 0; i < text.n; i++) {
        size_t left = text.n - i < n ? text.n - i : n;
        if (memcmp(text.p + i, mark, left) == 0)
            return i;
    }
    return text.n;
}

static void drop_front(struct buf *b, size_t n)
{
    memmove(b->p, b->p + n, b->n - n);
    b->n -= n;
}

// The opening as it is looked for: blanks at its end may be missing in an answer.
static struct str opening(const struct openai_calls *c)
{
    struct str open = str_trim(str_of(c->style->open));
    if (c->style->array && str_ends(open, STR_LIT("[")))
        open = str_trim((struct str){open.p, open.n - 1});
    return open;
}

static bool look_outside(struct openai_calls *c, struct buf *text)
{
    char mark[64];
    struct str open = opening(c);
    str_copy(mark, sizeof mark, open);
    size_t at = find_mark(buf_str(&c->held), mark);
    buf_add(text, c->held.p, at);
    drop_front(&c->held, at);
    if (c->held.n < open.n)
        return false;
    drop_front(&c->held, open.n);
    return c->inside = true;
}

// True when a call ended and more may follow.
static bool look_inside(struct openai_calls *c, struct buf *text)
{
    struct str close = str_trim(str_of(c->style->close));
    char mark[64];
    if (c->style->array || close.n == 0)
        return false; // to the end of the answer
    str_copy(mark, sizeof mark, close);
    size_t at = find_mark(buf_str(&c->held), mark);
    if (c->held.n - at < close.n)
        return false;
    struct str json = str_trim((struct str){c->held.p, at});
    if (!read_calls(c, json)) {
        struct str open = opening(c);
        buf_add_str(text, open);
        buf_add(text, c->held.p, at + close.n);
    }
    drop_front(&c->held, at + close.n);
    c->inside = false;
    return true;
}

// A family without an opening: the answer is a call when it is a JSON object from its first byte.
static void decide(struct openai_calls *c)
{
    struct str held = str_trim(buf_str(&c->held));
    if (held.n == 0 || (held.n < sizeof python_tag - 1 && memcmp(held.p, python_tag, held.n) == 0))
        return;
    c->decided = true;
    c->inside = held.p[0] == '{' || str_starts(held, STR_LIT("<|python_tag|>"));
}

void openai_calls_feed(struct openai_calls *c, struct str more, struct buf *text)
{
    if (!c->style || c->held.failed) {
        buf_add_str(text, more);
        return;
    }
    buf_add_str(&c->held, more);
    if (c->forced)
        return;
    if (c->style->open[0] == '\0') {
        if (!c->decided)
            decide(c);
        if (c->decided && !c->inside) {
            buf_add_str(text, buf_str(&c->held));
            buf_reset(&c->held);
        }
        return;
    }
    while (c->held.n && (c->inside ? look_inside(c, text) : look_outside(c, text)))
        continue;
}

void openai_calls_finish(struct openai_calls *c, struct buf *text)
{
    struct str held = str_trim(buf_str(&c->held));
    bool was_inside = c->inside || c->forced;
    if (!c->style || c->held.n == 0)
        return;
    if (str_starts(held, STR_LIT("<|python_tag|>")))
        held = str_trim(
            (struct str){held.p + sizeof python_tag - 1, held.n - (sizeof python_tag - 1)});
    if (!was_inside || !read_calls(c, held)) {
        if (c->inside)
            buf_add_str(text, opening(c));
        buf_add_str(text, buf_str(&c->held));
    }
    buf_reset(&c->held);
    c->inside = false;
}

void openai_calls_free(struct openai_calls *c)
{
    for (size_t i = 0; i < c->count; i++) {
        free(c->list[i].name);
        free(c->list[i].arguments);
    }
    buf_free(&c->held);
    c->count = 0;
}
