// Where a date or a time of day stands at the start of a text.
#include "diagnose/facts_private.h"

// Matches `pattern` at the start of `text`: '0' a digit, 'a' a letter, anything else itself.
// Returns the matched length, or 0.
static size_t match(struct str text, const char *pattern)
{
    size_t n = 0;
    for (; pattern[n]; n++) {
        if (n == text.n)
            return 0;
        char c = text.p[n];
        bool digit = c >= '0' && c <= '9';
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (pattern[n] == '0' ? !digit : pattern[n] == 'a' ? !letter : c != pattern[n])
            return 0;
    }
    return n;
}

static size_t match_any(struct str text, const char *const *patterns, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        size_t n = match(text, patterns[i]);
        if (n)
            return n;
    }
    return 0;
}

static struct str after(struct str s, size_t n)
{
    return (struct str){s.p + n, s.n - n};
}

// ".123Z", "+02:00" behind a time of day.
static size_t time_tail(struct str s)
{
    size_t n = 0;
    if (s.n > 1 && (s.p[0] == '.' || s.p[0] == ',') && s.p[1] >= '0' && s.p[1] <= '9')
        for (n = 1; n < s.n && s.p[n] >= '0' && s.p[n] <= '9';)
            n++;
    struct str zone = after(s, n);
    if (zone.n && zone.p[0] == 'Z')
        return n + 1;
    static const char *const zones[] = {"+00:00", "-00:00", " UTC", " GMT"};
    return n + match_any(zone, zones, sizeof zones / sizeof *zones);
}

static size_t time_of_day(struct str s)
{
    static const char *const clocks[] = {"00:00:00", "00:00", "0:00"};
    size_t n = match_any(s, clocks, sizeof clocks / sizeof *clocks);
    return n ? n + time_tail(after(s, n)) : 0;
}

size_t facts_timestamp(struct str text)
{
    static const char *const dates[] = {"0000-00-00", "0000/00/00", "00.00.0000", "00/00/0000",
                                        "aaa 00",     "aaa  0",     "00-aaa-0000"};
    size_t date = match_any(text, dates, sizeof dates / sizeof *dates);
    if (date == 0)
        return time_of_day(text);
    size_t gap = date < text.n && (text.p[date] == 'T' || text.p[date] == ' ') ? 1 : 0;
    size_t clock = gap ? time_of_day(after(text, date + gap)) : 0;
    // "aaa 00" alone is no date: "for 12" is one by its look.
    bool month_name = date == 6;
    if (month_name && !clock)
        return 0;
    return clock ? date + gap + clock : date;
}
