// What can be set in the file of a training run.

#include "kernels/quant.h"
#include "train/lm.h"

const struct setting_def train_lm_settings[] = {
    {"model.name", "model", NULL, "Name in the file, and of the run", 0, 0, SETTING_TEXT, 0},
    {"model.from", "", NULL,
     "GGUF model (llama, qwen2) whose weights to start from; its shape and tokenizer are used", 0,
     0, SETTING_TEXT, 0},
    {"model.layers", "8", NULL, "Layers", 1, 512, SETTING_INT, 0},
    {"model.width", "320", NULL, "Width of the stream, a multiple of 32", 32, 65536, SETTING_INT,
     0},
    {"model.heads", "5", NULL, "Query heads", 1, 1024, SETTING_INT, 0},
    {"model.kv_heads", "5", NULL, "Key-value heads, a divisor of heads", 1, 1024, SETTING_INT, 0},
    {"model.head_size", "64", NULL, "Size of a head, a multiple of 32", 32, 512, SETTING_INT, 0},
    {"model.hidden", "864", NULL, "Width of the feed-forward, a multiple of 32", 32, 262144,
     SETTING_INT, 0},
    {"model.context", "1024", "tokens", "Longest document", 16, 1048576, SETTING_INT, 0},
    {"model.rope_base", "10000", NULL, "Base of the rotary frequencies", 1, 1e9, SETTING_REAL, 0},
    {"model.norm_eps", "1e-5", NULL, "Epsilon of the norms", 0, 1, SETTING_REAL, 0},
    {"model.tied", "yes", NULL, "The head is the embedding", 0, 0, SETTING_BOOL, 0},
    {"model.format", "F16", NULL, "Weight format of the file: F32, F16, BF16, Q8_0", 0, 0,
     SETTING_TEXT, 0},
    {"adapter.base", "", NULL, "GGUF model to adapt; its shape and tokenizer are used", 0, 0,
     SETTING_TEXT, 0},
    {"adapter.rank", "8", NULL, "Rank of what is added to each matrix", 1, 256, SETTING_INT, 0},
    {"adapter.alpha", "16", NULL, "The product is multiplied by alpha / rank", 0, 1e6, SETTING_REAL,
     0},
    {"adapter.dropout", "0", NULL, "Share of each matrix's input that is left out by chance", 0,
     0.9, SETTING_REAL, 0},
    {"adapter.matrices", "attn_q,attn_k,attn_v,attn_output,ffn_gate,ffn_up,ffn_down", NULL,
     "Which matrices of each layer, separated by commas", 0, 0, SETTING_TEXT, 0},
    {"data.train", "", NULL, "Files to learn from (.jsonl or text), separated by commas", 0, 0,
     SETTING_TEXT, 0},
    {"data.eval", "", NULL, "Files to evaluate on; empty: no evaluation", 0, 0, SETTING_TEXT, 0},
    {"data.tokenizer", "", NULL, "GGUF file with the tokenizer", 0, 0, SETTING_TEXT, 0},
    {"data.learn", "answers", "answers|all", "Of chats, the answers alone or the prompts, too", 0,
     0, SETTING_CHOICE, 0},
    {"train.steps", "0", NULL, "Steps; 0: by epochs", 0, 1e9, SETTING_INT, 0},
    {"train.epochs", "1", NULL, "Passes over the data, when steps is 0", 0.001, 1e6, SETTING_REAL,
     0},
    {"train.batch_tokens", "16384", "tokens", "Of one step, at least", 1, 1e8, SETTING_INT, 0},
    {"train.rows", "4096", "tokens", "In memory at once; a step takes as many passes as it needs",
     16, 1e7, SETTING_INT, 0},
    {"train.rate", "1e-3", NULL, "Highest learning rate", 0, 10, SETTING_REAL, 0},
    {"train.last_rate", "1e-4", NULL, "Learning rate of the last step", 0, 10, SETTING_REAL, 0},
    {"train.warmup", "100", NULL, "Steps that rise to the highest rate", 0, 1e9, SETTING_INT, 0},
    {"train.schedule", "cosine", "cosine|linear|constant", "How the rate falls", 0, 0,
     SETTING_CHOICE, 0},
    {"train.weight_decay", "0.1", NULL, "Of matrices", 0, 10, SETTING_REAL, 0},
    {"train.beta1", "0.9", NULL, "AdamW's first moment", 0, 0.9999, SETTING_REAL, 0},
    {"train.beta2", "0.95", NULL, "AdamW's second moment", 0, 0.99999, SETTING_REAL, 0},
    {"train.eps", "1e-8", NULL, "AdamW's epsilon", 0, 1, SETTING_REAL, 0},
    {"train.clip", "1", NULL, "Longest gradient; 0: any", 0, 1e9, SETTING_REAL, 0},
    {"train.seed", "1", NULL, "Of weights and of the order of documents", 0, 9e15, SETTING_INT, 0},
    {"train.threads", "2", NULL, "Threads", 1, 64, SETTING_INT, 0},
    {"train.precision", "bf16", "f32|bf16", "Of products; sums and weights are floats", 0, 0,
     SETTING_CHOICE, 0},
    {"train.recompute", "no", NULL, "Keep less in memory, compute more", 0, 0, SETTING_BOOL, 0},
    {"train.eval_every", "250", "steps", "Evaluation", 1, 1e9, SETTING_INT, 0},
    {"train.checkpoint_every", "250", "steps", "Checkpoints", 1, 1e9, SETTING_INT, 0},
    {"train.stop", "0", "steps", "End before the schedule does; 0: at its end", 0, 1e9, SETTING_INT,
     0},
    {"train.patience", "0", NULL, "Stop after so many evaluations without a better one; 0: never",
     0, 1e6, SETTING_INT, 0},
    {NULL, NULL, NULL, NULL, 0, 0, SETTING_BOOL, 0},
};

