// The table of causes: their identifiers, titles and the words that name them.
#include "diagnose/causes.h"

const struct cause causes[] = {
    {"heating_element", "heating element failure",
     "heating element|heater element|heater fail*|heater * failed|heater is dead|heater open "
     "circuit|defective heater|broken heater|heater burnt out|heater has failed"},
    {"icing", "ice on the sensor",
     "iced up|icing|ice build*|ice has formed|covered with ice|ice on|frozen over"},
    {"supply_low", "supply voltage too low",
     "supply voltage * low|supply * too low|undervoltage|low supply|insufficient supply|supply "
     "voltage * below|supply * below|brownout|weak supply|sagging supply|supply has dropped"},
    {"supply_high", "supply voltage too high",
     "overvoltage|supply * too high|supply voltage * above|supply voltage * high|excess supply"},
    {"reference_fault", "internal reference fault",
     "internal reference|reference circuit|reference source|converter reference"},
    {"power_overload", "power supply overloaded",
     "power supply * overload*|overloaded power supply|supply * overload*|short* on the "
     "output|overloaded output"},
    {"ripple", "worn supply capacitors", "capacitor*|ripple"},
    {"fuse", "blown fuse", "blown fuse|fuse * blown|fuse has"},
    {"battery_low", "battery exhausted",
     "battery * worn|battery * exhausted|battery * end of life|worn battery|aged battery|weak "
     "battery|battery no longer"},
    {"charger", "battery charger failure", "charger|charging circuit|charge controller"},
    {"ground_fault", "ground fault",
     "ground fault|earth fault|insulation fault|insulation breakdown|insulation * damaged"},
    {"phase_loss", "phase loss",
     "phase loss|lost phase|phase * missing|missing phase|single phasing|phase failure|open phase"},
    {"wiring_open", "open circuit in the wiring",
     "open circuit in|broken wire|wire break|cable break|open loop|broken signal wire|interrupted "
     "loop|loop is open|wiring * open"},
    {"wiring_short", "short circuit in the wiring",
     "short circuit in|shorted wiring|shorted signal|shorted cable|cable short|wiring * "
     "short*|signal cable is shorted"},
    {"communication_loss", "communication loss",
     "communication loss|lost communication|communication * lost|link is down|no "
     "communication|communication has stopped|link loss|bus connection"},
    {"bus_noise", "noise on the bus",
     "noise on the bus|bus noise|bus termination|disturbed bus|interference on the bus|electrical "
     "noise"},
    {"weak_signal", "weak radio signal",
     "weak radio|radio signal * weak|poor radio|antenna|radio link"},
    {"clock", "clock error",
     "clock error|clock * wrong|clock * drift*|clock is off|clock has drifted|real-time "
     "clock|clock battery"},
    {"firmware_reset", "firmware restarts", "firmware|watchdog"},
    {"memory_full", "storage full",
     "storage full|storage is full|memory is full|full memory|log storage|disk is full"},
    {"overtemperature", "electronics overheating",
     "overheating electronics|electronics * overheat*|electronics * too hot|cabinet * "
     "overheat*|enclosure * overheat*|overtemperature"},
    {"fan", "fan failure",
     "fan fail*|fan has failed|failed fan|fan * stopped|dead fan|fan is not turning"},
    {"moisture", "moisture in the housing",
     "moisture|water ingress|condensation|leaking seal of the housing|wet housing"},
    {"stuck_sensor", "stuck sensor",
     "stuck sensor|sensor * stuck|frozen reading|reading * frozen|sensor has frozen"},
    {"calibration_drift", "calibration drift",
     "calibration drift|drifted calibration|out of calibration|calibration * off|calibration has "
     "drifted|needs recalibration|sensor drift"},
    {"sensor_aged", "gas sensor cell worn out",
     "sensor cell|worn cell|worn out cell|aged cell|cell * worn|cell * exhausted"},
    {"optics_dirty", "dirty optics",
     "dirty optics|dirty window|dirty lens|optics * dirty|fouled window|window * "
     "dirty|contaminated window|fouled optics"},
    {"impulse_line", "blocked impulse line", "impulse line|sensing line|pressure tapping"},
    {"empty_pipe", "empty pipe",
     "empty pipe|pipe is empty|partly filled pipe|air in the pipe|pipe * not full"},
    {"bearing", "bearing damage",
     "bearing damage|worn bearing|bearing * worn|bearing wear|bearing failure|failing "
     "bearing|bearing * failing|damaged bearing|bearing defect"},
    {"imbalance", "rotor imbalance", "imbalance|unbalance|out of balance|misalign*"},
    {"lubrication", "lack of lubrication",
     "lubrication|lack of oil|low oil|oil * low|oil starvation"},
    {"cavitation", "cavitation", "cavitat*"},
    {"blocked_inlet", "blocked inlet",
     "blocked inlet|inlet * blocked|blocked suction|suction * blocked|obstructed inlet|inlet "
     "blockage|blockage in the inlet|blockage * inlet|clogged inlet"},
    {"clogged_filter", "clogged filter",
     "clogged filter|filter * clogged|blocked filter|filter * blocked|dirty filter|filter * "
     "dirty|loaded filter"},
    {"dry_run", "dry running", "dry run*|running dry|runs dry|ran dry|without liquid"},
    {"overload", "motor overload",
     "motor * overload*|overloaded motor|mechanical overload|motor overload|drive is overloaded"},
    {"belt_slip", "slipping belt", "belt slip*|slipping belt|belt * slip*|loose belt|worn belt"},
    {"valve_stuck", "stuck valve",
     "stuck valve|valve * stuck|valve * jammed|jammed valve|valve * sticking|sticking valve|valve "
     "* seized|seized valve"},
    {"air_supply", "instrument air pressure too low",
     "instrument air|air supply|compressed air|actuator air"},
    {"leak", "leak", "leak|leakage|leaks|leaking pipe|leaking line|leaking joint|leaking vessel"},
    {"gas_leak", "gas release", "gas leak*|gas release|gas escap*|escaping gas|release of gas"},
    {"overpressure", "overpressure",
     "overpressure|pressure * too high|excess pressure|over-pressure|excessive pressure"},
    {"overfill", "overfilled tank",
     "overfill*|level * too high|tank is too full|too full|excessive level"},
    {"coolant", "loss of coolant flow", "coolant|cooling water|cooling flow|cooling circuit"},
};

const size_t cause_count = sizeof causes / sizeof *causes;

_Static_assert(sizeof causes / sizeof *causes <= 64, "a set of causes is a 64-bit word");
