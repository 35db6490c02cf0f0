// Fuzzes the safetensors reader: opens the bytes and reads the ends of every tensor.
#include "llm/safetensors.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct safetensors *s;
    struct err err;
    if (safetensors_open_bytes(data, n, "fuzz", &s, &err))
        return 0;
    volatile uint64_t sum = 0; // makes the compiler keep the reads
    for (size_t i = 0; i < safetensors_count(s); i++) {
        const struct safetensors_tensor *t = safetensors_at(s, i);
        if (t->bytes)
            sum += t->data[0] + t->data[t->bytes - 1];
        if (t->format && t->count) {
            float value;
            t->format->dequantize(t->data + t->bytes - t->format->bytes, &value, 1);
            sum += value > 0;
        }
        sum += safetensors_find(s, t->name) == t;
    }
    (void)sum;
    safetensors_close(&s);
    return 0;
}
