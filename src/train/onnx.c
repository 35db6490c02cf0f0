// Writes an ONNX model: a graph of nodes in one file, the data of its tensors in another beside it.
#include "train/onnx.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "train/protobuf.h"

enum {
    IR_VERSION = 8, // read by ONNX Runtime from 1.13 on
    OPSET = 18,
    ALIGNMENT = 64,
    FLUSH_BYTES = 1 << 20,
};

// Fields of onnx.proto's messages.
enum {
    MODEL_IR = 1,
    MODEL_PRODUCER = 2,
    MODEL_PRODUCER_VERSION = 3,
    MODEL_GRAPH = 7,
    MODEL_OPSET = 8
};
enum { OPSET_DOMAIN = 1, OPSET_VERSION = 2 };
enum { GRAPH_NODE = 1, GRAPH_NAME = 2, GRAPH_TENSOR = 5, GRAPH_INPUT = 11, GRAPH_OUTPUT = 12 };
enum {
    NODE_INPUT = 1,
    NODE_OUTPUT = 2,
    NODE_NAME = 3,
    NODE_OP = 4,
    NODE_ATTRIBUTE = 5,
    NODE_DOMAIN = 7
};
enum { ATTRIBUTE_NAME = 1, ATTRIBUTE_F = 2, ATTRIBUTE_I = 3, ATTRIBUTE_TYPE = 20 };
enum {
    TENSOR_DIM = 1,
    TENSOR_TYPE = 2,
    TENSOR_NAME = 8,
    TENSOR_RAW = 9,
    TENSOR_EXTERNAL = 13,
    TENSOR_LOCATION = 14
};
enum { ENTRY_KEY = 1, ENTRY_VALUE = 2, LOCATION_EXTERNAL = 1 };
enum { VALUE_NAME = 1, VALUE_TYPE = 2, TYPE_TENSOR = 1, TENSOR_ELEMENT = 1, TENSOR_SHAPE = 2 };
enum { SHAPE_DIM = 1, DIM_VALUE = 1, DIM_NAME = 2 };

struct onnx {
    char graph_path[PATH_MAX], data_path[PATH_MAX], part[PATH_MAX];
    char data_name[NAME_MAX + 1];
    int fd;
    struct err err; // the first failure
    struct buf graph, data, message, inner, innermost;
    uint64_t offset, due; // bytes of data declared, still to come
};

static void fail(struct onnx *o, enum err_code code, const char *what)
{
    if (!o->err.code)
        err_set(&o->err, code, "%s: %s", o->graph_path, what);
}

static bool join(char out[PATH_MAX], const char *dir, const char *name, const char *suffix)
{
    return snprintf(out, PATH_MAX, "%s/%s%s", dir, name, suffix) < PATH_MAX;
}

