// The attempts of an explanation, and the check of its sentences.
#include "diagnose/explain.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "diagnose/evidence_grammar.h"
#include "diagnose/prompt.h"

enum { DEFAULT_TOKENS = 256, ANSWER_ROOM = 128, DRAW_ROOM = 32, LONGEST_WORD = 2 * FACT_KEY_BYTES };

struct explanation {
    struct explain_model model;
    struct explain_request request; // its texts are the copies below
    struct buf question, reading;
    struct tokens prompt;  // of the first attempt
    struct answer *answer; // of the attempt that goes on
    struct answer_part part;
    struct buf text; // of the attempt, behind what it keeps of the one before
    size_t checked;  // bytes of whole sentences that were found supported
    size_t given;    // bytes that were shown
    bool over, cut, regenerated;
    size_t sense_end;   // bytes to keep of a text that got lost (is_lost); 0: it did not
    size_t *token_ends; // for each token, the offset in the text behind its bytes
    size_t token_count, token_cap;
    size_t piece_end; // bytes of the tokens so far
    struct draws draws;
    struct claim claims[CLAIMS_MAX];
    size_t claim_count, unsupported;
    struct answer_stats stats; // of earlier attempts, then of all
    int64_t first_token_us;
};

void explain_free(struct explanation **e)
{
    struct explanation *x = *e;
    if (!x)
        return;
    *e = NULL;
    answer_release(&x->answer);
    answer_part_free(&x->part);
    tokens_free(&x->prompt);
    buf_free(&x->question);
    buf_free(&x->reading);
    buf_free(&x->text);
    draws_free(&x->draws);
    free(x->token_ends);
    free(x);
}

unsigned explain_threads(const char *model_path)
{
    enum { SMALL_BYTES = 32 << 20 };
    struct stat st;
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    if (stat(model_path, &st) == 0 && st.st_size < SMALL_BYTES)
        return 1;
    return processors < 1 ? 1 : processors > 64 ? 64 : (unsigned)processors;
}

// ---- attempts ----

static bool is_trained(const struct explanation *x)
{
    return prompt_is_trained(serving_model(x->model.serving)->file);
}

static struct serving_request request_of(const struct explanation *x, const struct tokens *prompt)
{
    const struct explain_request *r = &x->request;
    struct serving_request s = {.prompt = prompt->p,
                                .prompt_count = prompt->n,
                                .choices = 1,
                                .sampler = SAMPLER_GREEDY,
                                .deadline_us = r->deadline_us,
                                .notify = r->notify,
                                .wanted = r->wanted,
                                .arg = r->arg,
                                .whole = r->whole};
    s.sampler.temperature = r->temperature;
    s.sampler.seed = r->seed;
    return s;
}

static enum err_code submit(struct explanation *x, const struct tokens *prompt, struct form *form,
                            uint32_t max_tokens, struct err *err)
{
    struct serving_request s = request_of(x, prompt);
    s.max_tokens = max_tokens;
    s.form = form;
    s.logprobs = true; // with them come the tokens
    s.top = 1;
    return serving_submit(x->model.serving, &s, &x->answer, err);
}

static void end_attempt(struct explanation *x)
{
    struct answer_stats s;
    answer_stats(x->answer, &s);
    if (x->first_token_us == 0)
        x->first_token_us = s.first_token_us;
    x->stats.prompt_tokens += s.prompt_tokens;
    x->stats.tokens += s.tokens;
    x->stats.prompt_us += s.prompt_us;
    x->stats.decode_us += s.decode_us;
    answer_release(&x->answer);
}

static enum err_code make_form(const struct explanation *x, struct form **out, struct err *err)
{
    const struct facts *f = x->request.facts;
    const struct str texts[] = {buf_str(&x->question), str_of(f ? f->device : ""),
                                str_of(f ? f->note : ""), str_of(f ? f->known : "")};
    struct buf gbnf = {0};
    evidence_grammar_write(texts, sizeof texts / sizeof *texts, f,
                           is_trained(x) ? EVIDENCE_TAUGHT_WORDS : EVIDENCE_ANY_WORDS, &gbnf);
    enum err_code code =
        gbnf.failed ? err_set(err, ERR_NO_MEMORY, "out of memory for a grammar")
                    : serving_form_gbnf(x->model.serving, buf_str(&gbnf), "evidence", out, err);
    buf_free(&gbnf);
    return code;
}

