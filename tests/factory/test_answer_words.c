// The words that answers may be rewritten with are those of the answers that the factory makes.
#include <string.h>

#include "diagnose/evidence_private.h"
#include "examples.h"

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static char small(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool has_word(struct str text, struct str word)
{
    for (size_t i = 0; i + word.n <= text.n; i++) {
        size_t k = 0;
        while (k < word.n && small(text.p[i + k]) == small(word.p[k]))
            k++;
        if (k == word.n && (i == 0 || !is_letter(text.p[i - 1])) &&
            (i + k == text.n || !is_letter(text.p[i + k])))
            return true;
    }
    return false;
}

// Words beside digits, underlines and signs are parts of keys and units.
static void check_words(void *arg, const struct factory_example *e)
{
    static const char *const statements[] = {"above", "below", "within", "min",
                                             "max",   "over",  "samples"};
    struct str answer = buf_str(&e->output), table = str_of(evidence_answer_words);
    size_t *checked = arg;
    for (size_t i = 0; i < answer.n;) {
        size_t start = i;
        while (i < answer.n && is_letter(answer.p[i]))
            i++;
        struct str word = {answer.p + start, i - start};
        bool alone = word.n && (start == 0 || strchr(" \"(", answer.p[start - 1])) &&
                     (i == answer.n || strchr(" .,:;?)\"", answer.p[i]));
        bool unit = start > 1 && answer.p[start - 2] >= '0' && answer.p[start - 2] <= '9';
        i += i == start;
        bool known = has_word(buf_str(&e->instruction), word) ||
                     has_word(buf_str(&e->input), word) || has_word(table, word);
        for (size_t k = 0; k < sizeof statements / sizeof *statements; k++)
            known = known || str_eq_nocase(word, str_of(statements[k]));
        if (alone && !unit && !known)
            fail_msg("no such word: %.*s in %.*s", STR_ARG(word), STR_ARG(answer));
        *checked += alone;
    }
}

static void every_word_of_an_answer_is_in_the_table_or_was_read(void **state)
{
    (void)state;
    size_t checked = 0;
    for (int split = FACTORY_TRAIN; split <= FACTORY_EVAL; split++) {
        each_example("diagnostics", 41, (enum factory_split)split, 150, check_words, &checked);
        each_example("incidents", 41, (enum factory_split)split, 60, check_words, &checked);
    }
    assert_true(checked > 5000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_word_of_an_answer_is_in_the_table_or_was_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
