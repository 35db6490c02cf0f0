// Speed of the tokenizers: MB/s of each vocabulary over a text file, one thread, best of five.
//
// bench_tokenizer TEXT VOCABULARY.gguf...
#include <stdio.h>

#include "base/clock.h"
#include "base/file.h"
#include "llm/tokenizer.h"

static int measure(const char *path, struct str text, struct err *err)
{
    struct gguf *g;
    struct tokenizer *t;
    int64_t start = clock_mono_us();
    if (gguf_open(path, &g, err) || tokenizer_open(g, &t, err))
        return 1;
    double open_ms = (double)(clock_mono_us() - start) / 1e3, best = 1e30;
    size_t count = 0;
    for (int k = 0; k < 5; k++) {
        struct tokens ids = {0};
        start = clock_mono_us();
        if (tokenizer_encode(t, text, 0, &ids, err))
            return 1;
        double us = (double)(clock_mono_us() - start);
        best = us < best ? us : best;
        count = ids.n;
        tokens_free(&ids);
    }
    printf("%-60s open %6.1f ms  %6.2f MB/s  %zu tokens\n", path, open_ms, (double)text.n / best,
           count);
    tokenizer_close(&t);
    gguf_close(&g);
    return 0;
}

int main(int argc, char **argv)
{
    struct buf text = {0};
    struct err err;
    if (argc < 3 || file_read(argv[1], 1 << 30, &text, &err)) {
        fprintf(stderr, "usage: %s TEXT VOCABULARY.gguf...\n", argv[0]);
        return 2;
    }
    for (int i = 2; i < argc; i++)
        if (measure(argv[i], buf_str(&text), &err)) {
            fprintf(stderr, "%s\n", err.text);
            return 1;
        }
    buf_free(&text);
    return 0;
}