// Writes the answer anew behind the sentences that were found supported.
static enum err_code regenerate(struct explanation *x, struct err *err)
{
    struct tokens prompt = {0};
    struct form *form = NULL;
    end_attempt(x);
    x->text.n = x->checked;
    while (x->token_count && x->token_ends[x->token_count - 1] > x->checked)
        x->token_count--;
    x->piece_end = x->checked;
    x->regenerated = true;
    for (size_t i = 0; i < x->prompt.n; i++)
        tokens_add(&prompt, x->prompt.p[i]);
    enum err_code code =
        tokenizer_encode(serving_tokenizer(x->model.serving), buf_str(&x->text), 0, &prompt, err);
    if (!code && prompt.failed)
        code = err_set(err, ERR_NO_MEMORY, "out of memory for the prompt");
    if (!code)
        code = make_form(x, &form, err);
    uint32_t left = x->request.max_tokens - (uint32_t)x->token_count; // at least the failed one
    if (!code)
        code = submit(x, &prompt, form, left, err);
    form_release(&form);
    tokens_free(&prompt);
    return code;
}

enum err_code explain_begin(const struct explain_model *m, const struct explain_request *r,
                            struct explanation **out, struct err *err)
{
    *out = NULL;
    if (r->question.n > EXPLAIN_QUESTION_BYTES)
        return err_set(err, ERR_LIMIT, "the question has %zu bytes; at most %d", r->question.n,
                       EXPLAIN_QUESTION_BYTES);
    if (r->max_tokens > EXPLAIN_TOKENS_MAX)
        return err_set(err, ERR_USAGE, "%u tokens of an answer: at most %d", r->max_tokens,
                       EXPLAIN_TOKENS_MAX);
    struct explanation *x = calloc(1, sizeof *x);
    if (!x)
        return err_set(err, ERR_NO_MEMORY, "out of memory for a diagnosis");
    x->model = *m;
    x->request = *r;
    x->request.max_tokens = r->max_tokens ? r->max_tokens : DEFAULT_TOKENS;
    buf_add_str(&x->question, r->question);
    buf_add_str(&x->reading, r->reading);
    struct prompt prompt = {
        .question = buf_str(&x->question),
        .reading = buf_str(&x->reading),
        .trained = is_trained(x),
    };
    enum err_code code = x->question.failed || x->reading.failed
                             ? err_set(err, ERR_NO_MEMORY, "out of memory for a diagnosis")
                             : prompt_encode(&prompt, m->chat, &x->prompt, err);
    size_t room = x->request.max_tokens < ANSWER_ROOM ? x->request.max_tokens : ANSWER_ROOM;
    if (!code && x->prompt.n + room > serving_context(m->serving))
        code =
            err_set(err, ERR_LIMIT,
                    "question and reading take %zu of the %u tokens of the model's context, which "
                    "leaves no room for an answer of %zu",
                    (size_t)x->prompt.n, serving_context(m->serving), room);
    if (!code)
        code = submit(x, &x->prompt, NULL, x->request.max_tokens, err);
    if (code)
        explain_free(&x);
    *out = x;
    return code;
}

// ---- sentences ----

static bool ends_sentence(char c)
{
    return strchr(".!?;:", c) && c;
}

// Where the sentence that begins at `at` ends, with the blanks behind it; SIZE_MAX: not yet.
static size_t sentence_end(const struct explanation *x, size_t at)
{
    struct str s = buf_str(&x->text);
    for (size_t i = at; i + 1 < s.n; i++)
        if (ends_sentence(s.p[i]) && (s.p[i + 1] == ' ' || s.p[i + 1] == '\n'))
            return i + 1;
    return x->over ? s.n : SIZE_MAX;
}

static size_t check(struct explanation *x, struct str part)
{
    struct str texts[] = {buf_str(&x->question), buf_str(&x->reading)};
    return claims_check(part, x->request.facts, texts, sizeof texts / sizeof *texts, x->claims,
                        &x->claim_count);
}

