// Stop strings over token borders, and text that is always well formed.
#include "test.h"

#include <stdio.h>
#include <string.h>

#include "base/rng.h"
#include "llm/stop.h"

static struct stop *open_stop(const struct str *strings, size_t count)
{
    struct stop *s;
    struct err err;
    assert_ok(stop_open(strings, count, &s, &err), err);
    return s;
}

// Feeds the pieces; checks what is shown after each and whether it stops.
static void check(struct stop *s, const char *const *pieces, const char *const *shown, int n)
{
    for (int i = 0; i < n; i++) {
        struct buf out = {0};
        stop_feed(s, str_of(pieces[i]), &out);
        if (!str_is(buf_str(&out), shown[i]))
            fail_msg("piece %d '%s' shows '%.*s', expected '%s'", i, pieces[i],
                     STR_ARG(buf_str(&out)), shown[i]);
        buf_free(&out);
    }
}

static void a_stop_string_over_token_borders_is_never_shown(void **state)
{
    (void)state;
    struct stop *s = open_stop((struct str[]){STR_LIT("User:"), STR_LIT("\n\n")}, 2);
    check(s, (const char *[]){"Fine. U", "s", "er", ": hello", "more"},
          (const char *[]){"Fine. ", "", "", "", ""}, 5);
    assert_int_equal(stop_found(s), 0);
    stop_reset(s);
    check(s, (const char *[]){"Use", "ful\n", "x\n", "\nUser:"},
          (const char *[]){"", "Useful", "\nx", ""}, 4);
    assert_int_equal(stop_found(s), 1);
    stop_close(&s);
}

static void a_beginning_that_repeats_is_released_only_as_far_as_it_must(void **state)
{
    (void)state;
    struct stop *s = open_stop((struct str[]){STR_LIT("aab")}, 1);
    check(s, (const char *[]){"a", "a", "a", "a", "b"}, (const char *[]){"", "", "a", "a", ""}, 5);
    assert_int_equal(stop_found(s), 0);
    stop_close(&s);
}

static void the_longest_of_those_that_end_together_counts(void **state)
{
    (void)state;
    struct stop *s = open_stop((struct str[]){STR_LIT("d>"), STR_LIT("<end>"), STR_LIT("n")}, 3);
    check(s, (const char *[]){"a<e"}, (const char *[]){"a"}, 1);
    check(s, (const char *[]){"nd>"}, (const char *[]){"<e"}, 1);
    assert_int_equal(stop_found(s), 2); // "n" ends first
    stop_close(&s);
    s = open_stop((struct str[]){STR_LIT("d>"), STR_LIT("<end>")}, 2);
    check(s, (const char *[]){"a<end>b"}, (const char *[]){"a"}, 1);
    assert_int_equal(stop_found(s), 1);
    stop_close(&s);
}

static void a_character_is_shown_when_it_is_whole(void **state)
{
    (void)state;
    struct stop *s = open_stop(NULL, 0);
    check(s, (const char *[]){"\xf0\x9f", "\x98", "\x80!\xc3", "\xa9"},
          (const char *[]){"", "", "\xf0\x9f\x98\x80!", "\xc3\xa9"}, 4);
    stop_close(&s);
}

static void the_end_releases_what_was_held(void **state)
{
    (void)state;
    struct stop *s = open_stop((struct str[]){STR_LIT("stop")}, 1);
    check(s, (const char *[]){"do not sto"}, (const char *[]){"do not "}, 1);
    struct buf out = {0};
    stop_finish(s, &out);
    assert_string_equal(out.p, "sto");
    stop_reset(s);
    buf_reset(&out);
    stop_feed(s, str_of("e\xcc"), &out);
    stop_finish(s, &out);
    assert_string_equal(out.p, "e\xef\xbf\xbd");
    buf_free(&out);
    stop_close(&s);
}

