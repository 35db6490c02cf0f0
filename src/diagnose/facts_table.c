// Facts from tables: CSV with any separator, Markdown, and columns aligned by blanks.
//
// A table whose header names a value column holds one fact a row; any other holds one fact a
// column, with a sample a row.
#include "diagnose/facts_private.h"
#include "diagnose/units.h"

enum { COLUMNS_MAX = 64 };

struct row {
    struct str cells[COLUMNS_MAX];
    size_t count;
};

// Two blanks or a tab separate aligned columns.
static void split_aligned(struct str line, struct row *row)
{
    row->count = 0;
    line = str_trim(line);
    while (line.n && row->count < COLUMNS_MAX) {
        size_t n = 0;
        while (n < line.n && line.p[n] != '\t' &&
               !(line.p[n] == ' ' && n + 1 < line.n && line.p[n + 1] == ' '))
            n++;
        row->cells[row->count++] = str_trim((struct str){line.p, n});
        line = str_trim((struct str){line.p + n, line.n - n});
    }
}

static void split_at(struct str line, char mark, struct row *row)
{
    row->count = 0;
    line = str_trim(line);
    if (mark == '|' && line.n && line.p[0] == '|')
        line = (struct str){line.p + 1, line.n - 1};
    if (mark == '|' && line.n && line.p[line.n - 1] == '|')
        line.n--;
    while (line.p && row->count < COLUMNS_MAX) {
        struct str cell;
        if (line.n && line.p[0] == '"') { // a quoted cell may hold the mark
            const char *close = memchr(line.p + 1, '"', line.n - 1);
            size_t n = close ? (size_t)(close - line.p) : line.n; // not closed: all that is left
            cell = (struct str){line.p + 1, n - 1};
            line = (struct str){line.p + n, line.n - n};
            str_cut(&line, mark);
        } else {
            cell = str_trim(str_cut(&line, mark));
        }
        if (cell.n >= 2 && cell.p[0] == '"' && cell.p[cell.n - 1] == '"')
            cell = (struct str){cell.p + 1, cell.n - 2};
        row->cells[row->count++] = cell;
    }
}

static void split(struct str line, char mark, struct row *row)
{
    if (mark == ' ')
        split_aligned(line, row);
    else
        split_at(line, mark, row);
}

// "---+---", "|:---|---:|", "====": a rule between header and rows.
static bool is_rule(struct str line)
{
    line = str_trim(line);
    size_t dashes = 0;
    for (size_t i = 0; i < line.n; i++) {
        if (!strchr("-=+|: \t", line.p[i]))
            return false;
        dashes += line.p[i] == '-' || line.p[i] == '=';
    }
    return dashes >= 3;
}

static bool is_name(struct str cell)
{
    bool letter = false;
    for (size_t i = 0; i < cell.n; i++) {
        letter |= (cell.p[i] | 0x20) >= 'a' && (cell.p[i] | 0x20) <= 'z';
        if (strchr("=:{}<>", cell.p[i]))
            return false;
    }
    return letter && cell.n < FACT_KEY_BYTES && !(cell.p[0] >= '0' && cell.p[0] <= '9');
}

// A header: two cells or more, every one a name.
static bool is_header(const struct row *row)
{
    for (size_t i = 0; i < row->count; i++)
        if (!is_name(row->cells[i]))
            return false;
    return row->count >= 2;
}

// The next line that is not empty; false at the end.
static bool next_line(struct facts_reader *r, struct str *text, struct str *line)
{
    while (text->p) {
        *line = str_cut(text, '\n');
        r->line++;
        if (str_trim(*line).n)
            return true;
    }
    return false;
}

// True if the header names both what a row is about and its value.
static bool is_long(const struct row *header)
{
    bool name = false, value = false;
    for (size_t i = 0; i < header->count; i++) {
        struct facts_record probe = {0};
        if (facts_record_put(&probe, header->cells[i], STR_LIT("x"))) {
            name |= probe.name.n > 0;
            value |= probe.value.n > 0;
        }
    }
    return name && value;
}

// The line after `header` is a rule, or a row of as many cells of which one begins like a number.
static bool begins_table(struct str rest, char mark, const struct row *header)
{
    struct facts_reader unused = {0};
    struct str line;
    struct row row;
    if (!next_line(&unused, &rest, &line))
        return false;
    if (is_rule(line))
        return true;
    split(line, mark, &row);
    bool number = false;
    for (size_t i = 0; i < row.count; i++) {
        double value;
        size_t n;
        number |= fact_number(row.cells[i], &value, &n, NULL);
    }
    // A tab at the end of a line is a blank like any other.
    bool fits = row.count == header->count || (mark == '\t' && row.count >= 2);
    return fits && row.count <= header->count && (number || is_long(header));
}

static bool find_mark(struct str line, struct str rest, char *mark, struct row *header)
{
    static const char marks[] = "|;,\t ";
    for (size_t i = 0; i < sizeof marks - 1; i++) {
        split(line, marks[i], header);
        if (is_header(header) && begins_table(rest, marks[i], header)) {
            *mark = marks[i];
            return true;
        }
    }
    return false;
}

