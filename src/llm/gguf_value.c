// Typed access to GGUF metadata.
#include <math.h>
#include <string.h>

#include "llm/gguf.h"

static enum err_code absent(const struct gguf *g, const char *key, struct err *err)
{
    return err_set(err, ERR_NOT_FOUND, "%s: key '%s' is missing", gguf_name(g), key);
}

static enum err_code wrong_type(const struct gguf *g, const struct gguf_value *v, const char *want,
                                struct err *err)
{
    return err_set(err, ERR_INPUT, "%s: key '%.*s' is of type %s%s, expected %s", gguf_name(g),
                   STR_ARG(v->key), v->type == GGUF_ARRAY ? "array of " : "",
                   gguf_type_name(v->element), want);
}

static bool is_integer(enum gguf_type type)
{
    return type <= GGUF_I32 || type == GGUF_U64 || type == GGUF_I64;
}

int64_t gguf_element_i64(const struct gguf_value *v, uint64_t i)
{
    uint8_t u8;
    uint16_t u16;
    uint32_t u32;
    uint64_t u64;
    switch (v->element) {
    case GGUF_U8:
    case GGUF_BOOL:
        return v->p[i];
    case GGUF_I8:
        u8 = v->p[i];
        return (int8_t)u8;
    case GGUF_U16:
    case GGUF_I16:
        memcpy(&u16, v->p + 2 * i, 2);
        return v->element == GGUF_U16 ? (int64_t)u16 : (int16_t)u16;
    case GGUF_U32:
    case GGUF_I32:
        memcpy(&u32, v->p + 4 * i, 4);
        return v->element == GGUF_U32 ? (int64_t)u32 : (int32_t)u32;
    default:
        memcpy(&u64, v->p + 8 * i, 8);
        if (v->element == GGUF_U64 && u64 > INT64_MAX)
            return INT64_MAX;
        return (int64_t)u64;
    }
}

float gguf_element_f32(const struct gguf_value *v, uint64_t i)
{
    if (v->element == GGUF_F64) {
        double d;
        memcpy(&d, v->p + 8 * i, 8);
        return (float)d;
    }
    float f;
    memcpy(&f, v->p + 4 * i, 4);
    return f;
}

enum err_code gguf_u32(const struct gguf *g, const char *key, uint32_t *out, struct err *err)
{
    const struct gguf_value *v = gguf_find(g, key);
    if (!v)
        return absent(g, key, err);
    if (!is_integer(v->type))
        return wrong_type(g, v, "a whole number", err);
    int64_t n = gguf_element_i64(v, 0);
    if (n < 0 || n > UINT32_MAX)
        return err_set(err, ERR_INPUT, "%s: key '%s' is %lld, expected 0 to 4294967295",
                       gguf_name(g), key, (long long)n);
    *out = (uint32_t)n;
    return ERR_OK;
}

enum err_code gguf_f32(const struct gguf *g, const char *key, float *out, struct err *err)
{
    const struct gguf_value *v = gguf_find(g, key);
    if (!v)
        return absent(g, key, err);
    if (v->type != GGUF_F32 && v->type != GGUF_F64)
        return wrong_type(g, v, "a number with fraction", err);
    float f = gguf_element_f32(v, 0);
    if (!isfinite(f))
        return err_set(err, ERR_INPUT, "%s: key '%s' is not a finite number", gguf_name(g), key);
    *out = f;
    return ERR_OK;
}

enum err_code gguf_bool(const struct gguf *g, const char *key, bool *out, struct err *err)
{
    const struct gguf_value *v = gguf_find(g, key);
    if (!v)
        return absent(g, key, err);
    if (v->type != GGUF_BOOL)
        return wrong_type(g, v, "bool", err);
    *out = v->p[0];
    return ERR_OK;
}

enum err_code gguf_string(const struct gguf *g, const char *key, struct str *out, struct err *err)
{
    const struct gguf_value *v = gguf_find(g, key);
    if (!v)
        return absent(g, key, err);
    if (v->type != GGUF_STRING)
        return wrong_type(g, v, "string", err);
    const unsigned char *at = v->p;
    *out = gguf_next_string(&at);
    return ERR_OK;
}

enum err_code gguf_array(const struct gguf *g, const char *key, enum gguf_type element,
                         const struct gguf_value **out, struct err *err)
{
    *out = NULL;
    const struct gguf_value *v = gguf_find(g, key);
    if (!v)
        return absent(g, key, err);
    if (v->type != GGUF_ARRAY || v->element != element) {
        char want[32] = "array of ";
        strncat(want, gguf_type_name(element), sizeof want - strlen(want) - 1);
        return wrong_type(g, v, want, err);
    }
    *out = v;
    return ERR_OK;
}

struct str gguf_next_string(const unsigned char **at)
{
    uint64_t n;
    memcpy(&n, *at, 8);
    struct str s = {(const char *)*at + 8, (size_t)n};
    *at += 8 + n;
    return s;
}
