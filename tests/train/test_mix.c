// Mixes: which tensor gets which format, beside what llama.cpp's llama-quantize chooses.
#include "test.h"

#include "train/mix.h"

static const struct mix *found(const char *name)
{
    const struct mix *m = NULL;
    struct err err;
    assert_ok(mix_find(name, &m, &err), err);
    return m;
}

static const char *format_in(const char *mix, const struct mix_model *model, const char *name)
{
    return mix_format(found(mix), model, str_of(name), 2, 256)->name;
}

// From reading llama_tensor_get_type in llama.cpp's src/llama-quant.cpp, for 32 layers.
static void a_tensor_gets_the_format_that_llama_cpp_gives_it(void **state)
{
    (void)state;
    static const struct {
        const char *mix, *name, *expected;
        uint32_t shared;
        bool important;
    } cases[] = {
        {"Q4_K_M", "blk.3.attn_v.weight", "Q6_K", 1, false},
        {"Q4_K_M", "blk.4.attn_v.weight", "Q4_K", 1, false},
        {"Q4_K_M", "blk.6.ffn_down.weight", "Q6_K", 1, false},
        {"Q4_K_M", "blk.28.ffn_down.weight", "Q6_K", 1, false},
        {"Q4_K_M", "blk.6.attn_q.weight", "Q4_K", 1, false},
        {"Q4_K_M", "blk.5.attn_qkv.weight", "Q5_K", 1, false},
        {"Q4_K_M", "output.weight", "Q6_K", 1, false},
        {"Q4_K_M", "token_embd.weight", "Q4_K", 1, false},
        {"Q4_K_S", "blk.3.attn_v.weight", "Q5_K", 1, false},
        {"Q4_K_S", "blk.4.attn_v.weight", "Q4_K", 1, false},
        {"Q4_K_S", "blk.3.ffn_down.weight", "Q5_K", 1, false},
        {"Q5_K_M", "blk.0.attn_qkv.weight", "Q6_K", 1, false},
        {"Q3_K_M", "blk.1.attn_v.weight", "Q5_K", 1, false},
        {"Q3_K_M", "blk.2.attn_v.weight", "Q4_K", 1, false},
        {"Q3_K_M", "blk.1.ffn_down.weight", "Q5_K", 1, false},
        {"Q3_K_M", "blk.2.ffn_down.weight", "Q4_K", 1, false},
        {"Q3_K_M", "blk.9.attn_output.weight", "Q4_K", 1, false},
        {"Q3_K_M", "blk.9.ffn_up.weight", "Q3_K", 1, false},
        {"Q3_K_S", "blk.0.attn_v.weight", "Q3_K", 1, false},
        {"Q3_K_L", "blk.9.ffn_down.weight", "Q5_K", 1, false},
        {"Q2_K", "blk.9.attn_v.weight", "Q3_K", 1, false},
        {"Q2_K", "blk.9.attn_v.weight", "Q4_K", 8, false},
        {"Q2_K", "blk.9.ffn_gate.weight", "Q2_K", 8, false},
        {"IQ4_XS", "blk.3.ffn_down.weight", "Q5_K", 1, false},
        {"IQ4_XS", "blk.3.ffn_down.weight", "IQ4_XS", 1, true},
        {"Q4_0", "blk.3.ffn_down.weight", "Q4_0", 1, false},
        {"Q4_0", "blk.3.ffn_down.weight", "Q4_1", 1, true},
        {"Q5_0", "blk.3.ffn_down.weight", "Q5_1", 1, true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct mix_model model = {
            .layers = 32, .shared = cases[i].shared, .has_important = cases[i].important};
        const char *got = format_in(cases[i].mix, &model, cases[i].name);
        if (strcmp(got, cases[i].expected) != 0)
            fail_msg("%s: %s is %s, expected %s", cases[i].mix, cases[i].name, got,
                     cases[i].expected);
    }
}

static void a_shared_embedding_is_kept_as_the_head(void **state)
{
    (void)state;
    struct mix_model model = {.layers = 2, .shared = 1, .tied = true};
    assert_string_equal(format_in("Q2_K", &model, "token_embd.weight"), "Q6_K");
}

static void the_short_names_mean_the_middle_mix(void **state)
{
    (void)state;
    const struct mix *none;
    struct err err;
    assert_ptr_equal(found("q4_k"), found("Q4_K_M"));
    assert_int_equal(mix_file_type(found("Q4_K")), 15); // LLAMA_FTYPE_MOSTLY_Q4_K_M
    assert_int_equal(mix_file_type(found("IQ4_XS")), 30);
    assert_int_equal(mix_find("Q9_K", &none, &err), ERR_NOT_FOUND);
    assert_non_null(strstr(err.text, "there are F32, F16"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_tensor_gets_the_format_that_llama_cpp_gives_it),
        cmocka_unit_test(a_shared_embedding_is_kept_as_the_head),
        cmocka_unit_test(the_short_names_mean_the_middle_mix),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
