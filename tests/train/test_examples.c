// Corpora as tokens and as batches: what is read, what is learned, in which order.
#include "test.h"

#include "llm/synth.h"
#include "scratch.h"
#include "train/corpus.h"
#include "train/examples.h"
#include "train/packer.h"
#include "train/tokenizer_train.h"

static struct tokenizer *tokenizer;

static int open_all(void **state)
{
    struct err err;
    struct gguf *g;
    struct tokenizer_result result;
    if (scratch_open(state))
        return -1;
    struct tokenizer_plan plan = {scratch_write("words.txt", "some words, some more words"),
                                  "qwen2", 270, 2};
    if (train_tokenizer(&plan, scratch_path("tok.gguf"), &result, &err) ||
        gguf_open(scratch_path("tok.gguf"), &g, &err) || tokenizer_open(g, &tokenizer, &err))
        return -1;
    gguf_close(&g);
    return 0;
}

static int close_all(void **state)
{
    tokenizer_close(&tokenizer);
    return scratch_close(state);
}

static void assert_refused(const char *text, const char *message)
{
    struct err err;
    struct examples e;
    struct examples_plan plan = {scratch_write("bad.jsonl", text), 64, true, NULL};
    assert_int_equal(examples_read(&plan, tokenizer, &e, &err), ERR_INPUT);
    if (!strstr(err.text, message))
        fail_msg("\"%s\" is not in \"%s\"", message, err.text);
    assert_null(e.tokens);
}

static void errors_name_line_and_field(void **state)
{
    (void)state;
    assert_refused("{\"instruction\":\"a\",\"output\":\"b\"}\n\n{\"instruction\":\"a\"}\n",
                   "bad.jsonl: line 3: field 'output' is missing");
    assert_refused("{\"instruction\":7,\"output\":\"b\"}",
                   "line 1: field 'instruction' is no text");
    assert_refused("{\"text\":[]}", "line 1: field 'text' is no text");
    assert_refused("[1]", "line 1: an object expected");
    assert_refused("{\"text\":\"a\"", "line 1");
    assert_refused("\n\n", "nothing to learn from");
}

static void only_the_answer_is_learned(void **state)
{
    (void)state;
    struct err err;
    struct examples e;
    const char *path = scratch_write(
        "chat.jsonl", "{\"instruction\":\"Why?\",\"input\":\"x: 1\",\"output\":\"So.\"}\n");
    struct examples_plan plan = {path, 64, true, NULL};
    assert_ok(examples_read(&plan, tokenizer, &e, &err), err);
    assert_int_equal(e.count, 1);
    struct buf all = {0}, learned = {0};
    for (uint64_t i = 0; i < e.n; i++) {
        tokenizer_piece(tokenizer, e.tokens[i], true, &all);
        if (e.learn[i])
            tokenizer_piece(tokenizer, e.tokens[i], true, &learned);
    }
    assert_string_equal(all.p, "<|im_start|>user\nWhy?\n\nx: 1<|im_end|>\n<|im_start|>assistant\n"
                               "So.<|im_end|>");
    assert_string_equal(learned.p, "So.<|im_end|>");
    uint64_t targets = 0;
    for (uint64_t i = 0; i < e.n; i++)
        targets += e.learn[i];
    assert_int_equal(e.targets, targets);
    buf_free(&all);
    buf_free(&learned);
    examples_free(&e);
}

// The same chat as a model of another family wants it.
static void assert_written(const char *like, const char *whole, const char *answer)
{
    struct err err;
    struct gguf *g;
    struct tokenizer *t;
    struct chat_template *chat;
    struct examples e;
    struct synth s = {.like = like, .type = "Q8_0", .seed = 1};
    assert_ok(synth_write(&s, scratch_path("family.gguf"), &err), err);
    assert_ok(gguf_open(scratch_path("family.gguf"), &g, &err), err);
    assert_ok(tokenizer_open(g, &t, &err), err);
    assert_ok(examples_chat_open(g, t, &chat, &err), err);
    const char *path =
        scratch_write("chat.jsonl", "{\"instruction\":\"Why?\",\"output\":\"<|end|>So.\"}\n");
    struct examples_plan plan = {path, 256, true, chat};
    assert_ok(examples_read(&plan, t, &e, &err), err);
    struct buf all = {0}, learned = {0};
    for (uint64_t i = 0; i < e.n; i++) {
        tokenizer_piece(t, e.tokens[i], true, &all);
        if (e.learn[i])
            tokenizer_piece(t, e.tokens[i], true, &learned);
    }
    assert_string_equal(all.p, whole);
    assert_string_equal(learned.p, answer);
    buf_free(&all);
    buf_free(&learned);
    examples_free(&e);
    chat_template_close(&chat);
    tokenizer_close(&t);
    gguf_close(&g);
}

static void a_chat_is_written_as_its_model_wants_it(void **state)
{
    (void)state;
    // Phi-3's control tokens swallow the line breaks behind them ("rstrip" in its vocabulary).
    assert_written("tiny-phi3", "<|user|>Why?<|end|><|assistant|><|end|>So.<|end|>",
                   "<|end|>So.<|end|>");
    assert_written("tiny-qwen2",
                   "<|im_start|>system\nYou are Qwen, created by Alibaba Cloud. You are a helpful "
                   "assistant.<|im_end|>\n<|im_start|>user\nWhy?<|im_end|>\n"
                   "<|im_start|>assistant\n<|end|>So.<|im_end|>",
                   "<|end|>So.<|im_end|>");
}

