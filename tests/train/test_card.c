// Model cards: what they say of a model and its run, and that nothing in a file breaks them.
#include "test.h"

#include "llm/gguf_write.h"
#include "nn/run_page.h"
#include "scratch.h"
#include "train/card.h"

static const char *make_model(const char *name, const char *licence)
{
    struct gguf_writer *w;
    struct err err;
    const char *path = scratch_path("m.gguf");
    float row[64] = {0};
    assert_ok(gguf_write_open(path, &w, &err), err);
    gguf_write_string(w, "general.architecture", STR_LIT("llama"));
    gguf_write_string(w, "general.name", str_of(name));
    gguf_write_string(w, "general.license", str_of(licence));
    gguf_write_u32(w, "llama.block_count", 3);
    gguf_write_u32(w, "llama.context_length", 777);
    gguf_write_tensor(w, "a.weight", quant_format_of(QUANT_F32), (uint64_t[]){16}, 1);
    gguf_write_tensor(w, "b.weight", quant_format_of(QUANT_F16), (uint64_t[]){16, 2}, 2);
    gguf_write_data(w, row, 64);
    gguf_write_data(w, row, 64);
    assert_ok(gguf_write_finish(&w, &err), err);
    return path;
}

static const struct run_point losses[] = {{1, 4}, {10, 2}}, evals[] = {{5, 3}, {10, 1}, {15, 2}};
static const struct run_metric metrics[] = {{"eval_loss", evals, 3}, {"loss", losses, 2}};
static const struct run_param params[] = {{"data.eval", "held | out.jsonl"},
                                          {"data.train", "train.jsonl"},
                                          {"train.batch_tokens", "512"}};
static const struct run a_run = {.id = "0123456789abcdef0123456789abcdef",
                                 .name = "r",
                                 .status = RUN_FINISHED,
                                 .params = params,
                                 .param_count = 3,
                                 .metrics = metrics,
                                 .metric_count = 2};

static char *write_card(const char *model, const struct run *run, const char *picture,
                        struct buf *out)
{
    struct err err;
    struct card c = {model, run, picture};
    buf_reset(out);
    assert_ok(card_write(&c, out, &err), err);
    return out->p;
}

#define assert_says(text, words)                                                                   \
    do {                                                                                           \
        if (!strstr(text, words))                                                                  \
            fail_msg("'%s' is not in:\n%s", words, text);                                          \
    } while (0)

static void a_card_tells_shape_weights_and_what_the_run_reached(void **state)
{
    (void)state;
    struct buf out = {0};
    const char *card = write_card(make_model("tiny", "apache-2.0"), &a_run, "my card.svg", &out);
    assert_says(card, "---\nlibrary_name: gguf\nlicense: apache-2.0\n");
    assert_says(card, "\n# tiny\n");
    assert_says(card, "| parameters | 48 |");
    // 16 floats and 32 halves: 128 bytes, 1024 bits for 48 weights
    assert_says(card, "0.00 MB: F32 50.0 % F16 50.0 %, 21.33 bits a weight");
    assert_says(card, "777 tokens");
    assert_says(card, "Learned from train.jsonl, evaluated on held \\| out.jsonl. 10 steps of 512");
    assert_says(card, "loss 1.0000 after 10 steps, a perplexity of 2.718");
    assert_says(card, "| eval_loss | 2 |");
    assert_says(card, "(my%20card.svg)");
    assert_says(card, "Run `0123456789abcdef0123456789abcdef`, finished");
    buf_free(&out);
}

static void without_a_run_the_card_says_that_it_is_not_known(void **state)
{
    (void)state;
    struct buf out = {0};
    const char *card = write_card(make_model("tiny", "mit"), NULL, NULL, &out);
    assert_says(card, "not known");
    assert_says(card, "None is on record");
    assert_null(strstr(card, "!["));
    buf_free(&out);
}

static void text_of_a_file_cannot_break_out_of_its_place(void **state)
{
    (void)state;
    struct buf out = {0};
    const char *card =
        write_card(make_model("a\n# b | <script>", "x\nkey: value"), NULL, NULL, &out);
    assert_says(card, "# a # b \\| \\<script>\n");
    assert_null(strstr(card, "license:"));
    assert_null(strstr(card, "key: value"));
    buf_free(&out);
}

static void the_picture_draws_the_curves_that_are_there(void **state)
{
    (void)state;
    static const char *const both[] = {"loss", "eval_loss"}, *const none[] = {"other"};
    struct buf out = {0};
    assert_false(run_chart_write(&a_run, none, 1, &out));
    assert_int_equal(out.n, 0);
    assert_true(run_chart_write(&a_run, both, 2, &out));
    assert_true(str_starts(buf_str(&out), STR_LIT("<svg xmlns=\"http://www.w3.org/2000/svg\"")));
    assert_true(str_ends(buf_str(&out), STR_LIT("</svg>\n")));
    int lines = 0;
    for (const char *p = out.p; (p = strstr(p, "<polyline")); p++)
        lines++;
    assert_int_equal(lines, 2);
    // The highest value of both, 4 at step 1 of 15, is at the top: x = 64 + 568 / 15, y = 8.
    assert_says(out.p, "points=\"101.9,8.0 ");
    assert_says(out.p, "step 15");
    buf_free(&out);
}

static void runs_are_found_by_the_first_letters_of_their_id(void **state)
{
    (void)state;
    struct run runs[2] = {a_run, a_run};
    const struct run *found;
    struct err err;
    runs[1].id = "01ff";
    assert_ok(run_find(runs, 2, "01f", &found, &err), err);
    assert_ptr_equal(found, &runs[1]);
    assert_int_equal(run_find(runs, 2, "01", &found, &err), ERR_USAGE);
    assert_int_equal(run_find(runs, 2, "9", &found, &err), ERR_NOT_FOUND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_card_tells_shape_weights_and_what_the_run_reached),
        cmocka_unit_test(without_a_run_the_card_says_that_it_is_not_known),
        cmocka_unit_test(text_of_a_file_cannot_break_out_of_its_place),
        cmocka_unit_test(the_picture_draws_the_curves_that_are_there),
        cmocka_unit_test(runs_are_found_by_the_first_letters_of_their_id),
    };
    return cmocka_run_group_tests(tests, scratch_open, scratch_close);
}