// In the sentence that is not complete, a word much longer than any key: the model has lost itself.
static bool runs_away(const struct explanation *x)
{
    size_t word = 0;
    for (size_t i = x->checked; i < x->text.n && word <= LONGEST_WORD; i++)
        word = strchr(" \n", x->text.p[i]) ? 0 : word + 1;
    return word > LONGEST_WORD;
}

// Goes on behind the sentences that are complete; false when one is not supported and may still be
// written anew.
static bool check_sentences(struct explanation *x)
{
    for (;;) {
        size_t end = sentence_end(x, x->checked);
        if (end == SIZE_MAX || end == x->checked)
            return x->regenerated || !runs_away(x);
        struct str sentence = {x->text.p + x->checked, end - x->checked};
        if (!x->regenerated && (check(x, sentence) > 0 || runs_away(x)))
            return false;
        x->checked = end;
    }
}

// ---- taking ----

static bool has_digit(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] >= '0' && s.p[i] <= '9')
            return true;
    return false;
}

// The model meant to say a number that the grammar does not let it say, and took a word instead
// that it had no mind to say: what follows makes no sense.
static bool is_lost(const struct explanation *x, const struct answer_token *t, struct str piece)
{
    static const float unlikely = -4.6F; // 1 %
    struct buf meant = {0};
    if (!x->regenerated || t->logprob > unlikely || t->top_count == 0 || has_digit(piece))
        return false;
    tokenizer_piece(serving_tokenizer(x->model.serving), t->top[0].token, false, &meant);
    bool lost = has_digit(buf_str(&meant));
    buf_free(&meant);
    return lost;
}

// How much to keep of a text that is lost from `at` on: of its sentence what stands ahead of the
// last comma, if that says something of the evidence, else nothing; 0 if no text would be left.
static size_t end_of_sense(const struct explanation *x, size_t at)
{
    struct str s = {x->text.p, at < x->text.n ? at : x->text.n};
    struct claim claim;
    size_t start = s.n, comma = s.n;
    while (start > 0 &&
           !(strchr(" \n", s.p[start - 1]) && start > 1 && ends_sentence(s.p[start - 2])))
        start--;
    while (comma > start && s.p[comma - 1] != ',')
        comma--;
    if (comma > start && claims_read((struct str){s.p + start, comma - start}, &claim, 1) > 0)
        return comma - 1;
    return start;
}

// Ends the answer there.
static bool end_with_sense(struct explanation *x)
{
    x->text.n = x->sense_end;
    while (x->text.n && strchr(" \n:;", x->text.p[x->text.n - 1]))
        x->text.n--;
    if (x->text.n && !ends_sentence(x->text.p[x->text.n - 1]))
        buf_add_char(&x->text, '.');
    x->over = true;
    x->cut = false;
    return !x->text.failed;
}

static bool add_token(struct explanation *x, const struct answer_token *t)
{
    struct buf piece = {0};
    if (x->token_count == x->token_cap) {
        size_t cap = x->token_cap ? 2 * x->token_cap : 64;
        size_t *grown = realloc(x->token_ends, cap * sizeof *grown);
        if (!grown)
            return false;
        x->token_ends = grown;
        x->token_cap = cap;
    }
    tokenizer_piece(serving_tokenizer(x->model.serving), t->token, false, &piece);
    x->piece_end += piece.n;
    if (!x->sense_end && is_lost(x, t, buf_str(&piece)))
        x->sense_end = end_of_sense(x, x->piece_end - piece.n);
    x->token_ends[x->token_count++] = x->piece_end;
    bool good = !piece.failed;
    buf_free(&piece);
    return good;
}

static enum err_code take_part(struct explanation *x, struct err *err)
{
    buf_add_str(&x->text, buf_str(&x->part.text));
    bool good = !x->text.failed && !x->part.text.failed;
    for (size_t i = 0; good && i < x->part.token_count; i++)
        good = add_token(x, &x->part.tokens[i]);
    if (good && x->sense_end)
        good = end_with_sense(x);
    if (!good)
        return err_set(err, ERR_NO_MEMORY, "out of memory for the answer");
    if (x->over)
        return ERR_OK;
    switch (x->part.finish) {
    case ANSWER_GOES_ON:
        return ERR_OK;
    case ANSWER_DEADLINE:
        return err_set(err, ERR_BUSY, "the answer was not ready in time (llm.time_limit)");
    case ANSWER_FAILED:
        return answer_error(x->answer, err);
    case ANSWER_LENGTH:
        x->cut = true;
        break;
    case ANSWER_STOPPED:
        x->cut = false;
        break;
    }
    x->over = true;
    return ERR_OK;
}

