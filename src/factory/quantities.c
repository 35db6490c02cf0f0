// The quantities that instruments report, with their names, healthy values and limits.
#include <math.h>
#include <string.h>

#include "factory/plant_words.h"

#define STATE(id, keys, said, good, bad)                                                           \
    {                                                                                              \
        id, NULL, keys, said, 0, 0, NAN, NAN, 0, good, bad                                         \
    }
#define VALUE(id, unit, keys, said, from, to, low, high, decimals)                                 \
    {                                                                                              \
        id, unit, keys, said, from, to, low, high, decimals, NULL, NULL                            \
    }

// clang-format off
const struct quantity quantities[] = {
    VALUE("supply_voltage", "V", "v in|supply voltage|u supply|supply v|v supply|vin|input voltage|~u in|~vsup", "supply voltage", 22, 26, 10, 30, 1),
    VALUE("heater_current", "A", "heat current|heater current|i heat|heating current|heater i|htr current|~heater amps|~i heater", "heater current", 0.9, 2.8, 0.5, NAN, 2),
    VALUE("ambient_temp", "C", "temp amb|ambient temp|t amb|outside temp|air temp|~temp out|~t ambient", "ambient temperature", 4, 31, NAN, NAN, 1),
    VALUE("wind_speed", "m/s", "wind speed|ws avg|wind|wspd|~wind avg", "wind speed", 1.2, 14, NAN, NAN, 1),
    VALUE("battery_voltage", "V", "batt v|battery voltage|u batt|vbat|bat volt|~ubat", "battery voltage", 12.3, 13.7, 11.5, NAN, 2),
    VALUE("charge_current", "A", "charge current|i charge|chg current|charger i|~i chg", "charging current", 0.6, 3.0, 0.2, NAN, 2),
    VALUE("load_current", "A", "load current|i load|i out|output current|load a|~out amps", "load current", 1.0, 4.0, NAN, 5, 2),
    VALUE("output_voltage", "V", "v out|output voltage|u out|vout|out v|~psu out", "output voltage", 23.6, 24.4, 22.8, 25.2, 2),
    VALUE("ripple", "mV", "ripple|v ripple|output ripple|ripple mv|~ripple pp", "output ripple", 20, 60, NAN, 150, 0),
    VALUE("loop_current", "mA", "loop current|i loop|loop ma|current loop|~loop i", "loop current", 5, 18.5, 3.8, 20.5, 2),
    VALUE("insulation", "Mohm", "insulation|r iso|insulation res|riso|ins resistance|~iso mohm", "insulation resistance", 15, 200, 1, NAN, 1),
    VALUE("phase_a", "A", "i l1|phase a current|l1 current|cur l1|ia|~amps l1", "first phase current", 11, 27, 6, NAN, 1),
    VALUE("phase_b", "A", "i l2|phase b current|l2 current|cur l2|ib|~amps l2", "second phase current", 11, 27, 6, NAN, 1),
    VALUE("phase_c", "A", "i l3|phase c current|l3 current|cur l3|ic|~amps l3", "third phase current", 11, 27, 6, NAN, 1),
    VALUE("crc_errors", "", "crc errors|crc err|frame errors|bus errors|~checksum errors", "CRC errors", 0, 4, NAN, 10, 0),
    VALUE("message_age", "s", "msg age|last msg age|data age|since last msg|~frame age", "message age", 1, 12, NAN, 60, 0),
    VALUE("rssi", "dBm", "rssi|radio rssi|rf level|rf signal|~rx level", "radio signal level", -82, -55, -95, NAN, 0),
    VALUE("clock_offset", "s", "clock offset|time offset|rtc offset|clk drift|~ntp offset", "clock offset", 0.01, 0.6, NAN, 2, 2),
    VALUE("reset_count", "", "reset count|resets|reboots|wdt resets|~restart count", "reset count", 0, 1, NAN, 3, 0),
    VALUE("storage_used", "%", "storage used|flash used|disk used|mem used|~log used", "storage use", 18, 72, NAN, 90, 0),
    VALUE("board_temp", "C", "board temp|t board|cpu temp|electronics temp|cabinet temp|~pcb temp", "electronics temperature", 28, 56, NAN, 75, 1),
    VALUE("fan_speed", "rpm", "fan speed|fan rpm|fan|cooling fan|~fan tacho", "fan speed", 1700, 3100, 900, NAN, 0),
    VALUE("humidity_inside", "%RH", "rh inside|housing rh|humidity int|rh int|~enclosure rh", "housing humidity", 18, 45, NAN, 70, 0),
    VALUE("span_error", "%", "span error|cal error|deviation|ref deviation|~cal dev", "reference deviation", 0.1, 0.9, NAN, 2, 2),
    VALUE("sensitivity", "%", "sensitivity|cell sens|span factor|cell health|~slope", "cell sensitivity", 76, 100, 60, NAN, 0),
    VALUE("window_dirt", "%", "window dirt|lens dirt|contamination|fouling|~optics soil", "window contamination", 4, 32, NAN, 60, 0),
    VALUE("dp_noise", "mbar", "dp noise|signal noise|noise rms|p noise|~noise band", "signal noise", 0.5, 2.2, 0.1, NAN, 2),
    VALUE("conductivity", "uS/cm", "conductivity|cond|liquid cond|~ec", "conductivity", 180, 820, 20, NAN, 0),
    VALUE("bearing_temp", "C", "brg temp|bearing temp|t brg|bearing t|temp brg de|~lager temp", "bearing temperature", 42, 71, NAN, 85, 1),
    VALUE("vibration", "mm/s", "vib rms|vibration|vib|vib vel|velocity rms|~vrms", "vibration", 0.8, 3.0, NAN, 4.5, 2),
    VALUE("oil_pressure", "bar", "oil press|oil pressure|p oil|lube press|~lube p", "oil pressure", 1.8, 4.2, 1.2, NAN, 2),
    VALUE("suction_pressure", "bar", "suct press|suction pressure|p suct|p in|inlet press|~ps", "suction pressure", 0.8, 2.1, 0.5, NAN, 2),
    VALUE("discharge_pressure", "bar", "disch press|discharge pressure|p disch|p out|outlet press|~pd", "discharge pressure", 4, 8.2, NAN, 10, 2),
    VALUE("flow", "m3/h", "flow|flow rate|q|flow pv|fr|~vol flow", "flow", 20, 62, 15, NAN, 1),
    VALUE("filter_dp", "bar", "filter dp|dp filter|strainer dp|delta p filter|~dp flt", "filter differential pressure", 0.1, 0.42, NAN, 0.7, 2),
    VALUE("tank_level", "m", "level|tank level|lvl|level pv|l tank|~fill level", "tank level", 1.4, 4.1, 0.6, 5, 2),
    VALUE("motor_current", "A", "motor current|i motor|mot amps|motor a|~drive current", "motor current", 9, 29, NAN, 35, 1),
    VALUE("winding_temp", "C", "winding temp|t winding|stator temp|wdg temp|~coil temp", "winding temperature", 55, 104, NAN, 130, 0),
    VALUE("driven_speed", "rpm", "driven speed|shaft speed|n driven|output speed|~n2", "driven shaft speed", 700, 900, 650, NAN, 0),
    VALUE("motor_speed", "rpm", "motor speed|n motor|drive speed|mot rpm|~n1", "motor speed", 1450, 1496, 1420, 1510, 0),
    VALUE("position_error", "%", "pos error|position dev|valve dev|cmd fb diff|~travel dev", "position deviation", 0.2, 1.6, NAN, 4, 1),
    VALUE("air_pressure", "bar", "air press|instr air|p air|actuator air|~pneu press", "instrument air pressure", 5.4, 6.6, 4.5, NAN, 2),
    VALUE("flow_balance", "m3/h", "flow balance|in out diff|mass balance|line loss|~q diff", "flow balance", 0.1, 0.8, NAN, 2, 2),
    VALUE("gas_level", "%LEL", "gas level|lel|gas conc|ch4|~gas pv", "gas level", 0, 6, NAN, 20, 0),
    VALUE("coolant_flow", "l/min", "coolant flow|cool flow|cw flow|q cool|~cooling q", "coolant flow", 18, 42, 12, NAN, 1),
    VALUE("process_value", "bar", "line press|process pressure|p1|pressure pv|~p line", "measured pressure", 2, 7, NAN, NAN, 2),
    STATE("ref_check", "ref chk|ref check|adc ref|self ref|~vref test", "reference check", "OK|PASS|GOOD", "FAIL|FAILED|BAD"),
    STATE("fuse_state", "fuse|fuse state|f1|~fuse link", "fuse", "OK|CLOSED|GOOD", "BLOWN|OPEN"),
    STATE("status", "status|state|event|alarm|diag|~condition", "status", "OK|NORMAL|RUN|NONE|GOOD", "FAULT|ALARM|WARNING"),
    VALUE("uptime", "h", "uptime|run hours|op hours|~up h", "uptime", 300, 9000, NAN, NAN, 0),
    VALUE("valve_position", "%", "valve pos|position|opening|~travel", "valve position", 20, 90, NAN, NAN, 0),
    VALUE("liquid_temp", "C", "liquid temp|medium temp|t liquid|~t med", "liquid temperature", 8, 48, NAN, 80, 1),
    VALUE("power", "kW", "power|p el|active power|~kw", "power", 3, 18, NAN, NAN, 1),
};
// clang-format on

const size_t quantity_count = sizeof quantities / sizeof *quantities;

const struct quantity *quantity_find(const char *id, size_t n)
{
    for (size_t i = 0; i < quantity_count; i++)
        if (strlen(quantities[i].id) == n && memcmp(quantities[i].id, id, n) == 0)
            return &quantities[i];
    return NULL;
}
