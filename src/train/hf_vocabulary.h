// The tokens of a Hugging Face folder as GGUF has them.
//
// Read from tokenizer.json (byte-level BPE, and BPE with byte fallback that stands for
// SentencePiece) or tokenizer.model (SentencePiece itself), with tokenizer_config.json,
// generation_config.json and config.json for the special ones.
#ifndef FETTLE_TRAIN_HF_VOCABULARY_H
#define FETTLE_TRAIN_HF_VOCABULARY_H

#include "base/map.h"
#include "llm/gguf_write.h"
#include "llm/vocab.h"
#include "train/hf_folder.h"

enum hf_special { HF_BOS, HF_EOS, HF_EOT, HF_UNKNOWN, HF_PADDING, HF_SPECIALS };
enum hf_flag { HF_UNSAID = -1, HF_NO, HF_YES };

struct hf_vocabulary {
    struct arena *arena; // of the texts
    const char *model;   // "gpt2" or "llama"
    const char *pre;     // how text is cut
    uint32_t n;          // rows of the embedding; ids that nobody names are padding
    struct str *texts;   // of each id; p is NULL where none
    int32_t *kinds;      // enum vocab_kind
    float *scores;       // of "llama"
    struct map ids;      // text to id
    struct str *merges;  // of "gpt2", "left right"
    size_t merge_count, merge_cap;
    int32_t special[HF_SPECIALS]; // -1: none
    enum hf_flag add_bos, add_eos, add_space;
    struct str chat_template; // p is NULL: none
};

// `n` is config.json's vocab_size. ERR_INPUT names file and token or field; ERR_UNSUPPORTED a kind
// of tokenizer, a normalizer or a way of cutting that is not known here.
enum err_code hf_vocabulary_read(const struct hf_folder *f, uint32_t n, struct hf_vocabulary *out,
                                 struct err *err);
void hf_vocabulary_close(struct hf_vocabulary *v); // zeroes

// The keys tokenizer.ggml.* and tokenizer.chat_template.
void hf_vocabulary_write(const struct hf_vocabulary *v, struct gguf_writer *w);

// ---- for its readers ----

// Of n ids without texts.
enum err_code hf_vocabulary_open(uint32_t n, struct hf_vocabulary *v, struct err *err);

// Gives id a text that is copied; an id or text that is taken already is replaced. `where` names
// the file. ERR_INPUT when the id is beyond the embedding.
enum err_code hf_vocabulary_put(struct hf_vocabulary *v, int64_t id, struct str text,
                                enum vocab_kind kind, float score, const char *where,
                                struct err *err);
int32_t hf_vocabulary_find(const struct hf_vocabulary *v, struct str text); // -1: none

// tokenizer.json; the model's own tokens are left out when `added_only`.
enum err_code hf_vocabulary_read_json(struct str text, const char *where, bool added_only,
                                      struct hf_vocabulary *v, struct err *err);

// tokenizer.json's steps around the model; NULL where there is none.
struct hf_steps {
    const struct json_node *pre, *normalizer, *post;
};
enum err_code hf_vocabulary_read_steps(const struct hf_steps *s, bool byte_fallback,
                                       const char *where, struct hf_vocabulary *v, struct err *err);

// True when tokenizer.json is byte-level BPE (or none of the models read here).
bool hf_vocabulary_is_bytes(struct str text);

// tokenizer.model.
enum err_code hf_vocabulary_read_spm(struct str bytes, const char *where, struct hf_vocabulary *v,
                                     struct err *err);

#endif
