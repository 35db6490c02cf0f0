// Build tool: writes the page's files, plain and packed, as a C table (src/server/assets.h).
//
// usage: embed_files OUT.c ROOT FILE...    each FILE is a path below ROOT and becomes "/FILE"
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <zlib.h>

enum { FILE_MAX = 16 << 20 };

static void fail(const char *what, const char *name)
{
    fprintf(stderr, "embed_files: %s %s\n", what, name);
    exit(1);
}

static const char *type_of(const char *name)
{
    static const char *const types[][2] = {{".html", "text/html; charset=utf-8"},
                                           {".js", "text/javascript; charset=utf-8"},
                                           {".css", "text/css; charset=utf-8"},
                                           {".svg", "image/svg+xml"},
                                           {".txt", "text/plain; charset=utf-8"}};
    const char *dot = strrchr(name, '.');
    for (size_t i = 0; dot && i < sizeof types / sizeof *types; i++)
        if (strcmp(dot, types[i][0]) == 0)
            return types[i][1];
    fail("no media type for", name);
    return NULL;
}

static unsigned char *read_file(const char *root, const char *name, size_t *n)
{
    char path[4096];
    unsigned char *bytes = malloc(FILE_MAX);
    snprintf(path, sizeof path, "%s/%s", root, name);
    FILE *f = fopen(path, "rb");
    if (!f || !bytes)
        fail("cannot read", path);
    *n = fread(bytes, 1, FILE_MAX, f);
    if (ferror(f) || *n == FILE_MAX)
        fail("cannot read", path);
    fclose(f);
    return bytes;
}

static unsigned char *pack(const unsigned char *bytes, size_t n, size_t *packed_n)
{
    z_stream z = {0};
    if (deflateInit2(&z, 9, Z_DEFLATED, 15 + 16, 9, Z_DEFAULT_STRATEGY) != Z_OK)
        fail("cannot pack", "");
    size_t bound = deflateBound(&z, (uLong)n);
    unsigned char *out = malloc(bound);
    if (!out)
        fail("out of memory", "");
    z.next_in = (Bytef *)(uintptr_t)bytes;
    z.avail_in = (uInt)n;
    z.next_out = out;
    z.avail_out = (uInt)bound;
    if (deflate(&z, Z_FINISH) != Z_STREAM_END)
        fail("cannot pack", "");
    *packed_n = z.total_out;
    deflateEnd(&z);
    return out;
}

static void write_bytes(FILE *out, const char *name, size_t number, const unsigned char *bytes,
                        size_t n)
{
    fprintf(out, "static const unsigned char %s_%zu[] = {", name, number);
    for (size_t i = 0; i < n; i++)
        fprintf(out, "%s%u,", i % 24 ? "" : "\n", bytes[i]);
    fprintf(out, "%s};\n", n ? "" : "0"); // an array has at least one element
}

// FNV-1a, 64 bits.
static uint64_t hash(const unsigned char *bytes, size_t n)
{
    uint64_t h = 14695981039346656037u;
    for (size_t i = 0; i < n; i++)
        h = (h ^ bytes[i]) * 1099511628211u;
    return h;
}

static void add_file(FILE *out, FILE *table, const char *root, const char *name, size_t number)
{
    size_t n, packed_n;
    unsigned char *bytes = read_file(root, name, &n), *packed = pack(bytes, n, &packed_n);
    write_bytes(out, "plain", number, bytes, n);
    if (packed_n < n)
        write_bytes(out, "packed", number, packed, packed_n);
    fprintf(table, "    {\"/%s\", \"%s\", \"\\\"%016llx\\\"\", plain_%zu, %zu, ",
            strcmp(name, "index.html") == 0 ? "" : name, type_of(name),
            (unsigned long long)hash(bytes, n), number, n);
    if (packed_n < n)
        fprintf(table, "packed_%zu, %zu},\n", number, packed_n);
    else
        fprintf(table, "0, 0},\n");
    free(bytes);
    free(packed);
}

int main(int argc, char **argv)
{
    if (argc < 4)
        fail("usage: embed_files OUT.c ROOT FILE...", "");
    FILE *out = fopen(argv[1], "w"), *table = tmpfile();
    if (!out || !table)
        fail("cannot write", argv[1]);
    fprintf(out, "// Made from web/ by the build.\n#include \"server/assets.h\"\n\n");
    for (int i = 3; i < argc; i++)
        add_file(out, table, argv[2], argv[i], (size_t)i);
    fprintf(out, "\nconst struct asset_file asset_files[] = {\n");
    rewind(table);
    for (int c; (c = fgetc(table)) != EOF;)
        fputc(c, out);
    fprintf(out, "    {0}};\n");
    if (ferror(table) || fclose(table) != 0 || ferror(out) || fclose(out) != 0)
        fail("cannot write", argv[1]);
    return 0;
}
