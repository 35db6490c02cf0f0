// Writes messages in the protocol buffers' wire format into buffers.
#include "train/protobuf.h"

enum { VARINT = 0, LENGTH = 2, FIXED_32 = 5 };

static void add_varint(struct buf *to, uint64_t v)
{
    for (; v >= 0x80; v >>= 7)
        buf_add_char(to, (char)(v | 0x80));
    buf_add_char(to, (char)v);
}

static void add_tag(struct buf *to, uint32_t field, unsigned wire_type)
{
    add_varint(to, (uint64_t)field << 3 | wire_type);
}

void protobuf_int(struct buf *to, uint32_t field, int64_t v)
{
    add_tag(to, field, VARINT);
    add_varint(to, (uint64_t)v);
}

void protobuf_float(struct buf *to, uint32_t field, float v)
{
    add_tag(to, field, FIXED_32);
    buf_add(to, &v, sizeof v);
}

void protobuf_bytes(struct buf *to, uint32_t field, struct str v)
{
    add_tag(to, field, LENGTH);
    add_varint(to, v.n);
    buf_add_str(to, v);
}

void protobuf_text(struct buf *to, uint32_t field, const char *z)
{
    protobuf_bytes(to, field, str_of(z));
}

void protobuf_message(struct buf *to, uint32_t field, struct buf *message)
{
    protobuf_bytes(to, field, buf_str(message));
    if (message->failed)
        to->failed = true;
    buf_reset(message);
}
