// A folder that Ollama makes a model of: the GGUF file and a Modelfile beside it.
#ifndef FETTLE_TRAIN_EXPORT_OLLAMA_H
#define FETTLE_TRAIN_EXPORT_OLLAMA_H

#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "llm/chat_template.h"

struct export_ollama {
    const char *model;   // GGUF file
    const char *adapter; // GGUF file of a LoRA adapter; NULL: none
    const char *system;  // message of a conversation without one; NULL: the template's own
    uint32_t context;    // num_ctx; 0: the model's, at most EXPORT_OLLAMA_CONTEXT
    const char *dir;     // made if it is not there
};

enum { EXPORT_OLLAMA_CONTEXT = 8192 };

// Links or copies the files into the folder and writes `dir`/Modelfile last. TEMPLATE is what the
// engine writes for a conversation without tools, as a Go template; a model without a chat template
// gets its prompt as it is. ERR_UNSUPPORTED when the chat template is unknown, or its turns cannot
// be said in one.
enum err_code export_ollama(const struct export_ollama *e, struct err *err);

// The Modelfile alone; `model` and `adapter` stand in it by their last names.
enum err_code export_ollama_modelfile(const struct export_ollama *e, struct buf *out,
                                      struct err *err);

// Its TEMPLATE and, unless both `system` and the template's own are missing, its SYSTEM.
enum err_code export_ollama_template(const struct chat_template *c, const struct tokenizer *t,
                                     const char *system, struct buf *out, struct err *err);

#endif