static void read_long_row(struct facts_reader *r, const struct row *header, const struct row *row)
{
    struct facts_record record = {0};
    for (size_t i = 0; i < row->count && i < header->count; i++) {
        struct str cell = row->cells[i];
        if (cell.n == 0 || str_is(cell, "-"))
            continue;
        if (fact_key_is_time(header->cells[i]))
            facts_time(r, cell);
        else if (!facts_record_put(&record, header->cells[i], cell) &&
                 fact_key_is_device(header->cells[i]))
            facts_device(r, cell);
    }
    facts_record_end(r, &record, (struct str){"", 0});
}

// Rows named "min", "max" or "limit" in their first cell bound the columns.
static bool read_bounds_row(struct facts_reader *r, const struct row *header, const struct row *row)
{
    struct fact_value v;
    bool low = str_eq_nocase(row->cells[0], STR_LIT("min"));
    bool high = str_eq_nocase(row->cells[0], STR_LIT("max"));
    if (!low && !high && !str_eq_nocase(row->cells[0], STR_LIT("limit")) &&
        !str_eq_nocase(row->cells[0], STR_LIT("limits")))
        return false;
    for (size_t i = 1; i < row->count && i < header->count; i++) {
        size_t n;
        double bound;
        fact_value_none(&v);
        if (!fact_limits_read(row->cells[i], &v) &&
            fact_number(row->cells[i], &bound, &n, low ? v.low_text : v.high_text))
            *(low ? &v.low : &v.high) = bound;
        facts_put_limit(r, header->cells[i], &v);
    }
    return true;
}

// A row of units under the header: every cell that is not empty or a dash is a unit.
static bool is_units_row(const struct row *row)
{
    size_t units = 0;
    for (size_t i = 1; i < row->count; i++) {
        struct str cell = row->cells[i];
        if (cell.n == 0 || str_is(cell, "-"))
            continue;
        if (!unit_find(cell))
            return false;
        units++;
    }
    return units > 0;
}

static void read_wide_row(struct facts_reader *r, const struct row *header, const struct row *units,
                          const struct row *row)
{
    for (size_t i = 0; i < row->count && i < header->count; i++) {
        struct fact_value v;
        fact_value_read(row->cells[i], &v);
        if (v.is_number && !v.unit[0] && i < units->count && unit_find(units->cells[i]))
            str_copy(v.unit, sizeof v.unit, units->cells[i]);
        facts_put(r, header->cells[i], &v);
    }
}

static void read_rows(struct facts_reader *r, struct str *text, char mark, const struct row *header)
{
    struct row row, units = {.count = 0};
    struct str line;
    bool rows_are_facts = is_long(header), first = true;
    for (struct str before = *text; next_line(r, text, &line); before = *text) {
        if (is_rule(line))
            continue;
        split(line, mark, &row);
        if (row.count < 2 || row.count > header->count + 1) { // the table is over
            *text = before;
            r->line--;
            return;
        }
        if (rows_are_facts)
            read_long_row(r, header, &row);
        else if (first && is_units_row(&row))
            units = row;
        else if (!read_bounds_row(r, header, &row))
            read_wide_row(r, header, &units, &row);
        first = false;
    }
}

// ---- tables without a header ----

static const struct row bare_header = {
    .cells = {{"name", 4}, {"value", 5}, {"unit", 4}, {"flag", 4}}, .count = 4};

// "V_IN;8.4;V;LOW": a name, what it reads, its unit or nothing, and perhaps a flag.
static bool is_bare_row(const struct row *row, size_t *units)
{
    if (row->count < 3 || row->count > 4 || !is_name(row->cells[0]) || row->cells[1].n == 0)
        return false;
    bool unit = row->cells[2].n > 0;
    double number;
    size_t n;
    *units += unit;
    return !unit || (unit_find(row->cells[2]) && fact_number(row->cells[1], &number, &n, NULL) &&
                     n == row->cells[1].n);
}

static bool is_bare_table(struct str text, char mark)
{
    struct facts_reader unused = {0};
    struct str line;
    struct row row;
    size_t units = 0, rows = 0;
    for (; next_line(&unused, &text, &line); rows++) {
        split(line, mark, &row);
        if (!is_bare_row(&row, &units))
            return false;
    }
    return rows >= 2 && units > 0;
}

static bool read_bare_table(struct facts_reader *r, struct str text)
{
    static const char marks[] = "|;,\t";
    for (size_t i = 0; i < sizeof marks - 1; i++)
        if (is_bare_table(text, marks[i])) {
            struct str line;
            struct row row;
            while (next_line(r, &text, &line)) {
                split(line, marks[i], &row);
                read_long_row(r, &bare_header, &row);
            }
            return true;
        }
    return false;
}

bool facts_read_table(struct facts_reader *r, struct str text)
{
    enum { LEAD_LINES = 4 };
    struct str line, at = text, lead = text;
    struct row header;
    char mark;
    for (int i = 0; i < LEAD_LINES; i++) {
        size_t before = (size_t)(at.p ? at.p - text.p : 0);
        if (!next_line(r, &at, &line))
            break;
        if (is_rule(line) || !at.p || !find_mark(line, at, &mark, &header))
            continue;
        lead.n = before;
        r->line = 1;
        facts_read_pairs(r, lead); // "# pump 7, 12 June" above the table
        read_rows(r, &at, mark, &header);
        if (at.p && at.n)
            facts_read_pairs(r, at);
        return true;
    }
    r->line = 1;
    return read_bare_table(r, text);
}
