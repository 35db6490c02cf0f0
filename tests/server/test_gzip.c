// Packing, and unpacking within bounds.
#include "test.h"

#include <stdlib.h>

#include "base/rng.h"
#include "server/gzip.h"

static void what_was_packed_unpacks_to_the_same(void **state)
{
    (void)state;
    struct rng rng;
    rng_seed(&rng, 7);
    static const size_t sizes[] = {0, 1, 1000, 65535, 65536, 65537, 1000000};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct buf in = {0}, packed = {0}, out = {0};
        struct err err;
        for (size_t k = 0; k < sizes[i]; k++)
            buf_add_char(&in, (char)rng_below(&rng, k % 2 ? 256 : 4));
        assert_true(gzip_pack(buf_str(&in), 1, &packed));
        assert_ok(gzip_unpack(buf_str(&packed), sizes[i], &out, &err), err);
        assert_true(str_eq(buf_str(&in), buf_str(&out)));
        buf_free(&in);
        buf_free(&packed);
        buf_free(&out);
    }
}

// `printf hello | gzip -n | xxd -i` twice over: gzip's own bytes, as two members.
static void gzip_of_the_command_line_is_read_with_all_its_members(void **state)
{
    (void)state;
    static const unsigned char hello[] = {0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
                                          0x03, 0xcb, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00, 0x86,
                                          0xa6, 0x10, 0x36, 0x05, 0x00, 0x00, 0x00};
    struct buf in = {0}, out = {0};
    struct err err;
    buf_add(&in, hello, sizeof hello);
    buf_add(&in, hello, sizeof hello);
    assert_ok(gzip_unpack(buf_str(&in), 100, &out, &err), err);
    assert_true(str_is(buf_str(&out), "hellohello"));
    buf_free(&in);
    buf_free(&out);
}

static void a_bomb_is_refused_without_being_unpacked(void **state)
{
    (void)state;
    // 64 MB of zeros in about 64 KB.
    size_t size = 64 << 20, limit = 1 << 20;
    char *zeros = calloc(1, size);
    struct buf packed = {0}, out = {0};
    struct err err;
    assert_true(gzip_pack((struct str){zeros, size}, 9, &packed));
    assert_int_equal(gzip_unpack(buf_str(&packed), limit, &out, &err), ERR_LIMIT);
    assert_true(out.cap <= 4 * limit);
    free(zeros);
    buf_free(&packed);
    buf_free(&out);
}

static void the_limit_itself_is_still_allowed(void **state)
{
    (void)state;
    char text[1000] = {0};
    struct buf packed = {0}, out = {0};
    struct err err;
    assert_true(gzip_pack((struct str){text, sizeof text}, 6, &packed));
    assert_ok(gzip_unpack(buf_str(&packed), 1000, &out, &err), err);
    buf_reset(&out);
    assert_int_equal(gzip_unpack(buf_str(&packed), 999, &out, &err), ERR_LIMIT);
    buf_free(&packed);
    buf_free(&out);
}

static void damage_is_named_with_its_place(void **state)
{
    (void)state;
    struct buf in = {0}, packed = {0}, out = {0};
    struct err err;
    for (int i = 0; i < 5000; i++)
        buf_printf(&in, "%d,", i * 7919 % 1009);
    assert_true(gzip_pack(buf_str(&in), 6, &packed));
    // Cut at every 97th byte: never success, always a message.
    for (size_t n = 0; n < packed.n; n += 97) {
        buf_reset(&out);
        assert_int_equal(gzip_unpack((struct str){packed.p, n}, 1 << 20, &out, &err), ERR_INPUT);
        assert_non_null(strstr(err.text, "byte"));
    }
    packed.p[packed.n / 2] ^= 0x55;
    buf_reset(&out);
    assert_int_equal(gzip_unpack(buf_str(&packed), 1 << 20, &out, &err), ERR_INPUT);
    assert_int_equal(gzip_unpack(STR_LIT("{\"not\":\"gzip\"}"), 1 << 20, &out, &err), ERR_INPUT);
    buf_free(&in);
    buf_free(&packed);
    buf_free(&out);
}

static void accept_encoding_is_read_with_its_weights(void **state)
{
    (void)state;
    assert_true(gzip_accepted("gzip"));
    assert_true(gzip_accepted("deflate, gzip;q=0.5, br"));
    assert_true(gzip_accepted("*"));
    assert_true(gzip_accepted("GZIP"));
    assert_false(gzip_accepted(NULL));
    assert_false(gzip_accepted(""));
    assert_false(gzip_accepted("br"));
    assert_false(gzip_accepted("gzip;q=0"));
    assert_false(gzip_accepted("gzip;q=0.000"));
    assert_false(gzip_accepted("xgzip"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_packed_unpacks_to_the_same),
        cmocka_unit_test(gzip_of_the_command_line_is_read_with_all_its_members),
        cmocka_unit_test(a_bomb_is_refused_without_being_unpacked),
        cmocka_unit_test(the_limit_itself_is_still_allowed),
        cmocka_unit_test(damage_is_named_with_its_place),
        cmocka_unit_test(accept_encoding_is_read_with_its_weights),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
