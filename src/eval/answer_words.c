// Looking for values and words in an answer.
#include "eval/answer_words.h"

#include <math.h>

#include "diagnose/claims.h"
#include "diagnose/units.h"

bool answer_cites(struct str answer, double value, struct str unit)
{
    struct claim claims[CLAIMS_MAX];
    size_t n = claims_read(answer, claims, CLAIMS_MAX);
    for (size_t i = 0; i < n && i < CLAIMS_MAX; i++) {
        double found = claims[i].value;
        if (claims[i].kind != CLAIM_NUMBER)
            continue;
        if (unit.n && claims[i].unit.n && !unit_same(unit, claims[i].unit))
            found = unit_convert(found, claims[i].unit, unit);
        if (fabs(found - value) <= 1e-6 * fabs(value))
            return true;
    }
    return false;
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

// The word stands in the answer, without case; '*' at its end is any ending.
static bool has_word(struct str answer, struct str word)
{
    bool any_ending = word.n && word.p[word.n - 1] == '*';
    word.n -= any_ending;
    for (size_t i = 0; i + word.n <= answer.n; i++) {
        bool begins = i == 0 || !is_letter(answer.p[i - 1]);
        bool ends = any_ending || i + word.n == answer.n || !is_letter(answer.p[i + word.n]);
        if (begins && ends && str_eq_nocase((struct str){answer.p + i, word.n}, word))
            return true;
    }
    return false;
}

bool answer_mentions(struct str answer, struct str ways)
{
    while (ways.p && ways.n) {
        struct str words = str_cut(&ways, '|');
        bool all = true;
        while (words.p && words.n && all)
            all = has_word(answer, str_cut(&words, ' '));
        if (all)
            return true;
    }
    return false;
}

static bool is_part(char c)
{
    return is_letter(c) || (c >= '0' && c <= '9') || c == '_';
}

bool answer_names(struct str answer, struct str name)
{
    for (size_t i = 0; name.n && i + name.n <= answer.n; i++) {
        bool begins = i == 0 || !is_part(answer.p[i - 1]);
        bool ends = i + name.n == answer.n || !is_part(answer.p[i + name.n]);
        if (begins && ends && str_eq_nocase((struct str){answer.p + i, name.n}, name))
            return true;
    }
    return false;
}

bool answer_is_supported(struct str question, struct str input, struct str answer)
{
    const struct str texts[] = {question, input};
    struct claim claims[CLAIMS_MAX];
    size_t count;
    return claims_check(answer, NULL, texts, 2, claims, &count) == 0;
}
