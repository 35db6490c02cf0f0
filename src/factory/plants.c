// Kinds of plants with their assets and measurements, and plants made from them.
#include "factory/plants.h"

#include <stdio.h>
#include <string.h>

#include "factory/pick.h"

const struct plant_kind plant_kinds[] = {
    {"water", "pipe|pump|tank|filter|reservoir|booster",
     "temperature,°C,8,24,1|pressure,bar,2,6,2|flow,L/min,20,120,1|level,m,1,4,2|turbidity,NTU,0.1,"
     "1,2|chlorine,mg/L,0.2,0.6,2|ph,pH,6.8,8.2,1|pump current,A,4,18,1|heater current,A,0,8,2|"
     "ambient temperature,°C,-4,24,1|supply voltage,V,23,25,2",
     false},
    {"waste water", "basin|blower|screw|clarifier|lift station|digester",
     "dissolved oxygen,mg/L,1,4,2|ammonium,mg/L,0.5,5,2|sludge level,m,0.5,2,2|air flow,m3/h,400,"
     "1800,0|motor current,A,10,60,1|inflow,L/s,20,300,0|turbidity,NTU,2,20,1",
     false},
    {"energy", "transformer|feeder|meter|inverter|battery|switchgear",
     "active power,kW,50,800,1|voltage,V,225,240,1|current,A,20,400,1|frequency,Hz,49.9,50.1,2|oil "
     "temperature,°C,30,70,1|reactive power,kvar,5,120,1|winding temperature,°C,40,95,1|state of "
     "charge,%,20,95,1",
     false},
    {"compressed air", "compressor|dryer|receiver|air line",
     "discharge pressure,bar,6.5,7.5,2|discharge temperature,°C,60,95,1|oil temperature,°C,50,85,1|"
     "dew point,°C,2,6,1|vibration,mm/s,0.8,4.5,2|motor current,A,30,90,1|air flow,m3/h,100,900,0",
     false},
    {"ventilation", "AHU|fan coil|chiller|boiler|cooling tower|zone",
     "supply temperature,°C,14,20,1|return temperature,°C,20,26,1|humidity,%,35,60,0|CO2,ppm,420,"
     "1000,0|fan speed,rpm,400,1200,0|duct pressure,Pa,120,350,0|valve position,%,5,95,0",
     false},
    {"gas", "regulator|gas line|odoriser|station|heater",
     "inlet pressure,bar,30,60,1|outlet pressure,bar,3.5,4.5,2|gas temperature,°C,5,25,1|flow,m3/h,"
     "200,4000,0|methane,%LEL,0,5,1|heater power,kW,10,60,1",
     false},
    {"wells", "well|wellhead|borehole|pump jack",
     "tubing pressure,bar,20,80,1|casing pressure,bar,5,40,1|water level,m,12,60,2|flow,m3/h,5,40,"
     "1|motor temperature,°C,40,110,1|strokes,1/min,4,12,1",
     false},
    {"pumping", "pump|motor|gearbox|suction line|valve",
     "suction pressure,bar,0.5,2,2|discharge pressure,bar,4,12,2|bearing temperature,°C,35,75,1|"
     "vibration,mm/s,0.5,4,2|flow,m3/h,20,240,1|speed,rpm,1440,1500,0|seal pressure,bar,2,5,2",
     false},
    {"mill", "mill|conveyor|crusher|kiln|separator",
     "motor power,kW,200,2400,0|bearing temperature,°C,40,80,1|vibration,mm/s,1,7,1|belt speed,m/s,"
     "0.8,2.5,2|feed,t/h,40,300,0|exhaust temperature,°C,90,350,0|draught,mbar,2,12,1",
     false},
    {"weather", "mast|station|gauge|buoy",
     "temperature,°C,-10,28,1|humidity,%,30,95,0|wind speed,m/s,0,14,1|air pressure,hPa,985,1030,1|"
     "supply voltage,V,11.5,14,2|rain,mm,0,4,1|irradiance,W/m2,0,900,0",
     false},
    {"steam", "boiler|header|turbine|condenser|feed pump",
     "steam pressure,bar,9,12,2|steam temperature,°C,180,240,0|drum level,mm,-40,40,0|feed "
     "flow,t/h,"
     "10,60,1|condensate temperature,°C,60,95,1|conductivity,uS/cm,5,60,1",
     true},
    {"cold store", "freezer|cold room|evaporator|rack|dock",
     "room temperature,°C,-24,-18,1|suction pressure,bar,1.2,2.4,2|superheat,K,5,10,1|door "
     "openings,"
     ",0,40,0|defrost current,A,4,12,1|ammonia,ppm,0,15,0",
     true},
    {"fuel depot", "depot tank|loading arm|vapour unit|pump skid",
     "product level,mm,800,9000,0|product temperature,°C,4,28,1|vapour "
     "pressure,kPa,10,60,1|loading "
     "flow,m3/h,60,220,0|ground resistance,ohm,1,8,1",
     true},
};
const size_t plant_kind_count = sizeof plant_kinds / sizeof *plant_kinds;