static void bytes_that_are_no_text_become_replacement_characters(void **state)
{
    (void)state;
    // The examples of the Unicode Standard 15.0, table 3-8 and 3-9, and two more.
    static const struct {
        const char *bytes, *shown;
    } cases[] = {
        {"\xc0\xaf\xe0\x80\xbf\xf0\x81\x82\x41", "????????A"},
        {"\xed\xa0\x80\xed\xbf\xbf\xed\xaf\x41", "????????A"},
        {"\xf4\x91\x92\x93\xff\x41\x80\xbf\x42", "?????A??B"},
        {"\xe1\x80\xe2\xf0\x91\x92\xf1\xbf\x41", "????A"},
        {"\x80z", "?z"},
        {"\xe2\x82\xe2\x82\xac", "?\xe2\x82\xac"},
    };
    struct stop *s = open_stop(NULL, 0);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct buf out = {0}, want = {0};
        for (const char *p = cases[i].bytes; *p; p++) // one byte at a time
            stop_feed(s, (struct str){p, 1}, &out);
        for (const char *p = cases[i].shown; *p; p++)
            buf_add_z(&want, *p == '?' ? "\xef\xbf\xbd" : (char[]){*p, 0});
        assert_string_equal(out.p, want.p);
        buf_free(&out);
        buf_free(&want);
        stop_reset(s);
    }
    stop_close(&s);
}

// Random texts over few letters, cut at random: what is shown is the text before the stop string
// that ends first, found by searching the whole.
static void what_is_shown_is_the_text_before_the_first_stop_string(void **state)
{
    (void)state;
    struct rng rng;
    rng_seed(&rng, 5);
    for (int round = 0; round < 3000; round++) {
        char texts[3][8], text[64];
        struct str strings[3];
        for (int i = 0; i < 3; i++) {
            strings[i] = (struct str){texts[i], 1 + rng_below(&rng, 5)};
            for (size_t k = 0; k < strings[i].n; k++)
                texts[i][k] = (char)('a' + rng_below(&rng, 2));
        }
        for (size_t k = 0; k < sizeof text; k++)
            text[k] = (char)('a' + rng_below(&rng, round % 2 ? 2 : 3));
        size_t begin = sizeof text, end = sizeof text + 1;
        for (size_t at = 0; at < sizeof text; at++)
            for (int i = 0; i < 3; i++) {
                size_t n = strings[i].n;
                if (at + n > sizeof text || memcmp(text + at, texts[i], n) != 0)
                    continue;
                if (at + n < end || (at + n == end && at < begin)) {
                    begin = at;
                    end = at + n;
                }
            }
        struct stop *s = open_stop(strings, 3);
        struct buf out = {0};
        for (size_t at = 0; at < sizeof text;) {
            size_t n = 1 + rng_below(&rng, 6);
            n = n < sizeof text - at ? n : sizeof text - at;
            bool stopped = stop_feed(s, (struct str){text + at, n}, &out);
            at += n;
            assert_true(stopped == (end <= at));
            assert_true(out.n <= begin);
        }
        stop_finish(s, &out);
        assert_true(str_eq(buf_str(&out), (struct str){text, begin}));
        buf_free(&out);
        stop_close(&s);
    }
}

static void strings_that_cannot_be_are_refused(void **state)
{
    (void)state;
    static char bytes[STOP_BYTES_MAX + 1];
    struct str many[STOP_STRINGS_MAX + 1];
    struct stop *s;
    struct err err;
    for (size_t i = 0; i <= STOP_STRINGS_MAX; i++)
        many[i] = STR_LIT("x");
    assert_int_equal(stop_open(many, STOP_STRINGS_MAX + 1, &s, &err), ERR_USAGE);
    assert_int_equal(stop_open((struct str[]){STR_LIT("a"), STR_LIT("")}, 2, &s, &err), ERR_USAGE);
    assert_non_null(strstr(err.text, "stop string 2 has 0 bytes"));
    assert_int_equal(stop_open(&(struct str){bytes, sizeof bytes}, 1, &s, &err), ERR_USAGE);
    assert_null(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_stop_string_over_token_borders_is_never_shown),
        cmocka_unit_test(a_beginning_that_repeats_is_released_only_as_far_as_it_must),
        cmocka_unit_test(the_longest_of_those_that_end_together_counts),
        cmocka_unit_test(a_character_is_shown_when_it_is_whole),
        cmocka_unit_test(the_end_releases_what_was_held),
        cmocka_unit_test(bytes_that_are_no_text_become_replacement_characters),
        cmocka_unit_test(what_is_shown_is_the_text_before_the_first_stop_string),
        cmocka_unit_test(strings_that_cannot_be_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
