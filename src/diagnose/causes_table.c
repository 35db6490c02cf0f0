// The table of causes: their identifiers, titles and the words that name them.
#include "diagnose/causes.h"

const struct cause causes[] = {
    {"heating_element", "a", "heating element failure",
     "heating element|heater element|heater fail*|heater * failed|heater is dead|heater open "
     "circuit|defective heater|broken heater|heater burnt out|heater has failed",
     NULL},
    {"icing", "", "ice on the sensor",
     "iced up|icing|ice build*|ice has formed|covered with ice|ice on|frozen over", NULL},
    {"supply_low", "a", "supply voltage that is too low",
     "supply voltage * low|supply * too low|undervoltage|low supply|insufficient supply|supply "
     "voltage * below|supply * below|brownout|weak supply|sagging supply|supply has dropped",
     NULL},
    {"supply_high", "a", "supply voltage that is too high",
     "overvoltage|supply * too high|supply voltage * above|supply voltage * high|excess supply",
     NULL},
    {"reference_fault", "an", "internal reference fault",
     "internal reference|reference circuit|reference source|converter reference", NULL},
    {"power_overload", "an", "overloaded power supply",
     "power supply * overload*|overloaded power supply|supply * overload*|short* on the "
     "output|overloaded output",
     NULL},
    {"ripple", "", "worn supply capacitors",
     "capacitor*|too much ripple|excess* ripple|ripple * too high|high ripple", NULL},
    {"fuse", "a", "blown fuse", "blown fuse|fuse * blown|fuse has", NULL},
    {"battery_low", "an", "exhausted battery",
     "battery * worn|battery * exhausted|exhausted battery|battery * end of life|worn battery|aged "
     "battery|weak battery|battery no longer",
     NULL},
    {"charger", "a", "battery charger failure",
     "charger fail*|charger * failed|failed charger|battery charger|charger fault|charger "
     "is|defective charger|dead charger|charging circuit|charge controller|charger has",
     NULL},
    {"ground_fault", "a", "ground fault",
     "ground fault|earth fault|insulation fault|insulation breakdown|insulation * damaged", NULL},
    {"phase_loss", "a", "phase loss",
     "phase loss|lost phase|phase is missing|missing phase|single phasing|phase failure|open phase",
     NULL},
    {"wiring_open", "an", "open circuit in the wiring",
     "open circuit in|broken wire|wire break|cable break|open loop|broken signal wire|interrupted "
     "loop|loop is open|wiring * open",
     NULL},
    {"wiring_short", "a", "short circuit in the wiring",
     "short circuit in|shorted wiring|shorted signal|shorted cable|cable short|wiring * "
     "short*|signal cable is shorted",
     NULL},
    {"communication_loss", "a", "communication loss",
     "communication loss|lost communication|communication * lost|link is down|no "
     "communication|communication has stopped|link loss|bus connection",
     NULL},
    {"bus_noise", "", "noise on the bus",
     "noise on the bus|bus noise|bus termination|disturbed bus|interference on the bus|electrical "
     "noise",
     NULL},
    {"weak_signal", "a", "weak radio signal",
     "weak radio|radio signal * weak|poor radio|antenna|radio link|weak signal|poor reception|weak "
     "reception",
     NULL},
    {"clock", "a", "clock error",
     "clock error|clock * wrong|clock * drift*|clock is off|clock has drifted|real-time "
     "clock|clock battery",
     NULL},
    {"firmware_reset", "", "firmware restarts", "firmware|watchdog", NULL},
    {"memory_full", "a", "full log storage",
     "storage full|storage is full|memory is full|full memory|log storage|disk is full", NULL},
    {"overtemperature", "", "overheating electronics",
     "overheating electronics|electronics * overheat*|electronics * too hot|cabinet * "
     "overheat*|enclosure * overheat*|overtemperature",
     NULL},
    {"fan", "a", "fan failure",
     "fan fail*|fan has failed|failed fan|fan * stopped|dead fan|fan is not turning", NULL},
    {"moisture", "", "moisture in the housing",
     "moisture|water ingress|condensation|leaking seal of the housing|wet housing", NULL},
    {"stuck_sensor", "a", "stuck sensor",
     "stuck sensor|sensor * stuck|frozen reading|reading * frozen|sensor has frozen", NULL},
    {"calibration_drift", "a", "calibration drift",
     "calibration drift|drifted calibration|out of calibration|calibration * off|calibration has "
     "drifted|needs recalibration|sensor drift",
     NULL},
    {"sensor_aged", "a", "worn out sensor cell",
     "sensor cell|worn cell|worn out cell|aged cell|cell * worn|cell * exhausted", NULL},
    {"optics_dirty", "", "dirty optics",
     "dirty optics|dirty window|dirty lens|optics * dirty|fouled window|window * "
     "dirty|contaminated window|fouled optics",
     NULL},
    {"impulse_line", "a", "blocked impulse line", "impulse line|sensing line|pressure tapping",
     NULL},
    {"empty_pipe", "an", "empty pipe",
     "empty pipe|pipe is empty|partly filled pipe|air in the pipe|pipe * not full", NULL},
    {"bearing", "", "bearing damage",
     "bearing damage|worn bearing|bearing * worn|bearing wear|bearing failure|failing "
     "bearing|bearing * failing|damaged bearing|bearing defect",
     NULL},
    {"imbalance", "a", "rotor imbalance", "imbalance|unbalance|out of balance|misalign*", NULL},
    {"lubrication", "a", "lack of lubrication",
     "lubrication|lack of oil|low oil|oil * low|oil starvation", NULL},
    {"cavitation", "", "cavitation", "cavitat*", NULL},
    {"blocked_inlet", "a", "blocked inlet",
     "blocked inlet|inlet * blocked|blocked suction|suction * blocked|obstructed inlet|inlet "
     "blockage|blockage in the inlet|blockage * inlet|clogged inlet",
     NULL},
    {"clogged_filter", "a", "clogged filter",
     "clogged filter|filter * clogged|blocked filter|filter * blocked|dirty filter|filter * "
     "dirty|loaded filter",
     NULL},
    {"dry_run", "", "dry running", "dry run*|running dry|runs dry|ran dry|without liquid", NULL},
    {"overload", "a", "motor overload",
     "motor * overload*|overloaded motor|mechanical overload|motor overload|drive is overloaded",
     NULL},
    {"belt_slip", "a", "slipping belt",
     "belt slip*|slipping belt|belt * slip*|loose belt|worn belt", NULL},
    {"valve_stuck", "a", "stuck valve",
     "stuck valve|valve * stuck|valve * jammed|jammed valve|valve * sticking|sticking valve|valve "
     "* seized|seized valve",
     NULL},
    {"air_supply", "", "instrument air pressure that is too low",
     "instrument air pressure that|low instrument air|lack of instrument air|instrument air * too "
     "low|air supply * low|low air supply|low air pressure|air pressure * too low|too little "
     "air|weak instrument air|loss of instrument air|insufficient instrument air|insufficient air",
     "supply_low"},
    {"leak", "a", "leak",
     "leak|leakage|leaks|leaking pipe|leaking line|leaking joint|leaking vessel", NULL},
    {"gas_leak", "a", "gas release", "gas leak*|gas release|gas escap*|escaping gas|release of gas",
     "leak"},
    {"overpressure", "", "overpressure",
     "overpressure|pressure * too high|excess pressure|over-pressure|excessive pressure", NULL},
    {"overfill", "an", "overfilled tank",
     "overfill*|level * too high|tank is too full|too full|excessive level", NULL},
    {"coolant", "a", "loss of coolant flow",
     "loss of cool*|lack of cool*|coolant loss|no coolant|low coolant|too little "
     "cool*|insufficient cool*|cooling circuit|cooling water * too low|coolant * too low|starved "
     "of cool*|cooling has failed|cooling failure",
     NULL},
    {"disturbed_signal", "a", "disturbed signal",
     "disturbed signal|signal * disturbed|interference on the signal|disturbance of the signal",
     NULL},
    {"zero_shift", "a", "shifted zero of the sensor",
     "shifted zero|zero * shifted|zero shift|zero point * moved", NULL},
    {"asset_offline", "a", "loss of power or network",
     "loss of power or network|lost power or network|power or network * lost|loss of power and "
     "network",
     NULL},
    {"changed_operation", "a", "change of operation",
     "change of operation|change in operation|changed operation|operation has changed|operated "
     "differently",
     NULL},
    {"blocked_outlet", "a", "blocked outlet",
     "blocked outlet|outlet * blocked|obstructed outlet|outlet blockage|blockage in the "
     "outlet|closed outlet",
     NULL},
    {"pump_failure", "a", "failing pump",
     "failing pump|pump failure|pump * failing|pump has failed|failed pump|weak pump", NULL},
    {"overspeed", "a", "pump that runs too fast",
     "pump that runs too fast|pump * too fast|pump speed * too high|pump overspeed", NULL},
};

const size_t cause_count = sizeof causes / sizeof *causes;

_Static_assert(sizeof causes / sizeof *causes <= 64, "a set of causes is a 64-bit word");