// ---- names ----

enum word_case { AS_IS, LOWER, UPPER, TITLE, CAMEL };

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static char upper(char c)
{
    return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
}

// "inlet pressure" in a case, its words joined by `gap` ('\0': nothing).
static void spell(const char *words, enum word_case how, char gap, char *out, size_t cap)
{
    size_t n = 0;
    bool start = true, first = true;
    for (const char *p = words; *p && n + 2 < cap; p++) {
        if (*p == ' ') {
            if (gap)
                out[n++] = gap;
            start = true;
            first = false;
            continue;
        }
        bool capital = how == UPPER || (start && (how == TITLE || (how == CAMEL && !first)));
        out[n++] = how == AS_IS ? *p : capital ? upper(*p) : lower(*p);
        start = false;
    }
    out[n] = '\0';
}

// How assets are named: words and a number. Initials alone for `initials`.
static const struct asset_style {
    const char *name;
    enum word_case how;
    char gap;
    const char *joint;
    int digits; // of the number, filled with zeros
    bool initials, held_out;
    const char *front;
} asset_styles[] = {
    {"pump-3", LOWER, '-', "-", 1, false, false, ""},
    {"wtf-pump-3", LOWER, '-', "-", 1, false, false, "wtf-"},
    {"pump_03", LOWER, '_', "_", 2, false, false, ""},
    {"Pump 3", TITLE, ' ', " ", 1, false, false, ""},
    {"PUMP-103", UPPER, '-', "-", 3, false, false, ""},
    {"P-103", UPPER, '-', "-", 3, true, false, ""},
    {"pump3", LOWER, '\0', "", 1, false, false, ""},
    {"north-pump-3", LOWER, '-', "-", 1, false, false, "north-"},
    {"P103", UPPER, '\0', "", 3, true, true, ""},
    {"Pump_3", TITLE, '_', "_", 1, false, true, ""},
    {"pump.03", LOWER, '.', ".", 2, false, true, ""},
};

static void initials_of(const char *words, char *out, size_t cap)
{
    size_t n = 0;
    for (const char *p = words; *p && n + 1 < cap; p++)
        if (p == words || p[-1] == ' ')
            out[n++] = upper(*p);
    out[n] = '\0';
}

static void name_asset(const struct asset_style *style, const char *words, int number,
                       char out[PLANT_NAME_BYTES])
{
    char spelled[PLANT_NAME_BYTES / 2];
    if (style->initials)
        initials_of(words, spelled, sizeof spelled);
    else
        spell(words, style->how, style->gap, spelled, sizeof spelled);
    snprintf(out, PLANT_NAME_BYTES, "%s%s%s%0*d", style->front, spelled, style->joint,
             style->digits, number);
}

static void name_parameter(const char *words, int style, char out[PLANT_NAME_BYTES])
{
    static const struct {
        enum word_case how;
        char gap;
    } styles[] = {{LOWER, '_'}, {LOWER, '_'}, {AS_IS, ' '}, {LOWER, '-'},
                  {UPPER, '_'}, {TITLE, ' '}, {CAMEL, '\0'}};
    spell(words, styles[style].how, styles[style].gap, out, PLANT_NAME_BYTES);
}

// ---- names that no table has, so that a model learns to copy names and not to know them ----

static void add_word(struct rng *rng, char *out, size_t *n)
{
    static const char consonants[] = "bcdfghjklmnprstvwxz", vowels[] = "aeiouy";
    for (size_t i = 2 + (size_t)rng_below(rng, 2); i > 0; i--) {
        out[(*n)++] = consonants[rng_below(rng, sizeof consonants - 1)];
        out[(*n)++] = vowels[rng_below(rng, sizeof vowels - 1)];
    }
}

static void add_letters(struct rng *rng, char *out, size_t *n)
{
    for (size_t i = 1 + (size_t)rng_below(rng, 3); i > 0; i--)
        out[(*n)++] = (char)('A' + rng_below(rng, 26));
}

static void add_digits(struct rng *rng, char *out, size_t *n)
{
    for (size_t i = 1 + (size_t)rng_below(rng, 4); i > 0; i--)
        out[(*n)++] = (char)('0' + rng_below(rng, 10));
}

