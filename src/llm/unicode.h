// Code points of UTF-8 text and their classes, as tokenizers need them.
#ifndef FETTLE_LLM_UNICODE_H
#define FETTLE_LLM_UNICODE_H

#include <stddef.h>
#include <stdint.h>

enum unicode_class {
    UNICODE_OTHER, // marks, unassigned, private use, and bytes that are no UTF-8
    UNICODE_LETTER,
    UNICODE_NUMBER,
    UNICODE_PUNCTUATION,
    UNICODE_SYMBOL,
    UNICODE_SPACE, // the property White_Space
    UNICODE_MARK,
    UNICODE_CONTROL,
};

enum { UNICODE_BAD = 0xfffd }; // what a byte that is no UTF-8 reads as

// The code point at p < end; returns its bytes (1 for a byte that is no UTF-8).
size_t unicode_decode(const char *p, const char *end, uint32_t *cp);

// Writes up to 4 bytes, returns how many.
size_t unicode_encode(uint32_t cp, char out[4]);

enum unicode_class unicode_class_of(uint32_t cp);

#endif
