// What loggers write before the pairs of a line: times, levels, priorities, senders.
#include "diagnose/facts_private.h"

static const char levels[] = "debug info notice warn warning err error alm alarm crit critical "
                             "fatal trace evt event alert <alarm> <warn>";

// "[...]" at the start whose inside begins with a time or is a level: its length, or 0.
static size_t bracketed(struct facts_reader *r, struct str line)
{
    const char *close = line.n && line.p[0] == '[' ? memchr(line.p, ']', line.n) : NULL;
    if (!close)
        return 0;
    struct str inside = {line.p + 1, (size_t)(close - line.p) - 1};
    size_t n = facts_timestamp(inside);
    if (n)
        facts_time(r, (struct str){inside.p, n});
    return n || fact_word_in(inside, levels) ? inside.n + 2 : 0;
}

// "<134>" of syslog.
static size_t priority(struct str line)
{
    size_t n = 1;
    if (line.n < 3 || line.p[0] != '<')
        return 0;
    while (n < line.n && fact_is_digit(line.p[n]))
        n++;
    return n > 1 && n < line.n && line.p[n] == '>' ? n + 1 : 0;
}

// "host process[123]: " behind a time: its length, or 0. `host` gets the host.
static size_t sender(struct str line, struct str *host)
{
    struct str name = fact_first_word(line);
    struct str rest = str_trim(fact_from(line, name.n));
    struct str process = fact_first_word(rest);
    bool bare = name.n && memchr(name.p, '=', name.n) == NULL && name.p[name.n - 1] != ':';
    if (!bare || process.n < 2 || process.p[process.n - 1] != ':' ||
        !memchr(process.p, '[', process.n))
        return 0;
    *host = name;
    return (size_t)(process.p - line.p) + process.n;
}

struct str facts_skip_prefix(struct facts_reader *r, struct str line, struct str *host)
{
    size_t n;
    bool timed = false;
    for (;;) {
        line = str_trim(line);
        struct str word = fact_first_word(line);
        if ((n = facts_timestamp(line)) != 0 && (n == line.n || strchr(" ]:,|;\t", line.p[n]))) {
            facts_time(r, (struct str){line.p, n});
            n += n < line.n && line.p[n] == ':';
            timed = true;
        } else if ((n = bracketed(r, line)) == 0 && (n = priority(line)) == 0 &&
                   !(timed && (n = sender(line, host)) != 0)) {
            while (word.n && strchr(":,", word.p[word.n - 1]))
                word.n--;
            bool mark = word.n && strspn(word.p, ">|-*:#") >= word.n;
            struct str behind = str_trim(fact_from(line, word.n));
            bool key = behind.n == 0 || behind.p[0] == '=';
            n = (fact_word_in(word, levels) && !key) || mark ? word.n : 0;
            if (fact_word_in(word, levels) && word.n < line.n && line.p[word.n] == ':')
                n = timed ? word.n + 1 : 0;
        }
        if (n == 0)
            return line;
        r->levelled |= fact_word_in(word, levels);
        line = fact_from(line, n);
    }
}