// ---- draws ----

// A trained model is small: its draws cost about as much as its answer.
static enum err_code begin_draws(struct explanation *x, enum explain_state *state, struct err *err)
{
    *state = EXPLAIN_OVER;
    if (!x->request.draws || !is_trained(x) || x->cut)
        return ERR_OK;
    struct serving_request s = request_of(x, &x->prompt);
    uint32_t length = (uint32_t)x->token_count + DRAW_ROOM;
    enum err_code code =
        draws_begin(&x->draws, x->model.serving, &s, x->request.draws, length, err);
    if (code == ERR_BUSY)
        return ERR_OK;
    *state = EXPLAIN_GOES_ON;
    return code;
}

static enum err_code take_draws(struct explanation *x, void (*rest)(void *),
                                enum explain_state *state, struct err *err)
{
    bool waits, over;
    enum err_code code = draws_take(&x->draws, rest, &waits, &over, err);
    if (code == ERR_BUSY) { // the answer was in time
        draws_free(&x->draws);
        code = ERR_OK;
        over = true;
    }
    *state = over ? EXPLAIN_OVER : waits ? EXPLAIN_WAITS : EXPLAIN_GOES_ON;
    return code;
}

// ---- steps ----

static void show(struct explanation *x, size_t until, struct buf *shown)
{
    if (until <= x->given)
        return;
    if (shown)
        buf_add(shown, x->text.p + x->given, until - x->given);
    x->given = until;
}

enum err_code explain_step(struct explanation *x, struct buf *shown, void (*rest)(void *),
                           enum explain_state *state, struct err *err)
{
    if (x->draws.answer)
        return take_draws(x, rest, state, err);
    *state = EXPLAIN_OVER;
    if (x->over)
        return ERR_OK;
    *state = EXPLAIN_WAITS;
    if (!answer_take(x->answer, &x->part, rest))
        return ERR_OK;
    enum err_code code = take_part(x, err);
    if (code)
        return code;
    *state = EXPLAIN_GOES_ON;
    if (!x->request.unchecked && !check_sentences(x)) {
        x->over = false;
        return regenerate(x, err);
    }
    show(x, x->request.unchecked || x->over ? x->text.n : x->checked, shown);
    if (x->over) {
        end_attempt(x);
        x->unsupported = check(x, buf_str(&x->text));
        return begin_draws(x, state, err);
    }
    return ERR_OK;
}

void explain_wait(struct explanation *x, int64_t timeout_us)
{
    struct answer *going = x->answer ? x->answer : x->draws.answer;
    if (going)
        answer_wait(going, timeout_us);
}

enum err_code explain_finish(struct explanation *x, struct err *err)
{
    enum explain_state state = EXPLAIN_GOES_ON;
    enum err_code code = ERR_OK;
    while (code == ERR_OK && state != EXPLAIN_OVER) {
        code = explain_step(x, NULL, NULL, &state, err);
        if (state == EXPLAIN_WAITS)
            explain_wait(x, 20 * US_PER_MS);
    }
    return code;
}

void explain_result(const struct explanation *x, struct explained *out)
{
    *out = (struct explained){.text = buf_str(&x->text),
                              .claims = x->claims,
                              .claim_count = x->claim_count,
                              .unsupported = x->unsupported,
                              .drawn_count = x->draws.answer ? 0 : x->draws.count,
                              .regenerated = x->regenerated,
                              .cut = x->cut,
                              .prompt_tokens = x->stats.prompt_tokens,
                              .made_tokens = x->stats.tokens,
                              .first_token_us = x->first_token_us,
                              .prompt_us = x->stats.prompt_us,
                              .decode_us = x->stats.decode_us};
    for (size_t i = 0; i < out->drawn_count; i++)
        out->drawn[i] = buf_str(&x->draws.texts[i]);
}
