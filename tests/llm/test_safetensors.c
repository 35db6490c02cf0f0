// The safetensors reader: what it gives of a good file, and how it refuses bad ones.
#include "test.h"

#include <stdio.h>
#include <string.h>

#include "llm/safetensors.h"

enum { ROOM = 4096 };

// A file of this header and `data` bytes of data that count upwards.
static size_t file_of(const char *header, size_t data, unsigned char out[ROOM])
{
    size_t n = strlen(header);
    memset(out, 0, 8);
    out[0] = (unsigned char)n;
    out[1] = (unsigned char)(n >> 8);
    memcpy(out + 8, header, n);
    for (size_t i = 0; i < data; i++)
        out[8 + n + i] = (unsigned char)i;
    return 8 + n + data;
}

static void tensors_are_found_with_their_shape_and_data(void **state)
{
    (void)state;
    unsigned char bytes[ROOM];
    size_t n = file_of("{\"__metadata__\":{\"format\":\"pt\"},"
                       "\"b\":{\"shape\":[],\"data_offsets\":[24,32],\"dtype\":\"I64\"},"
                       "\"a.\\u0077eight\":{\"dtype\":\"F32\",\"shape\":[2,3],"
                       "\"data_offsets\":[0,24]}}  ",
                       32, bytes);
    struct safetensors *s;
    struct err err;
    assert_ok(safetensors_open_bytes(bytes, n, "x", &s, &err), err);
    assert_int_equal(safetensors_count(s), 2);
    const struct safetensors_tensor *a = safetensors_find(s, STR_LIT("a.weight"));
    assert_non_null(a);
    assert_string_equal(a->dtype, "F32");
    assert_string_equal(a->format->name, "F32");
    assert_int_equal(a->dims, 2);
    assert_int_equal(a->shape[0], 2);
    assert_int_equal(a->shape[1], 3);
    assert_int_equal(a->count, 6);
    assert_int_equal(a->data[0], 0);
    assert_int_equal(a->data[23], 23);
    const struct safetensors_tensor *b = safetensors_at(s, 0);
    assert_int_equal(b->dims, 0);
    assert_int_equal(b->count, 1);
    assert_null(b->format);
    assert_int_equal(b->data[0], 24);
    assert_null(safetensors_find(s, STR_LIT("a")));
    safetensors_close(&s);
    assert_null(s);
}

#define T(dtype, shape, place)                                                                     \
    "\"t\":{\"dtype\":\"" dtype "\",\"shape\":[" shape "],\"data_offsets\":[" place "]}"

static void bad_headers_are_refused_by_tensor_and_field(void **state)
{
    (void)state;
    static const struct {
        const char *header;
        size_t data;
        const char *says;
    } cases[] = {
        {"[]", 0, "object"},
        {"{" T("F32", "2", "0,8") "", 8, "ends inside"},
        {"{" T("F32", "2", "0,8") "} {}", 8, "byte"},
        {"{" T("F32", "2", "0,8") "," T("F32", "2", "8,16") "}", 16, "twice"},
        {"{" T("F31", "2", "0,8") "}", 8, "'t': dtype 'F31'"},
        {"{" T("F32", "2.5", "0,8") "}", 8, "'shape'"},
        {"{" T("F32", "-1", "0,8") "}", 8, "'shape'"},
        {"{" T("F32", "4294967296,4294967296", "0,8") "}", 8, "'shape' overflows"},
        {"{" T("F64", "4294967296,536870912", "0,8") "}", 8, "'shape' overflows"},
        {"{" T("F32", "1,1,1,1,1,1,1,1,2", "0,8") "}", 8, "more than 8"},
        {"{" T("F32", "3", "0,8") "}", 8, "are 12 bytes"},
        {"{" T("F32", "2", "0,12") "}", 8, "not within the 8 bytes"},
        {"{" T("F32", "2", "8,0") "}", 8, "not within"},
        {"{" T("F32", "2", "0") "}", 8, "'data_offsets'"},
        {"{" T("F32", "2", "0,8,9") "}", 8, "'data_offsets'"},
        {"{" T("F32", "1", "4,8") "}", 8, "no tensor"},
        {"{" T("F32", "1", "0,4") "}", 8, "no tensor"},
        {"{" T("F32", "2",
               "0,8") ",\"u\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[4,12]}}",
         12, "'u' overlaps"},
        {"{\"t\":{\"dtype\":\"F32\",\"shape\":[2]}}", 8, "'data_offsets' is missing"},
        {"{\"t\":{\"shape\":[2],\"data_offsets\":[0,8]}}", 8, "'dtype' is missing"},
        {"{\"t\":{\"dtype\":\"F32\",\"data_offsets\":[0,8],\"x\":1}}", 8, "field 'x'"},
        {"{\"\":{}}", 0, "name"},
        {"{\"\\u0007\":{}}", 0, "printable"},
        {"{\"t\":7}", 0, "an object"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        unsigned char bytes[ROOM];
        struct safetensors *s;
        struct err err;
        size_t n = file_of(cases[i].header, cases[i].data, bytes);
        assert_int_not_equal(safetensors_open_bytes(bytes, n, "w.safetensors", &s, &err), ERR_OK);
        assert_null(s);
        if (!strstr(err.text, cases[i].says) || strncmp(err.text, "w.safetensors: byte", 19) != 0)
            fail_msg("%s: '%s' does not say '%s'", cases[i].header, err.text, cases[i].says);
    }
}

static void a_file_cut_anywhere_is_refused(void **state)
{
    (void)state;
    unsigned char bytes[ROOM];
    struct safetensors *s;
    struct err err;
    size_t n = file_of("{" T("BF16", "4", "0,8") "}", 8, bytes);
    for (size_t cut = 0; cut < n; cut++)
        assert_int_equal(safetensors_open_bytes(bytes, cut, "x", &s, &err), ERR_INPUT);
    assert_ok(safetensors_open_bytes(bytes, n, "x", &s, &err), err);
    safetensors_close(&s);
    bytes[7] = 0xff; // of the length
    assert_int_equal(safetensors_open_bytes(bytes, n, "x", &s, &err), ERR_INPUT);
}

static void a_file_that_is_not_there_is_named(void **state)
{
    (void)state;
    struct safetensors *s;
    struct err err;
    assert_int_equal(safetensors_open("/no/such.safetensors", &s, &err), ERR_NOT_FOUND);
    assert_non_null(strstr(err.text, "/no/such.safetensors"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tensors_are_found_with_their_shape_and_data),
        cmocka_unit_test(bad_headers_are_refused_by_tensor_and_field),
        cmocka_unit_test(a_file_cut_anywhere_is_refused),
        cmocka_unit_test(a_file_that_is_not_there_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
