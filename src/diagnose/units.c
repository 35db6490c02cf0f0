// The table of units, and looking them up.
#include "diagnose/units.h"

#include <math.h>

static const struct unit units[] = {
    {"V", "VDC Vdc VAC Vac volt volts Volt Volts", "voltage", 1},
    {"mV", "millivolt millivolts", "voltage", 1e-3},
    {"kV", "kilovolt kilovolts", "voltage", 1e3},
    {"A", "Amp Amps amp amps ampere amperes ADC", "current", 1},
    {"mA", "milliamp milliamps milliamperes", "current", 1e-3},
    {"uA", "µA μA", "current", 1e-6},
    {"W", "watt watts", "power", 1},
    {"kW", "kilowatt kilowatts", "power", 1e3},
    {"MW", "", "power", 1e6},
    {"kWh", "", "energy", 1},
    {"kVA", "", "apparent", 1},
    {"kvar", "kVAr", "reactive", 1},
    {"Hz", "hz hertz", "frequency", 1},
    {"kHz", "", "frequency", 1e3},
    {"MHz", "", "frequency", 1e6},
    {"ohm", "Ohm ohms Ohms Ω", "resistance", 1},
    {"kohm", "kOhm kΩ kohms", "resistance", 1e3},
    {"Mohm", "MOhm MΩ megohm megohms Mohms", "resistance", 1e6},
    {"C", "°C degC deg_C Celsius celsius ℃ deg.C", "celsius", 1},
    {"F", "°F degF deg_F Fahrenheit", "fahrenheit", 1},
    {"K", "Kelvin kelvin", "kelvin", 1},
    {"bar", "bars barg bar(g) bara", "pressure", 1},
    {"mbar", "millibar", "pressure", 1e-3},
    {"Pa", "", "pressure", 1e-5},
    {"hPa", "", "pressure", 1e-3},
    {"kPa", "", "pressure", 1e-2},
    {"MPa", "", "pressure", 10},
    {"psi", "psig PSI psia", "pressure", 0.0689475729},
    {"m3/h", "m³/h m^3/h cbm/h m3h", "flow", 1},
    {"l/min", "L/min lpm LPM l/m", "flow", 0.06},
    {"l/s", "L/s", "flow", 3.6},
    {"l/h", "L/h", "flow", 1e-3},
    {"gpm", "GPM", "flow", 0.2271247},
    {"Nm3/h", "Nm³/h", "normal flow", 1},
    {"kg/h", "", "mass flow", 1},
    {"t/h", "", "mass flow", 1e3},
    {"m/s", "", "speed", 1},
    {"km/h", "", "speed", 1.0 / 3.6},
    {"mm/s", "mm/s_rms mm/sec", "vibration", 1},
    {"in/s", "ips", "vibration", 25.4},
    {"g", "g_rms", "acceleration", 1},
    {"rpm", "RPM r/min 1/min", "rotation", 1},
    {"m", "metre metres meter meters", "length", 1},
    {"cm", "", "length", 1e-2},
    {"mm", "", "length", 1e-3},
    {"um", "µm μm", "length", 1e-6},
    {"km", "", "length", 1e3},
    {"%", "percent pct", "percent", 1},
    {"%RH", "%rh", "humidity", 1},
    {"%LEL", "%lel", "explosive", 1},
    {"%open", "", "opening", 1},
    {"ppm", "PPM", "fraction", 1},
    {"ppb", "", "fraction", 1e-3},
    {"mg/m3", "mg/m³", "density", 1},
    {"mg/l", "mg/L", "concentration", 1},
    {"NTU", "", "turbidity", 1},
    {"pH", "", "acidity", 1},
    {"uS/cm", "µS/cm μS/cm", "conductivity", 1},
    {"mS/cm", "", "conductivity", 1e3},
    {"W/m2", "W/m²", "irradiance", 1},
    {"lx", "lux", "illuminance", 1},
    {"dB", "db", "level", 1},
    {"dBA", "dB(A)", "sound", 1},
    {"dBm", "dbm", "signal", 1},
    {"s", "sec secs second seconds", "time", 1},
    {"ms", "msec milliseconds", "time", 1e-3},
    {"us", "µs", "time", 1e-6},
    {"min", "mins minutes minute", "time", 60},
    {"h", "hr hrs hours hour", "time", 3600},
    {"d", "days day", "time", 86400},
    {"kg", "", "mass", 1},
    {"t", "tonnes", "mass", 1e3},
    {"N", "", "force", 1},
    {"kN", "", "force", 1e3},
    {"Nm", "", "torque", 1},
    {"l", "L litres liters", "volume", 1},
    {"m3", "m³", "volume", 1e3},
    {"MB", "MiB", "storage", 1},
    {"GB", "GiB", "storage", 1e3},
    {"deg", "° degrees degree", "angle", 1},
    {"mT", "", "induction", 1},
    {"Mvar", "", "reactive", 1e3},
};

static bool in_list(const char *list, struct str word)
{
    struct str rest = str_of(list);
    while (rest.p && rest.n)
        if (str_eq(str_cut(&rest, ' '), word))
            return true;
    return false;
}

const struct unit *unit_find(struct str spelling)
{
    if (spelling.n == 0)
        return NULL;
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (str_is(spelling, units[i].symbol) || in_list(units[i].spellings, spelling))
            return &units[i];
    return NULL;
}

// A byte that may go on a word: a letter, a digit, '_', or part of a character beyond ASCII.
static bool word_byte(unsigned char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c >= 0x80;
}

const struct unit *unit_at(struct str text, size_t *n)
{
    enum { LONGEST = 14 };
    size_t most = text.n < LONGEST ? text.n : LONGEST;
    for (size_t length = most; length > 0; length--) {
        bool ends = length == text.n || !word_byte((unsigned char)text.p[length]) ||
                    !word_byte((unsigned char)text.p[length - 1]);
        const struct unit *u = ends ? unit_find((struct str){text.p, length}) : NULL;
        if (u) {
            *n = length;
            return u;
        }
    }
    return NULL;
}

bool unit_same(struct str a, struct str b)
{
    const struct unit *x = unit_find(a);
    return str_eq(a, b) || (x && x == unit_find(b));
}

double unit_convert(double value, struct str from, struct str to)
{
    const struct unit *a = unit_find(from), *b = unit_find(to);
    if (!a || !b || strcmp(a->dimension, b->dimension) != 0)
        return NAN;
    return a == b ? value : value * a->scale / b->scale;
}