enum err_code onnx_open(const char *dir, const char *name, struct onnx **out, struct err *err)
{
    *out = NULL;
    struct onnx *o = calloc(1, sizeof *o);
    if (!o)
        return err_set(err, ERR_NO_MEMORY, "%s: out of memory", dir);
    if (!join(o->graph_path, dir, name, "") || !join(o->data_path, dir, name, "_data") ||
        !join(o->part, dir, name, "_data.part")) {
        free(o);
        return err_set(err, ERR_LIMIT, "%s: the path is too long", dir);
    }
    snprintf(o->data_name, sizeof o->data_name, "%s_data", name);
    o->fd = open(o->part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (o->fd < 0) {
        enum err_code code = err_errno(err, errno, "cannot write %s", o->part);
        free(o);
        return code;
    }
    *out = o;
    return ERR_OK;
}

static void add_dims(struct buf *shape, struct buf *dim, const char *dims)
{
    struct str rest = str_of(dims);
    while (rest.p) {
        int64_t number;
        struct str one = str_cut(&rest, ',');
        if (str_to_i64(one, &number))
            protobuf_int(dim, DIM_VALUE, number);
        else
            protobuf_bytes(dim, DIM_NAME, one);
        protobuf_message(shape, SHAPE_DIM, dim);
    }
}

static void add_value(struct onnx *o, uint32_t field, const char *name, enum onnx_type type,
                      const char *dims)
{
    struct buf dim = {0};
    protobuf_int(&o->inner, TENSOR_ELEMENT, type);
    add_dims(&o->innermost, &dim, dims);
    protobuf_message(&o->inner, TENSOR_SHAPE, &o->innermost);
    protobuf_message(&o->innermost, TYPE_TENSOR, &o->inner);
    protobuf_text(&o->message, VALUE_NAME, name);
    protobuf_message(&o->message, VALUE_TYPE, &o->innermost);
    protobuf_message(&o->graph, field, &o->message);
    if (dim.failed)
        o->graph.failed = true;
    buf_free(&dim);
}

void onnx_input(struct onnx *o, const char *name, enum onnx_type type, const char *dims)
{
    add_value(o, GRAPH_INPUT, name, type, dims);
}

void onnx_output(struct onnx *o, const char *name, enum onnx_type type, const char *dims)
{
    add_value(o, GRAPH_OUTPUT, name, type, dims);
}

static void add_names(struct buf *to, uint32_t field, const char *names)
{
    struct str rest = str_of(names);
    while (rest.p)
        protobuf_bytes(to, field, str_cut(&rest, ','));
}

void onnx_node(struct onnx *o, const char *op, const char *inputs, const char *outputs,
               const struct onnx_attribute *attributes, size_t n)
{
    const char *dot = strrchr(op, '.');
    struct str first = str_of(outputs);
    add_names(&o->message, NODE_INPUT, inputs);
    add_names(&o->message, NODE_OUTPUT, outputs);
    protobuf_bytes(&o->message, NODE_NAME, str_cut(&first, ','));
    protobuf_text(&o->message, NODE_OP, dot ? dot + 1 : op);
    for (size_t i = 0; i < n; i++) {
        protobuf_text(&o->inner, ATTRIBUTE_NAME, attributes[i].name);
        if (attributes[i].type == ONNX_FLOAT)
            protobuf_float(&o->inner, ATTRIBUTE_F, attributes[i].f);
        else
            protobuf_int(&o->inner, ATTRIBUTE_I, attributes[i].i);
        protobuf_int(&o->inner, ATTRIBUTE_TYPE, attributes[i].type);
        protobuf_message(&o->message, NODE_ATTRIBUTE, &o->inner);
    }
    if (dot)
        protobuf_bytes(&o->message, NODE_DOMAIN, (struct str){op, (size_t)(dot - op)});
    protobuf_message(&o->graph, GRAPH_NODE, &o->message);
}

void onnx_ints(struct onnx *o, const char *name, const int64_t *v, size_t n)
{
    if (n)
        protobuf_int(&o->message, TENSOR_DIM, (int64_t)n);
    protobuf_int(&o->message, TENSOR_TYPE, ONNX_I64);
    protobuf_text(&o->message, TENSOR_NAME, name);
    protobuf_bytes(&o->message, TENSOR_RAW, (struct str){(const char *)v, (n ? n : 1) * sizeof *v});
    protobuf_message(&o->graph, GRAPH_TENSOR, &o->message);
}

static void add_entry(struct onnx *o, const char *key, const char *value)
{
    protobuf_text(&o->inner, ENTRY_KEY, key);
    protobuf_text(&o->inner, ENTRY_VALUE, value);
    protobuf_message(&o->message, TENSOR_EXTERNAL, &o->inner);
}

static void add_entry_number(struct onnx *o, const char *key, uint64_t value)
{
    char digits[24];
    snprintf(digits, sizeof digits, "%llu", (unsigned long long)value);
    add_entry(o, key, digits);
}

static uint64_t bytes_of(enum onnx_type type)
{
    switch (type) {
    case ONNX_U8:
        return 1;
    case ONNX_F16:
        return 2;
    case ONNX_F32:
    case ONNX_I32:
        return 4;
    case ONNX_I64:
        return 8;
    }
    return 0;
}

static void flush(struct onnx *o)
{
    if (o->data.failed)
        fail(o, ERR_NO_MEMORY, "out of memory");
    if (!o->err.code)
        file_write_all(o->fd, o->data.p, o->data.n, &o->err);
    buf_reset(&o->data);
}

static void add_data(struct onnx *o, const void *bytes, size_t n)
{
    buf_add(&o->data, bytes, n);
    o->offset += n;
    if (o->data.n >= FLUSH_BYTES || o->data.failed)
        flush(o);
}

void onnx_tensor(struct onnx *o, const char *name, enum onnx_type type, const uint64_t *dims,
                 size_t n)
{
    static const char zeros[ALIGNMENT];
    uint64_t bytes = bytes_of(type);
    bool good = n >= 1 && n <= ONNX_DIMS && o->due == 0;
    for (size_t i = 0; good && i < n; i++)
        good = dims[i] > 0 && !__builtin_mul_overflow(bytes, dims[i], &bytes);
    if (!good)
        fail(o, ERR_USAGE, "a tensor that cannot be written, or one before lacks data");
    if (o->err.code)
        return;
    add_data(o, zeros, (ALIGNMENT - o->offset % ALIGNMENT) % ALIGNMENT);
    for (size_t i = 0; i < n; i++)
        protobuf_int(&o->message, TENSOR_DIM, (int64_t)dims[i]);
    protobuf_int(&o->message, TENSOR_TYPE, type);
    protobuf_text(&o->message, TENSOR_NAME, name);
    add_entry(o, "location", o->data_name);
    add_entry_number(o, "offset", o->offset);
    add_entry_number(o, "length", bytes);
    protobuf_int(&o->message, TENSOR_LOCATION, LOCATION_EXTERNAL);
    protobuf_message(&o->graph, GRAPH_TENSOR, &o->message);
    o->due = bytes;
}

void onnx_data(struct onnx *o, const void *bytes, size_t n)
{
    if (n > o->due)
        fail(o, ERR_USAGE, "more data than the tensor holds");
    if (o->err.code)
        return;
    o->due -= n;
    add_data(o, bytes, n);
}

static void add_opset(struct buf *model, struct buf *opset, const char *domain, int64_t version)
{
    protobuf_text(opset, OPSET_DOMAIN, domain);
    protobuf_int(opset, OPSET_VERSION, version);
    protobuf_message(model, MODEL_OPSET, opset);
}

// The graph is removed before its data is replaced: at no moment do they not belong together.
static void write_files(struct onnx *o)
{
    struct buf model = {0};
    protobuf_int(&model, MODEL_IR, IR_VERSION);
    protobuf_text(&model, MODEL_PRODUCER, "fettle");
    protobuf_text(&model, MODEL_PRODUCER_VERSION, FETTLE_VERSION);
    protobuf_text(&o->graph, GRAPH_NAME, "decoder");
    protobuf_message(&model, MODEL_GRAPH, &o->graph);
    add_opset(&model, &o->inner, "", OPSET);
    add_opset(&model, &o->inner, "com.microsoft", 1);
    if (model.failed)
        fail(o, ERR_NO_MEMORY, "out of memory");
    else if (unlink(o->graph_path) != 0 && errno != ENOENT)
        err_errno(&o->err, errno, "cannot replace %s", o->graph_path);
    else if (fsync(o->fd) != 0 || rename(o->part, o->data_path) != 0)
        err_errno(&o->err, errno, "cannot write %s", o->data_path);
    else
        file_replace(o->graph_path, model.p, model.n, &o->err);
    buf_free(&model);
}

static void release(struct onnx **out)
{
    struct onnx *o = *out;
    close(o->fd);
    if (o->err.code)
        unlink(o->part);
    buf_free(&o->graph);
    buf_free(&o->data);
    buf_free(&o->message);
    buf_free(&o->inner);
    buf_free(&o->innermost);
    free(o);
    *out = NULL;
}

enum err_code onnx_finish(struct onnx **out, struct err *err)
{
    struct onnx *o = *out;
    if (o->due)
        fail(o, ERR_USAGE, "data of a tensor is missing");
    flush(o);
    if (!o->err.code)
        write_files(o);
    enum err_code code = o->err.code;
    if (code && err)
        *err = o->err;
    release(out);
    return code;
}

void onnx_abandon(struct onnx **o)
{
    if (!*o)
        return;
    fail(*o, ERR_CANCELLED, "given up");
    release(o);
}
