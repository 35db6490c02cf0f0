// GPT-2's printable characters for bytes.
#include "llm/byte_text.h"

struct str byte_text_of(unsigned byte, char out[BYTE_TEXT_MAX])
{
    bool plain = (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;
    unsigned cp = plain ? byte : byte < 33 ? 256 + byte : byte < 161 ? 289 + byte - 127 : 323;
    if (cp < 128) {
        out[0] = (char)cp;
        return (struct str){out, 1};
    }
    out[0] = (char)(0xc0 | cp >> 6);
    out[1] = (char)(0x80 | (cp & 63));
    return (struct str){out, 2};
}

int byte_text_byte(uint32_t cp)
{
    if ((cp >= 33 && cp <= 126) || (cp >= 161 && cp <= 172) || (cp >= 174 && cp <= 255))
        return (int)cp;
    if (cp >= 256 && cp < 256 + 33)
        return (int)cp - 256; // 0 .. 32
    if (cp >= 289 && cp < 289 + 34)
        return (int)cp - 289 + 127; // 127 .. 160
    return cp == 323 ? 173 : -1;
}
