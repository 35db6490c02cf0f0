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
const struct measure quantities[] = {
    VALUE("supply_voltage", "V", "v in|supply voltage|u supply|supply v|v supply|vin|input voltage|u dc|power in|feed voltage|24v supply|supply|dc in|mains dc|u feed|volts in|power supply v|bus voltage|v sup|~u in|~vsup", "supply voltage", 22, 26, 10, 30, 1),
    VALUE("heater_current", "A", "heat current|heater current|i heat|heating current|heater i|htr current|heat amps|heater load|i htr|heating i|element current|heat a|heater draw|heating amps|~heater amps|~i heater", "heater current", 0.9, 2.8, 0.5, NAN, 2),
    VALUE("ambient_temp", "C", "temp amb|ambient temp|ambient temperature|t amb|outside temp|air temp|ambient|amb temp|outdoor temp|temp outside|t outside|t air|oat|ta|temperature ambient|temperature air|out temp|~temp out|~t ambient", "ambient temperature", 4, 31, NAN, NAN, 1),
    VALUE("wind_speed", "m/s", "wind speed|ws avg|wind|wspd|wind velocity|wind ms|wind mean|ws|anemometer|wind act|speed wind|~wind avg", "wind speed", 1.2, 14, NAN, NAN, 1),
    VALUE("battery_voltage", "V", "batt v|battery voltage|u batt|vbat|bat volt|battery|batt volts|battery v|v batt|accu voltage|u bat|battery level|bat u|backup battery|cell voltage|~ubat", "battery voltage", 12.3, 13.7, 11.5, NAN, 2),
    VALUE("charge_current", "A", "charge current|i charge|chg current|charger i|charging current|charge a|charging amps|i chrg|charger amps|battery charge|charger output|chg a|charging i|~i chg", "charging current", 0.6, 3.0, 0.2, NAN, 2),
    VALUE("load_current", "A", "load current|i load|i out|output current|load a|load|load amps|current out|i total|amps out|consumer current|dc current|draw|i dc|total load|~out amps", "load current", 1.0, 4.0, NAN, 5, 2),
    VALUE("output_voltage", "V", "v out|output voltage|u out|vout|out v|output v|dc out|dc voltage|voltage out|bus volts|secondary voltage|rail|psu v|u sec|~psu out", "output voltage", 23.6, 24.4, 22.8, 25.2, 2),
    VALUE("ripple", "mV", "ripple|v ripple|output ripple|ripple mv|ripple v|ac ripple|noise pp|hum|dc ripple|ripple voltage|residual ripple|~ripple pp", "output ripple", 20, 60, NAN, 150, 0),
    VALUE("loop_current", "mA", "loop current|i loop|loop ma|current loop|signal current|input ma|analog in|ai current|ma signal|loop|i sig|analog signal|signal ma|~loop i", "loop current", 5, 18.5, 3.8, 20.5, 2),
    VALUE("insulation", "Mohm", "insulation|r iso|insulation res|riso|ins resistance|insulation resistance|iso|ir test|megger|iso res|earth resistance|insul|r insulation|ins res|isolation|~iso mohm", "insulation resistance", 15, 200, 1, NAN, 1),
    VALUE("phase_a", "A", "i l1|phase a current|l1 current|cur l1|ia|current phase a|phase 1 current|phase a|i1|l1 amps|l1|current a|line 1 amps|ph a|~amps l1", "first phase current", 11, 27, 6, NAN, 1),
    VALUE("phase_b", "A", "i l2|phase b current|l2 current|cur l2|ib|current phase b|phase 2 current|phase b|i2|l2 amps|l2|current b|line 2 amps|ph b|~amps l2", "second phase current", 11, 27, 6, NAN, 1),
    VALUE("phase_c", "A", "i l3|phase c current|l3 current|cur l3|ic|current phase c|phase 3 current|phase c|i3|l3 amps|l3|current c|line 3 amps|ph c|~amps l3", "third phase current", 11, 27, 6, NAN, 1),
    VALUE("crc_errors", "", "crc errors|crc err|frame errors|bus errors|crc|bad frames|crc count|checksum fails|comm errors|telegram errors|parity errors|frame err|bad telegrams|modbus errors|~checksum errors", "CRC errors", 0, 4, NAN, 10, 0),
    VALUE("message_age", "s", "msg age|last msg age|data age|since last msg|age|telegram age|last telegram|silence|since last frame|time since msg|no msg for|last heard|last message|stale for|~frame age", "message age", 1, 12, NAN, 60, 0),
    VALUE("rssi", "dBm", "rssi|radio rssi|rf level|rf signal|signal level|radio level|signal strength|rx power|link level|radio signal|field strength|rx signal|reception|~rx level", "radio signal level", -82, -55, -95, NAN, 0),
    VALUE("clock_offset", "s", "clock offset|time offset|rtc offset|clk drift|time error|clock diff|rtc error|ntp error|time diff|sync offset|time deviation|~ntp offset", "clock offset", 0.01, 0.6, NAN, 2, 2),
    VALUE("reset_count", "", "reset count|resets|reboots|wdt resets|reboot count|restarts|reset counter|wdt count|boots|boot count|power cycles|starts today|resets 24h|warm starts|~restart count", "reset count", 0, 1, NAN, 3, 0),
    VALUE("storage_used", "%", "storage used|flash used|disk used|mem used|storage|memory used|sd card|log memory|disk|fs used|flash|disk full|memory fill|buffer used|card used|~log used", "storage use", 18, 72, NAN, 90, 0),
    VALUE("board_temp", "C", "board temp|t board|cpu temp|electronics temp|cabinet temp|electronics|pcb|internal temp|device temp|housing temp|t int|cpu|t cpu|temp board|module temp|t electronics|t cabinet|temp internal|t housing|~pcb temp", "electronics temperature", 28, 56, NAN, 75, 1),
    VALUE("fan_speed", "rpm", "fan speed|fan rpm|fan|cooling fan|fan tach|fan revs|cooler|cooler rpm|vent speed|n fan|fan revolutions|cabinet fan|tacho|cooler speed|~fan tacho", "fan speed", 1700, 3100, 900, NAN, 0),
    VALUE("humidity_inside", "%RH", "rh inside|housing rh|humidity int|rh int|humidity|internal rh|inner humidity|housing humidity|rh|rh cabinet|rh housing|inside humidity|humidity housing|enclosure humidity|~enclosure rh", "housing humidity", 18, 45, NAN, 70, 0),
    VALUE("span_error", "%", "span error|cal error|deviation|ref deviation|calibration error|cal check|span dev|ref error|span drift|calibration deviation|zero span error|dev from ref|cal offset|~cal dev", "reference deviation", 0.1, 0.9, NAN, 2, 2),
    VALUE("sensitivity", "%", "sensitivity|cell sens|span factor|cell health|cell slope|gain|cell sensitivity|electrode slope|cell life|sensor health|response|sensor sensitivity|slope pct|span gain|~slope", "cell sensitivity", 76, 100, 60, NAN, 0),
    VALUE("window_dirt", "%", "window dirt|lens dirt|contamination|fouling|window|dirt|soiling|window fouling|lens|glass dirt|optics|optics dirt|soil level|lens fouling|pollution|window soil|~optics soil", "window contamination", 4, 32, NAN, 60, 0),
    VALUE("dp_noise", "mbar", "dp noise|signal noise|noise rms|p noise|noise|pressure noise|fluctuation|noise level|signal rms|dp rms|signal band|noise sigma|line noise|~noise band", "signal noise", 0.5, 2.2, 0.1, NAN, 2),
    VALUE("conductivity", "uS/cm", "conductivity|cond|liquid cond|ec value|fluid cond|medium cond|kappa|electrical conductivity|cond value|el cond|medium conductivity|~ec", "conductivity", 180, 820, 20, NAN, 0),
    VALUE("bearing_temp", "C", "brg temp|bearing temp|t brg|bearing t|temp brg de|bearing|brg t|t bearing|lager|bearing de|bearing nde|brg de|temp bearing|bearing degc|t lager|temp bearing nde|~lager temp", "bearing temperature", 42, 71, NAN, 85, 1),
    VALUE("vibration", "mm/s", "vib rms|vibration|vib|vib vel|velocity rms|vibrations|vib level|v rms|vib mm s|oscillation|vib de|shake|vibration rms|v eff|swing velocity|vib nde|~vrms", "vibration", 0.8, 3.0, NAN, 4.5, 2),
    VALUE("oil_pressure", "bar", "oil press|oil pressure|p oil|lube press|oil p|lube oil press|lube pressure|lube oil|p lube|lubrication pressure|oil|oil feed press|p lub|~lube p", "oil pressure", 1.8, 4.2, 1.2, NAN, 2),
    VALUE("suction_pressure", "bar", "suct press|suction pressure|p suct|p in|inlet press|inlet pressure|suction|p suction|p inlet|inlet p|suct p|pressure in|p1 suction|intake pressure|p s|~ps", "suction pressure", 0.8, 2.1, 0.5, NAN, 2),
    VALUE("discharge_pressure", "bar", "disch press|discharge pressure|p disch|p out|outlet press|discharge|p discharge|p outlet|outlet pressure|outlet p|pressure out|delivery pressure|head pressure|p delivery|p d|~pd", "discharge pressure", 4, 8.2, NAN, 10, 2),
    VALUE("flow", "m3/h", "flow|flow rate|q|flow pv|fr|flowrate|volume flow|vol flow rate|throughput|delivery|flow act|flow value|discharge flow|q act|pump flow|~vol flow", "flow", 20, 62, 15, NAN, 1),
    VALUE("filter_dp", "bar", "filter dp|dp filter|strainer dp|delta p filter|filter diff|dp|filter pressure|filter delta p|filter loss|strainer|dp strainer|dp filters|flt dp|screen dp|filter drop|~dp flt", "filter differential pressure", 0.1, 0.42, NAN, 0.7, 2),
    VALUE("tank_level", "m", "level|tank level|lvl|level pv|l tank|fill height|tank|filling|water level|level tank|h tank|level m|sump level|fill|height|liquid level|~fill level", "tank level", 1.4, 4.1, 0.6, 5, 2),
    VALUE("motor_current", "A", "motor current|i motor|mot amps|motor a|motor amps|i mot|mot current|amps|drive amps|current motor|motor load a|i drive|motor i|im|~drive current", "motor current", 9, 29, NAN, 35, 1),
    VALUE("winding_temp", "C", "winding temp|t winding|stator temp|wdg temp|winding|stator|coil|t stator|motor temp|temp winding|motor winding|t coil|stator winding|pt100 winding|windings|~coil temp", "winding temperature", 55, 104, NAN, 130, 0),
    VALUE("driven_speed", "rpm", "driven speed|shaft speed|n driven|output speed|n shaft|speed shaft|output rpm|driven rpm|n out|output shaft|speed out|n2 shaft|speed driven|pulley speed|roller speed|shaft rpm|~n2", "driven shaft speed", 700, 900, 650, NAN, 0),
    VALUE("motor_speed", "rpm", "motor speed|n motor|drive speed|mot rpm|motor rpm|n mot|rpm motor|speed motor|n drive|drive rpm|n1 motor|input speed|input rpm|speed mot|~n1", "motor speed", 1450, 1496, 1420, 1510, 0),
    VALUE("position_error", "%", "pos error|position dev|valve dev|cmd fb diff|position error|pos deviation|travel error|valve deviation|position diff|setpoint dev|stroke dev|pos diff|control deviation|travel deviation|dev pos|~travel dev", "position deviation", 0.2, 1.6, NAN, 4, 1),
    VALUE("air_pressure", "bar", "air press|instr air|p air|actuator air|instrument air|air supply|supply air|pneumatic air|air|control air|pneumatic supply|air feed|p instr air|pneu air|p pneu|~pneu press", "instrument air pressure", 5.4, 6.6, 4.5, NAN, 2),
    VALUE("flow_balance", "m3/h", "flow balance|in out diff|mass balance|line loss|balance|flow difference|flow diff|in minus out|q balance|loss rate|q in out|delta q|difference in out|~q diff", "flow balance", 0.1, 0.8, NAN, 2, 2),
    VALUE("gas_level", "%LEL", "gas level|lel|gas conc|ch4|gas|gas concentration|methane|gas reading|concentration|gas value|gas act|explosive gas|ch4 level|conc|gas meas|~gas pv", "gas level", 0, 6, NAN, 20, 0),
    VALUE("coolant_flow", "l/min", "coolant flow|cool flow|cw flow|q cool|cooling water flow|coolant|cooling flow|cooling water|q coolant|water flow|q cw|jacket flow|cw rate|cooling rate|~cooling q", "coolant flow", 18, 42, 12, NAN, 1),
    VALUE("process_value", "bar", "line press|process pressure|p1|pressure pv|pressure|p act|process p|meas pressure|measured pressure|p meas|p pv|pipe pressure|p process|header pressure|~p line", "measured pressure", 2, 7, NAN, NAN, 2),
    STATE("ref_check", "ref chk|ref check|adc ref|self ref|reference|reference check|ref test|adc check|self test|selftest|vref|ref|internal ref|reference test|adc selftest|~vref test", "reference check", "OK|PASS|GOOD", "FAIL|FAILED|BAD"),
    STATE("fuse_state", "fuse|fuse state|f1|fuse status|fuse 1|fuse ok|breaker|fuse check|f2|mcb|output fuse|~fuse link", "fuse", "OK|CLOSED|GOOD", "BLOWN|OPEN"),
    STATE("status", "status|state|event|alarm|diag|sts|code|warning|device state|alm|condition code|diagnosis|status word|err|last event|~condition", "status", "OK|NORMAL|RUN|NONE|GOOD", "FAULT|ALARM|WARNING"),
    VALUE("uptime", "h", "uptime|run hours|op hours|hours|run time|runtime|operating hours|service hours|h total|time on|running hours|~up h", "uptime", 300, 9000, NAN, NAN, 0),
    VALUE("valve_position", "%", "valve pos|position|opening|pos|valve opening|stem position|position pct|valve|stroke|open pct|actual position|~travel", "valve position", 20, 90, NAN, NAN, 0),
    VALUE("liquid_temp", "C", "liquid temp|temperature|medium temp|t liquid|fluid temp|medium t|product temp|water temp|liquid t|t fluid|process temp|t water|media temp|~t med", "liquid temperature", 8, 48, NAN, 80, 1),
    VALUE("power", "kW", "power|p el|active power|el power|power draw|p act kw|motor power|input power|power kw|pwr|electrical power|~kw", "power", 3, 18, NAN, NAN, 1),
};
// clang-format on

const size_t quantity_count = sizeof quantities / sizeof *quantities;

const struct measure *quantity_find(const char *id, size_t n)
{
    for (size_t i = 0; i < quantity_count; i++)
        if (strlen(quantities[i].id) == n && memcmp(quantities[i].id, id, n) == 0)
            return &quantities[i];
    return NULL;
}