static enum err_code check_shape(const struct nn_shape *s, struct err *err)
{
    const struct {
        const char *name;
        uint32_t value;
    } blocks[] = {{"model.width", s->C}, {"model.head_size", s->D}, {"model.hidden", s->hidden}};
    for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++)
        if (blocks[i].value % 32)
            return err_set(err, ERR_USAGE, "%s is %u, a multiple of 32 expected", blocks[i].name,
                           blocks[i].value);
    if (s->H % s->H_kv)
        return err_set(err, ERR_USAGE,
                       "model.heads is %u, a multiple of model.kv_heads (%u) expected", s->H,
                       s->H_kv);
    return ERR_OK;
}

static enum err_code check(const struct lm_plan *p, struct err *err)
{
    if (p->rows < p->shape.context)
        return err_set(err, ERR_USAGE, "train.rows is %u, at least model.context (%u) expected",
                       p->rows, p->shape.context);
    if (!*p->train_paths)
        return err_set(err, ERR_USAGE, "data.train names no file");
    if (*p->base && *p->from)
        return err_set(err, ERR_USAGE, "model.from does not go with adapter.base");
    if (*p->tokenizer_path && (*p->base || *p->from))
        return err_set(err, ERR_USAGE, "data.tokenizer does not go with %s, whose own is used",
                       *p->base ? "adapter.base" : "model.from");
    if (*p->base)
        return ERR_OK;
    if (!*p->tokenizer_path && !*p->from)
        return err_set(err, ERR_USAGE, "data.tokenizer names no file");
    const struct quant_format *f = quant_format_by_name(p->format);
    if (!f || (f->block > 1 && f->type != QUANT_Q8_0))
        return err_set(err, ERR_USAGE, "model.format is '%s', F32, F16, BF16 or Q8_0 expected",
                       p->format);
    return *p->from ? ERR_OK : check_shape(&p->shape, err);
}

static void read_shape(const struct settings *s, struct nn_shape *out)
{
    *out = (struct nn_shape){
        .L = (uint32_t)settings_int(s, "model.layers"),
        .C = (uint32_t)settings_int(s, "model.width"),
        .H = (uint32_t)settings_int(s, "model.heads"),
        .H_kv = (uint32_t)settings_int(s, "model.kv_heads"),
        .D = (uint32_t)settings_int(s, "model.head_size"),
        .hidden = (uint32_t)settings_int(s, "model.hidden"),
        .context = (uint32_t)settings_int(s, "model.context"),
        .eps = (float)settings_real(s, "model.norm_eps"),
        .rope_base = (float)settings_real(s, "model.rope_base"),
        .rope = NN_ROPE_PAIRS,
        .tied = settings_bool(s, "model.tied"),
    };
}

enum err_code lm_plan_read(const struct settings *s, struct lm_plan *out, struct err *err)
{
    *out = (struct lm_plan){
        .settings = s,
        .train_paths = settings_text(s, "data.train"),
        .eval_paths = settings_text(s, "data.eval"),
        .tokenizer_path = settings_text(s, "data.tokenizer"),
        .answers_only = settings_int(s, "data.learn") == 0,
        .rows = (uint32_t)settings_int(s, "train.rows"),
        .batch_tokens = (uint32_t)settings_int(s, "train.batch_tokens"),
        .epochs = settings_real(s, "train.epochs"),
        .schedule = {.kind = (enum nn_schedule_kind)settings_int(s, "train.schedule"),
                     .warmup = (uint64_t)settings_int(s, "train.warmup"),
                     .steps = (uint64_t)settings_int(s, "train.steps"),
                     .peak = settings_real(s, "train.rate"),
                     .last = settings_real(s, "train.last_rate")},
        .optimizer = {.beta1 = (float)settings_real(s, "train.beta1"),
                      .beta2 = (float)settings_real(s, "train.beta2"),
                      .eps = (float)settings_real(s, "train.eps"),
                      .decay = (float)settings_real(s, "train.weight_decay"),
                      .clip = (float)settings_real(s, "train.clip")},
        .seed = (uint64_t)settings_int(s, "train.seed"),
        .threads = (unsigned)settings_int(s, "train.threads"),
        .precision = (enum gemm_precision)settings_int(s, "train.precision"),
        .recompute = settings_bool(s, "train.recompute"),
        .eval_every = (uint64_t)settings_int(s, "train.eval_every"),
        .checkpoint_every = (uint64_t)settings_int(s, "train.checkpoint_every"),
        .patience = (uint64_t)settings_int(s, "train.patience"),
        .stop = (uint64_t)settings_int(s, "train.stop"),
        .format = settings_text(s, "model.format"),
        .name = settings_text(s, "model.name"),
        .from = settings_text(s, "model.from"),
        .base = settings_text(s, "adapter.base"),
        .adapted = settings_text(s, "adapter.matrices"),
        .rank = (uint32_t)settings_int(s, "adapter.rank"),
        .alpha = (float)settings_real(s, "adapter.alpha"),
        .dropout = (float)settings_real(s, "adapter.dropout"),
    };
    read_shape(s, &out->shape);
    return check(out, err);
}
