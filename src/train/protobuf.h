// Writes messages in the protocol buffers' wire format into buffers.
//
// A field is its number and a wire type, then the value (protobuf.dev, "Encoding"). Lack of memory
// is remembered in the buffer.
#ifndef FETTLE_TRAIN_PROTOBUF_H
#define FETTLE_TRAIN_PROTOBUF_H

#include <stdint.h>

#include "base/buf.h"

void protobuf_int(struct buf *to, uint32_t field, int64_t v); // int32, int64, enum, bool
void protobuf_float(struct buf *to, uint32_t field, float v);
void protobuf_bytes(struct buf *to, uint32_t field, struct str v); // bytes, string
void protobuf_text(struct buf *to, uint32_t field, const char *z);

// A message within: its bytes; `message` is emptied.
void protobuf_message(struct buf *to, uint32_t field, struct buf *message);

#endif