static void control_tokens_in_the_text_are_plain_text(void **state)
{
    (void)state;
    struct err err;
    struct examples e;
    const char *path = scratch_write(
        "chat.jsonl", "{\"instruction\":\"<|im_end|>\",\"output\":\"<|im_start|>\"}\n");
    struct examples_plan plan = {path, 64, false, NULL};
    assert_ok(examples_read(&plan, tokenizer, &e, &err), err);
    int starts = 0, ends = 0;
    for (uint64_t i = 0; i < e.n; i++) {
        starts += e.tokens[i] == tokenizer_find(tokenizer, STR_LIT("<|im_start|>"));
        ends += e.tokens[i] == tokenizer_find(tokenizer, STR_LIT("<|im_end|>"));
    }
    assert_int_equal(starts, 2);
    assert_int_equal(ends, 2);
    examples_free(&e);
}

static void a_long_text_is_cut_and_a_long_chat_left_out(void **state)
{
    (void)state;
    struct err err;
    struct examples e;
    char paths[3 * PATH_MAX];
    const char *chat = scratch_write("long.jsonl", "{\"instruction\":\"0123456789012345678901234567"
                                                   "89\",\"output\":\"0123456789\"}\n");
    snprintf(paths, sizeof paths, "%s,%s", chat, scratch_write("text.txt", "01234567890123456789"));
    struct examples_plan plan = {paths, 8, true, NULL};
    assert_ok(examples_read(&plan, tokenizer, &e, &err), err);
    assert_int_equal(e.skipped, 1);
    // 20 digits and the end: 21 tokens in pieces of 8 rows that share a token.
    assert_int_equal(e.count, 3);
    assert_int_equal(e.n, 9 + 9 + 5);
    assert_int_equal(e.targets, 20);
    for (int i = 0; i < 2; i++)
        assert_int_equal(e.tokens[e.starts[i + 1] - 1], e.tokens[e.starts[i + 1]]);
    assert_int_equal(e.tokens[e.n - 1], tokenizer_find(tokenizer, STR_LIT("<|endoftext|>")));
    examples_free(&e);
}

static struct examples numbers(int count)
{
    struct buf text = {0};
    struct examples e;
    struct err err;
    for (int i = 0; i < count; i++)
        buf_printf(&text, "{\"text\":\"%d\"}\n", i * i * i);
    struct examples_plan plan = {scratch_write("numbers.jsonl", text.p), 16, true, NULL};
    assert_ok(examples_read(&plan, tokenizer, &e, &err), err);
    buf_free(&text);
    return e;
}

static void an_epoch_has_every_document_once_in_a_new_order(void **state)
{
    (void)state;
    struct err err;
    struct examples e = numbers(200);
    struct packer p;
    assert_ok(packer_open(&e, 40, 7, true, &p, &err), err);
    int32_t first[2];
    for (int epoch = 0; epoch < 2; epoch++) {
        struct nn_batch b;
        size_t targets, documents = 0, rows = 0, all = 0;
        bool begun = false;
        while (packer_next(&p, &b, &targets)) {
            assert_true(b.T <= 40 && b.segments.start[0] == 0);
            assert_int_equal(b.segments.start[b.segments.count], b.T);
            if (!begun)
                first[epoch] = b.tokens[0] * 1000 + b.tokens[1];
            begun = true;
            documents += b.segments.count;
            rows += b.T;
            all += targets;
        }
        assert_int_equal(documents, 200);
        assert_int_equal(rows, e.n - e.count);
        assert_int_equal(all, e.targets);
        assert_int_equal(p.place.epoch, epoch + 1);
    }
    assert_int_not_equal(first[0], first[1]);
    packer_close(&p);
    examples_free(&e);
}

static void going_to_a_place_gives_the_batches_that_came_there(void **state)
{
    (void)state;
    struct err err;
    struct examples e = numbers(100);
    struct packer p, again;
    assert_ok(packer_open(&e, 40, 7, true, &p, &err), err);
    assert_ok(packer_open(&e, 40, 7, true, &again, &err), err);
    struct nn_batch b, c;
    size_t n;
    for (int i = 0; i < 17; i++)
        packer_next(&p, &b, &n);
    packer_go(&again, p.place);
    for (int i = 0; i < 30; i++) {
        bool there = packer_next(&p, &b, &n);
        assert_true(packer_next(&again, &c, &n) == there);
        if (!there)
            continue;
        assert_int_equal(b.T, c.T);
        assert_memory_equal(b.tokens, c.tokens, b.T * sizeof *b.tokens);
        assert_memory_equal(b.targets, c.targets, b.T * sizeof *b.targets);
    }
    packer_close(&p);
    packer_close(&again);
    examples_free(&e);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(errors_name_line_and_field),
        cmocka_unit_test(only_the_answer_is_learned),
        cmocka_unit_test(a_chat_is_written_as_its_model_wants_it),
        cmocka_unit_test(control_tokens_in_the_text_are_plain_text),
        cmocka_unit_test(a_long_text_is_cut_and_a_long_chat_left_out),
        cmocka_unit_test(an_epoch_has_every_document_once_in_a_new_order),
        cmocka_unit_test(going_to_a_place_gives_the_batches_that_came_there),
    };
    return cmocka_run_group_tests(tests, open_all, close_all);
}
