// GPT-2's printable characters for bytes: how files write the tokens of byte-level BPE.
//
// Printable bytes stand for themselves, the other 68 follow from character 256 on.
#ifndef FETTLE_LLM_BYTE_TEXT_H
#define FETTLE_LLM_BYTE_TEXT_H

#include <stdint.h>

#include "base/str.h"

enum { BYTE_TEXT_MAX = 2 }; // bytes of a character, as UTF-8

struct str byte_text_of(unsigned byte, char out[BYTE_TEXT_MAX]);
int byte_text_byte(uint32_t character); // -1: none

#endif