// Words, tag codes and both: "koruma-12", "21-PT-104", "XV2031", "Bely 7".
static void invent_name(struct rng *rng, char out[PLANT_NAME_BYTES])
{
    static const char joints[] = "--__ .";
    char joint = joints[rng_below(rng, sizeof joints - 1)];
    size_t n = 0;
    switch (rng_below(rng, 4)) {
    case 0:
        add_word(rng, out, &n);
        break;
    case 1:
        add_word(rng, out, &n);
        out[n++] = joint;
        add_digits(rng, out, &n);
        break;
    case 2:
        add_digits(rng, out, &n);
        out[n++] = joint;
        add_letters(rng, out, &n);
        out[n++] = joint;
        add_digits(rng, out, &n);
        break;
    default:
        add_letters(rng, out, &n);
        add_digits(rng, out, &n);
    }
    if (rng_below(rng, 4) == 0)
        out[0] = upper(out[0]);
    out[n] = '\0';
}

// ---- making ----

static const struct asset_style *pick_style(bool held_out, struct rng *rng)
{
    for (;;) {
        const struct asset_style *s =
            &asset_styles[rng_below(rng, sizeof asset_styles / sizeof *asset_styles)];
        if (s->held_out == held_out)
            return s;
    }
}

static int most_of(const struct asset_style *style)
{
    return style->digits == 3 ? 499 : style->digits == 2 ? 30 : 12;
}

const char *plant_name_asset(const char *words, bool held_out, struct rng *rng,
                             char out[PLANT_NAME_BYTES])
{
    if (!held_out && rng_below(rng, 3) == 0) {
        invent_name(rng, out);
        return "invented";
    }
    const struct asset_style *style = pick_style(held_out, rng);
    name_asset(style, words, 1 + (int)rng_below(rng, (uint64_t)most_of(style)), out);
    return style->name;
}

static const struct plant_kind *pick_kind(bool held_out, struct rng *rng)
{
    for (;;) {
        const struct plant_kind *k = &plant_kinds[rng_below(rng, plant_kind_count)];
        if (k->held_out == held_out)
            return k;
    }
}

static bool asset_has(const struct made_plant *p, uint32_t asset, const char *parameter)
{
    for (size_t i = 0; i < p->sensor_count; i++)
        if (p->sensors[i].asset == asset && strcmp(p->sensors[i].parameter, parameter) == 0)
            return true;
    return false;
}

static bool has_asset(const struct made_plant *p, const char *name)
{
    for (size_t i = 0; i < p->sensor_count; i++)
        if (strcmp(p->sensors[i].asset_name, name) == 0)
            return true;
    return false;
}

static void add_sensor(struct made_plant *p, uint32_t asset, const char *asset_name,
                       int parameter_style, struct rng *rng)
{
    char measure[96], parameter[PLANT_NAME_BYTES];
    double range[3] = {0};
    pick_way(p->kind->measures, false, rng, measure, sizeof measure);
    struct str rest = str_of(measure);
    struct str words = str_cut(&rest, ','), unit = str_cut(&rest, ',');
    for (int i = 0; i < 3; i++)
        str_to_double(str_cut(&rest, ','), &range[i]);
    measure[words.n] = '\0';
    if (!p->kind->held_out && rng_below(rng, 3) == 0)
        invent_name(rng, parameter);
    else
        name_parameter(measure, parameter_style, parameter);
    if (p->sensor_count == PLANT_SENSORS_MAX || asset_has(p, asset, parameter))
        return;
    struct sensor *s = &p->sensors[p->sensor_count];
    *s = (struct sensor){.id = (uint32_t)p->sensor_count, .asset = asset};
    str_copy(s->asset_name, sizeof s->asset_name, str_of(asset_name));
    str_copy(s->parameter, sizeof s->parameter, str_of(parameter));
    if (rng_below(rng, 20)) // some plants never said the unit
        str_copy(s->unit, sizeof s->unit, unit);
    p->ranges[p->sensor_count].low = range[0];
    p->ranges[p->sensor_count].high = range[1];
    p->ranges[p->sensor_count++].decimals = (int)range[2];
}

void plant_make(struct made_plant *p, bool held_out, struct rng *rng)
{
    *p = (struct made_plant){.kind = pick_kind(held_out, rng)};
    const struct asset_style *style = pick_style(held_out, rng);
    int parameter_style = (int)rng_below(rng, 7);
    size_t assets = 1 + (size_t)rng_below(rng, PLANT_ASSETS_MAX);
    size_t sensors = rng_below(rng, 3) ? 3 : 6; // of an asset, at most
    bool invented = !held_out && rng_below(rng, 2);
    p->style = invented ? "invented" : style->name;
    while (p->asset_count < assets) {
        char words[PLANT_NAME_BYTES / 2], name[PLANT_NAME_BYTES];
        int most = most_of(style);
        pick_way(p->kind->assets, false, rng, words, sizeof words);
        if (invented)
            invent_name(rng, name);
        else
            name_asset(style, words, 1 + (int)rng_below(rng, (uint64_t)most), name);
        if (has_asset(p, name))
            continue;
        for (size_t i = 1 + (size_t)rng_below(rng, sensors); i > 0; i--)
            add_sensor(p, (uint32_t)p->asset_count, name, parameter_style, rng);
        p->asset_count++;
    }
}
