// What incidents of an asset show, what causes them, and what to check.
#include "factory/made_asset.h"

// clang-format off
const struct asset_fault asset_faults[] = {
    {"disturbed_signal", "any:spike", "check the cable and the shield of the sensor|inspect the cable, the shield and the terminals of the sensor"},
    {"disturbed_signal", "any:noise", "check the cable and the shield of the sensor|tighten the terminals and look for interference"},
    {"communication_loss", "any:dropout", "check the cable, the power and the address of the sensor|check the connection and the power of the sensor"},
    {"stuck_sensor", "any:stuck", "check the sensor and restart it|compare it with a second gauge and replace it"},
    {"calibration_drift", "process:drift", "compare it with a second gauge and calibrate it|clean the sensor and calibrate it"},
    {"calibration_drift", "any:mismatch", "compare it with a second gauge and calibrate it|compare the sensors of this asset with a reference"},
    {"zero_shift", "process:shift", "check the zero and the mounting of the sensor|compare it with a second gauge and set its zero"},
    {"changed_operation", "any:seasonal", "compare with the schedule of the plant|look what was switched on or off at that time"},
    {"changed_operation", "any:pattern", "look what was switched on or off at that time|compare with the schedule of the plant"},
    {"asset_offline", "all:dropout", "check the power and the network of this asset|check the fuse, the power supply and the gateway of this asset"},
    {"leak", "process_value:low flow:high", "close the section and inspect flanges and joints|isolate the section and look for the leak"},
    {"leak", "discharge_pressure:low flow:high", "close the section and inspect flanges and joints|isolate the section and look for the leak"},
    {"blocked_outlet", "process_value:high flow:low", "look for a closed valve downstream|check the valves and the filter downstream"},
    {"blocked_outlet", "discharge_pressure:high flow:low", "look for a closed valve downstream|check the valves and the filter downstream"},
    {"pump_failure", "process_value:low flow:low", "check the pump, its motor and its coupling|check whether the pump runs and turns the right way"},
    {"pump_failure", "discharge_pressure:low flow:low suction_pressure:ok", "check the pump, its motor and its coupling|check whether the pump runs and turns the right way"},
    {"overspeed", "process_value:high flow:high", "check the setpoint and the speed of the drive|lower the speed and check the controller"},
    {"overspeed", "discharge_pressure:high flow:high", "check the setpoint and the speed of the drive|lower the speed and check the controller"},
    {"heating_element", "heater_current:zero ambient_temp:cold", "check the @ supply lines|check the @ heater supply and its wiring"},
    {"heating_element", "heater_current:zero liquid_temp:low ambient_temp:cold", "check the @ supply lines|check the @ heater supply and its wiring"},
    {"supply_low", "supply_voltage:low", "check the supply, its cable and its terminals|measure the supply at the terminals under load"},
    {"supply_low", "supply_voltage:low all:dropout", "check the supply, its cable and its terminals|measure the supply at the terminals under load"},
};
const size_t asset_fault_count = sizeof asset_faults / sizeof *asset_faults;
// clang-format on
