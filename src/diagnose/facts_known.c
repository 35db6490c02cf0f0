// What instruments of a kind share: limits for values whose log gives none.
//
// Sources: field devices for 24 V plants are specified for 10 to 30 V DC; NAMUR NE 43 puts the
// signal of a 4-20 mA loop between 3.8 and 20.5 mA; outdoor instruments take 24 V for heating.
#include <math.h>

#include "diagnose/facts_private.h"
#include "diagnose/units.h"

static const struct {
    const char *keys; // words of a key, any of these in a row
    const char *unit;
    double low, high;
} known_limits[] = {
    {"v_in vin v_supply vsupply supply_v supply_voltage v_sup vsup u_in u_supply supply_volt "
     "input_voltage psu_in vcc_in power_in pwr_in",
     "V", 10, 30},
    {"loop_current loop_ma i_loop current_loop loop_i analog_out ao_current", "mA", 3.8, 20.5},
};

// What a heated instrument's key has in it, and what is then known.
static const char heater_keys[] =
    "heat_current heater_current heating_current i_heat i_heater heat_i heater_i heater_amps "
    "htr_current htr_i heater_a";
static const char heater_supply[] = "heater supply 24 V";

// The key in lower case with '_' between words: "HeatCurrent", "heat current" are heat_current.
static size_t fold(const char *key, char *out, size_t cap)
{
    size_t n = 0;
    for (size_t i = 0; key[i] && n + 2 < cap; i++) {
        char c = key[i];
        bool upper = c >= 'A' && c <= 'Z';
        bool after_lower = i > 0 && key[i - 1] >= 'a' && key[i - 1] <= 'z';
        bool after_upper = i > 0 && key[i - 1] >= 'A' && key[i - 1] <= 'Z';
        bool before_lower = key[i + 1] >= 'a' && key[i + 1] <= 'z';
        if (upper && (after_lower || (after_upper && before_lower))) // iHeater, IHeater
            out[n++] = '_';
        bool word = upper || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
        out[n++] = upper ? (char)(c - 'A' + 'a') : word ? c : '_';
    }
    out[n] = '\0';
    return n;
}

static bool has_words(const char *folded, struct str words)
{
    size_t length = strlen(folded);
    for (size_t i = 0; i + words.n <= length; i++) {
        bool starts = i == 0 || folded[i - 1] == '_';
        bool ends = folded[i + words.n] == '\0' || folded[i + words.n] == '_';
        if (starts && ends && memcmp(folded + i, words.p, words.n) == 0)
            return true;
    }
    return false;
}

static bool key_has(const char *key, const char *list)
{
    char folded[FACT_KEY_BYTES * 2];
    fold(key, folded, sizeof folded);
    struct str rest = str_of(list);
    while (rest.p && rest.n)
        if (has_words(folded, str_cut(&rest, ' ')))
            return true;
    return false;
}

void facts_join_known(struct facts *f)
{
    bool heated = false;
    for (size_t i = 0; i < f->count; i++) {
        struct fact *item = &f->items[i];
        for (size_t k = 0; k < sizeof known_limits / sizeof *known_limits; k++)
            if (item->is_number && unit_same(str_of(item->unit), str_of(known_limits[k].unit)) &&
                key_has(item->key, known_limits[k].keys))
                facts_join_limits(f, str_of(item->key), known_limits[k].low, known_limits[k].high,
                                  FACT_FROM_TABLE);
        heated |= item->is_number && key_has(item->key, heater_keys);
    }
    if (heated && !strstr(f->known, "heater supply"))
        facts_add_known(f, heater_supply);
}
