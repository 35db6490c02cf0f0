// The parsers of single formats behind ingest_parse. Private to this folder.
#ifndef FETTLE_INGEST_FORMATS_H
#define FETTLE_INGEST_FORMATS_H

#include "ingest/emit.h"

// A line longer than this is refused; the next one goes on.
enum { INGEST_LINE_MAX_BYTES = 1 << 20 };

// What a body is, from its first bytes. `more`: what follows is not known yet. Never INGEST_AUTO.
enum ingest_format ingest_detect(struct str body, bool more);

// True for text in UTF-16 that says so by its first two bytes.
bool ingest_is_utf16(struct str body);

// Cuts the next line off `*rest`, without its line end.
struct str ingest_cut_line(struct str *rest);

// Each parses all of `body`; lines are numbered from `first_line`. `now_us` is the time of readings
// without one. What happened is in the emit: counts, refusals, and e->code when it had to stop.
void ingest_parse_json(struct ingest_emit *e, struct str body, int64_t now_us);
void ingest_parse_ndjson(struct ingest_emit *e, struct str body, uint64_t first_line,
                         int64_t now_us);
void ingest_parse_line_protocol(struct ingest_emit *e, struct str body, uint64_t first_line,
                                int64_t now_us, double precision_us);

// Which sensor a tag names, best first: the asset is taken from the best tag that is there.
// Returns a rank from 0 (best), or -1 when the tag names no asset.
int ingest_asset_tag_rank(struct str tag);

#endif
