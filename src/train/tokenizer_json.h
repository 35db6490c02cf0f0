// Writes tokenizer.json, as Hugging Face's tokenizers read it, from a GGUF file's tokenizer.
#ifndef FETTLE_TRAIN_TOKENIZER_JSON_H
#define FETTLE_TRAIN_TOKENIZER_JSON_H

#include "base/buf.h"
#include "llm/gguf.h"

// For byte-level BPE ("gpt2") whose pre-tokenizer is GPT-2's, Llama 3's or Qwen2's; ERR_UNSUPPORTED
// names any other. A text gets BOS in front when the file asks for it.
enum err_code tokenizer_json(const struct gguf *g, struct buf *out, struct err *err);

#endif
