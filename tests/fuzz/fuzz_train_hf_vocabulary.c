// Fuzzes the readers of tokenizer.json and tokenizer.model; the first byte says which.
#include "train/hf_vocabulary.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct hf_vocabulary v;
    struct err err;
    if (n == 0 || hf_vocabulary_open(512, &v, &err))
        return 0;
    struct str text = {(const char *)data + 1, n - 1};
    if (data[0] == 's')
        hf_vocabulary_read_spm(text, "fuzz", &v, &err);
    else
        hf_vocabulary_read_json(text, "fuzz", data[0] == 'a', &v, &err);
    hf_vocabulary_close(&v);
    return 0;
}
