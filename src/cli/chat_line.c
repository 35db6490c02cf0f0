// A line typed at a terminal, with cursor keys and the lines before it.
#include "cli/chat_line.h"

#include <histedit.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <wchar.h>

#include "cli/talk.h"

enum { REMEMBERED_LINES = 500 };

struct chat_line {
    EditLine *edit;
    HistoryW *history;
    bool interrupted;
};

static wchar_t *prompt(EditLine *edit)
{
    static wchar_t text[] = L"> ";
    (void)edit;
    return text;
}

// The cursor keys of any terminal, whatever TERM says, and Ctrl-R.
static const wchar_t *const keys[][2] = {
    {L"\\e[A", L"ed-prev-history"},      {L"\\e[B", L"ed-next-history"},
    {L"\\e[C", L"ed-next-char"},         {L"\\e[D", L"ed-prev-char"},
    {L"\\e[H", L"ed-move-to-beg"},       {L"\\e[F", L"ed-move-to-end"},
    {L"\\e[3~", L"ed-delete-next-char"}, {L"^R", L"em-inc-search-prev"}};

// One byte: 1, 0 at the end, -1 after Ctrl-C.
static int read_byte(struct chat_line *l, unsigned char *byte)
{
    if (!talk_wait_for_line()) {
        l->interrupted = true;
        return -1;
    }
    return (int)read(STDIN_FILENO, byte, 1);
}

// libedit's own reader goes on after a signal. A byte that is no UTF-8 becomes U+FFFD.
static int read_character(EditLine *edit, wchar_t *to)
{
    struct chat_line *l;
    unsigned char byte;
    el_get(edit, EL_CLIENTDATA, &l);
    int got = read_byte(l, &byte);
    if (got <= 0)
        return got;
    int more = byte >= 0xf0 ? 3 : byte >= 0xe0 ? 2 : byte >= 0xc0 ? 1 : 0;
    wchar_t c = more ? byte & (0x3f >> more) : byte;
    bool broken = byte >= 0x80 && !more;
    for (; more && !broken; more--) {
        got = read_byte(l, &byte);
        if (got <= 0)
            return got;
        broken = (byte & 0xc0) != 0x80;
        c = c << 6 | (byte & 0x3f);
    }
    *to = broken || c > 0x10ffff ? 0xfffd : c;
    return 1;
}

static void add_character(struct buf *to, wchar_t c)
{
    static const unsigned char leads[] = {0, 0xc0, 0xe0, 0xf0};
    unsigned u = (unsigned)c;
    if (u < 0x80) {
        buf_add_char(to, (char)u);
        return;
    }
    int more = u < 0x800 ? 1 : u < 0x10000 ? 2 : 3;
    buf_add_char(to, (char)(leads[more] | u >> 6 * more));
    while (more-- > 0)
        buf_add_char(to, (char)(0x80 | (u >> 6 * more & 0x3f)));
}

struct chat_line *chat_line_open(void)
{
    struct chat_line *l = calloc(1, sizeof *l);
    HistEventW event;
    if (!l)
        return NULL;
    setlocale(LC_CTYPE, "C.UTF-8"); // libedit writes characters by it
    l->edit = el_init("fettle", stdin, stderr, stderr);
    l->history = history_winit();
    if (!l->edit || !l->history) {
        chat_line_close(&l);
        return NULL;
    }
    history_w(l->history, &event, H_SETSIZE, REMEMBERED_LINES);
    history_w(l->history, &event, H_SETUNIQUE, 1);
    el_wset(l->edit, EL_CLIENTDATA, l);
    el_wset(l->edit, EL_PROMPT, prompt);
    el_wset(l->edit, EL_EDITOR, L"emacs");
    el_wset(l->edit, EL_HIST, history_w, l->history);
    el_wset(l->edit, EL_GETCFN, read_character);
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        el_wset(l->edit, EL_BIND, keys[i][0], keys[i][1], NULL);
    return l;
}

void chat_line_close(struct chat_line **line)
{
    struct chat_line *l = *line;
    if (!l)
        return;
    if (l->edit)
        el_end(l->edit);
    if (l->history)
        history_wend(l->history);
    free(l);
    *line = NULL;
}

enum chat_line_end chat_line_read(struct chat_line *l, struct buf *text)
{
    int n = 0;
    HistEventW event;
    l->interrupted = false;
    buf_reset(text);
    el_resize(l->edit);
    el_wset(l->edit, EL_PREP_TERM, 1); // before the prompt, so that nothing is echoed twice
    const wchar_t *typed = el_wgets(l->edit, &n);
    if (!typed || n <= 0) {
        el_reset(l->edit);
        return l->interrupted ? CHAT_LINE_INTERRUPTED : CHAT_LINE_CLOSED;
    }
    for (int i = 0; i < n && typed[i] != L'\n' && typed[i] != L'\r'; i++)
        add_character(text, typed[i]);
    if (text->n)
        history_w(l->history, &event, H_ENTER, typed);
    return CHAT_LINE_TYPED;
}
