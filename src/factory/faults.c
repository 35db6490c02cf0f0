// The faults, with the evidence each leaves, what must be asked, and what to check.
#include <string.h>

#include "factory/plant_words.h"

// clang-format off
const struct fault faults[] = {
    {"heating_element", "heater_current:zero ambient_temp:cold", "heater_current", "ambient_temp:cold", "ICE_WARNING|ICE|ICING|FROST_ALARM", "check the @ supply lines|check the @ heater supply and its wiring|measure the @ supply at the heater terminals", "Why is there no data in the cold?|What stopped it last night?|It freezes up every night, why?"},
    {"icing", "ambient_temp:cold wind_speed:zero heater_current:ok", "heater_current", "ambient_temp:cold wind_speed:zero", "ICE_WARNING|ICE|BLOCKED|FROST_ALARM", "remove the ice and look whether the heating is strong enough|clear the ice and inspect the heads", "Wind shows nothing, what is going on?|Why no wind since this morning?"},
    {"supply_low", "supply_voltage:low", "supply_voltage", "ref_check:bad", "SYSTEM_RESET|BROWNOUT|REF_FAIL|UNDERVOLT", "check the supply, its cable and its terminals|measure the supply at the terminals under load|check the feeding supply and the voltage drop of the cable", "Why does it restart now and then?|What causes the restarts?|Why does the self test not pass?"},
    {"supply_high", "supply_voltage:high", "supply_voltage", "reset_count:high", "OVERVOLT|SURGE|SUPPLY_ALARM|POWER_ALARM", "check the setting of the supply and the surge protection|measure the feeding supply and lower it", "Why does its protection trip?|What is wrong with its power?"},
    {"reference_fault", "ref_check:bad supply_voltage:ok", "supply_voltage", "ref_check:bad", "REF_FAIL|ADC_ALARM|SELFTEST_FAIL", "replace the electronics module|have the measuring module exchanged", "Why does the self test fail?|Are the readings to be trusted?"},
    {"power_overload", "load_current:high output_voltage:low", "load_current", "output_voltage:low", "DC_LOW|OUTPUT_ALARM|OVERLOAD", "check the consumers for a short circuit and reduce the load|disconnect the consumers one by one", "Why does the output sag?|Why is the DC bus unstable?"},
    {"ripple", "ripple:high output_voltage:ok", "ripple", "output_voltage:ok", "DC_QUALITY|OUTPUT_ALARM|NOISE_ALARM", "replace the supply or its capacitors|exchange the power supply", "Why is there hum on the DC?|Why is the DC bus noisy?"},
    {"fuse", "output_voltage:zero fuse_state:bad", "fuse_state", "output_voltage:zero", "DC_LOST|NO_OUTPUT|OUTPUT_ALARM", "look for the short circuit, then replace the fuse|replace the fuse after checking the load", "Why is the output dead?|Everything behind it is dark, why?"},
    {"battery_low", "battery_voltage:low charge_current:ok", "charge_current", "battery_voltage:low", "BATT_LOW|BATTERY_ALARM|LOW_BATT", "replace the battery|test the battery under load and replace it", "Why does the backup fail?|Does it hold through the night?"},
    {"charger", "charge_current:zero battery_voltage:low", "charge_current", "battery_voltage:low", "BATT_LOW|BATTERY_ALARM|LOW_BATT", "check the charger and its input|check the charging circuit and its fuse", "Why does it not charge?|Why is the battery going flat?"},
    {"ground_fault", "insulation:low", "insulation", "", "ISO_ALARM|EARTH_ALARM|RCD_TRIP|INSULATION", "measure each branch for insulation|isolate the circuits one by one and find the damp cable", "Why does the breaker trip?|Why did the residual current device open?"},
    {"phase_loss", "phase_b:zero phase_a:ok phase_c:ok", "phase_b", "phase_a:ok phase_c:ok", "PHASE_ALARM|UNBALANCE|PHASE_TRIP", "check the fuses and contactor of that phase|check the supply of all three phases", "Why does it hum and not start?|Why did the motor protection trip?"},
    {"wiring_open", "loop_current:low", "loop_current", "", "SIGNAL_FAIL|INPUT_ALARM|UNDERRANGE_ALARM", "check the terminals and the cable of the loop|check the signal cable end to end", "Why is its signal gone?|Why does the controller show a signal error?"},
    {"wiring_short", "loop_current:high", "loop_current", "", "SIGNAL_FAIL|INPUT_ALARM|OVERRANGE_ALARM", "check the cable for crushed or wet places|disconnect the cable and measure it", "Why is the signal stuck at full scale?|Why does the controller show a signal error?"},
    {"communication_loss", "message_age:high crc_errors:ok", "crc_errors", "message_age:high", "NO_DATA|TIMEOUT|COMM_ALARM|OFFLINE", "check the cable, the address and the converter|check the network connection and the port", "Why do I get no data?|Why is it offline?"},
    {"bus_noise", "crc_errors:high message_age:ok", "crc_errors", "message_age:ok", "COMM_ALARM|RETRY|BUS_WARNING", "check the shield and the termination of the bus|check termination resistors and cable routing", "Why do values come and go?|Why are there gaps in the data?"},
    {"weak_signal", "rssi:low", "rssi", "", "RADIO_ALARM|LINK_WARNING|NO_LINK", "check the antenna and its cable|move the antenna and look for obstacles", "Why does the radio drop out?|Why are messages lost?"},
    {"clock", "clock_offset:high", "clock_offset", "", "TIME_ALARM|RTC_WARNING|TIME_SYNC", "set the clock and check its time source|check the time server and the buffer battery", "Why are its timestamps strange?|Why do the events not line up?"},
    {"firmware_reset", "reset_count:high supply_voltage:ok", "supply_voltage", "reset_count:high", "SYSTEM_RESET|WDT|REBOOT", "update the firmware and send the crash log to the maker|install the current firmware", "Why does it restart all the time?|What causes the reboots?"},
    {"memory_full", "storage_used:high", "storage_used", "", "LOG_STOPPED|WRITE_FAIL|STORAGE_ALARM", "read out and delete old records|free space and shorten what is kept", "Why did recording stop?|Why are the newest records missing?"},
    {"overtemperature", "board_temp:high fan_speed:ok", "fan_speed", "board_temp:high", "TEMP_ALARM|OVERTEMP|DERATING", "check ventilation slots, filter mats and nearby heat|improve the ventilation of the cabinet", "Why does it derate?|Why does it switch off at noon?"},
    {"fan", "fan_speed:low board_temp:high", "fan_speed", "board_temp:high", "TEMP_ALARM|OVERTEMP|FAN_WARNING", "replace the fan|clean the fan and replace it if it stays slow", "Why is the cabinet so warm?|Why does it derate?"},
    {"moisture", "humidity_inside:high", "humidity_inside", "", "HOUSING_ALARM|LEAKAGE_WARN|RH_ALARM", "check the gaskets and cable glands|dry the housing and replace its seal", "Why does it act up after rain?|Why are readings odd in the morning?"},
    {"stuck_sensor", "process_value:stuck", "process_value", "", "PLAUSIBILITY|SIGNAL_CHECK|FROZEN_CHECK", "check the sensor and restart it|compare it with a second gauge and replace it", "Is this trace plausible?|Why does the trend look so flat?"},
    {"calibration_drift", "span_error:high", "span_error", "", "CAL_ALARM|CAL_DUE|VERIFY_FAIL", "calibrate it again|recalibrate against the reference and repeat the check", "Why do two instruments disagree?|Can I trust its value?"},
    {"sensor_aged", "sensitivity:low", "sensitivity", "", "CELL_ALARM|BUMP_FAIL|SENSOR_EOL", "replace the cell|exchange the sensor cell and bump test it", "Why did the bump test fail?|Why does it react so slowly?"},
    {"optics_dirty", "window_dirt:high", "window_dirt", "", "OPTICS_ALARM|CLEAN_REQ|SIGNAL_WEAK", "clean the window|clean the optics and check the wiper", "Why does the value creep up?|Why is its signal weak?"},
    {"impulse_line", "dp_noise:low", "dp_noise", "", "LINE_CHECK|PIL_ALARM|DIAG_WARNING", "blow out the line and check it for ice|flush the line and its valves", "Why does the value hardly move?|Why does it lag behind?"},
    {"empty_pipe", "conductivity:low", "conductivity", "", "EPD|PIPE_ALARM|NO_MEDIUM", "check that the line is full and vented|fill and vent the line", "Why does it read nonsense?|Why does the flow jump about?"},
    {"bearing", "bearing_temp:high vibration:high", "vibration", "bearing_temp:high oil_pressure:ok", "BRG_ALARM|MECH_ALARM|TRIP_WARN", "plan the exchange of the bearing and check its grease|stop it soon and inspect the bearing", "Why is it so loud?|What is that grinding noise?"},
    {"imbalance", "vibration:high bearing_temp:ok", "bearing_temp", "vibration:high", "VIB_ALARM|MECH_ALARM|TRIP_WARN", "check the balance of the rotor and the alignment|clean the rotor, balance it and check the coupling", "Why does it shake?|Why did the vibration guard trip?"},
    {"lubrication", "oil_pressure:low bearing_temp:high", "oil_pressure", "bearing_temp:high vibration:ok", "OIL_ALARM|BRG_ALARM|TRIP_WARN", "check the oil level, pump and filter|top up the oil and check for losses", "Why does it run hot?|Why did it trip?"},
    {"cavitation", "suction_pressure:low vibration:high", "vibration", "suction_pressure:low", "PUMP_ALARM|NPSH|FLOW_ALARM", "raise the suction head or lower the speed|open the suction side fully and lower the flow", "Why does it rattle like gravel?|Why does the pump crackle?"},
    {"blocked_inlet", "suction_pressure:low flow:low vibration:ok", "vibration", "suction_pressure:low flow:low", "PUMP_ALARM|FLOW_ALARM|LOW_FLOW", "check the strainer, the foot valve and the suction line|open and clean the suction side", "Why does it deliver so little?|Why is there hardly any flow?"},
    {"clogged_filter", "filter_dp:high", "filter_dp", "", "FILTER_ALARM|DIRTY|MAINT_REQ", "clean or replace the filter|replace the element and look what clogged it", "Why is its capacity down?|Why does it need more power than before?"},
    {"dry_run", "tank_level:low flow:zero", "tank_level", "flow:zero", "DRY_ALARM|NO_FLOW|FLOW_ALARM", "stop the pump and refill the tank|fill the tank before the next start", "Why does it deliver nothing?|Why is there no flow at all?"},
    {"overload", "motor_current:high winding_temp:high", "motor_current", "winding_temp:high coolant_flow:ok", "MOTOR_ALARM|THERMAL|TRIP", "check what it drives for jamming and reduce the load|free the driven machine and compare with the rated current", "Why did the motor trip?|Why does the thermal relay open?"},
    {"belt_slip", "driven_speed:low motor_speed:ok", "motor_speed", "driven_speed:low", "SPEED_ALARM|SLOW|DRIVE_WARN", "tension or replace the belt|check the belt and its pulleys", "Why does it turn slowly?|What is the squealing?"},
    {"valve_stuck", "position_error:high air_pressure:ok", "air_pressure", "position_error:high", "POS_ALARM|TRAVEL_DEV|DEV_WARN", "check stem and packing, stroke it by hand|stroke it locally and inspect the packing", "Why does it not follow the setpoint?|Why does the loop hunt?"},
    {"air_supply", "air_pressure:low position_error:high", "air_pressure", "position_error:high", "POS_ALARM|TRAVEL_DEV|AIR_ALARM", "check the regulator, its filter and the line|check the compressor and the reducing station", "Why does it not open fully?|Why does it not follow the setpoint?"},
    {"leak", "flow_balance:high", "flow_balance", "", "LDS_ALARM|BALANCE|LOSS_ALARM", "walk the line and close the section|isolate the section and inspect flanges and joints", "Where does the liquid go?|Why do the meters disagree?"},
    {"gas_leak", "gas_level:high sensitivity:ok", "sensitivity", "gas_level:high", "GAS_ALARM|EVACUATE|HH_ALARM", "clear the area and find the source|evacuate, ventilate and find the source", "Is this alarm real?|Why did the alarm go off?"},
    {"overpressure", "discharge_pressure:high", "discharge_pressure", "", "P_ALARM|PSV|RELIEF", "check for a closed valve downstream and the relief valve|open the discharge side and test the relief valve", "Why did the relief valve lift?|Why did the safety chain open?"},
    {"overfill", "tank_level:high", "tank_level", "", "HH_LEVEL|SPILL|LVL_ALARM", "stop the filling and check the inlet valve|close the inlet and check the level switch", "Why did filling stop?|Why is the bund wet?"},
    {"coolant", "coolant_flow:low winding_temp:high", "coolant_flow", "winding_temp:high motor_current:ok", "COOL_ALARM|THERMAL|TRIP", "check the pump, valves and strainer of that circuit|vent the circuit and check its pump", "Why does it run hot?|Why did the thermal guard trip?"},
};
// clang-format on

const size_t fault_count = sizeof faults / sizeof *faults;

static const char *const hows[] = {"low", "high", "zero", "ok", "cold", "bad", "good", "stuck"};

size_t evidence_read(const char *text, struct evidence out[EVIDENCE_MAX])
{
    size_t count = 0;
    while (*text) {
        size_t n = strcspn(text, ":"), k = 0, length = strcspn(text + n + 1, " ");
        const struct measure *q = quantity_find(text, n);
        while (k < sizeof hows / sizeof *hows &&
               (strlen(hows[k]) != length || memcmp(hows[k], text + n + 1, length) != 0))
            k++;
        if (!q || k == sizeof hows / sizeof *hows || count == EVIDENCE_MAX)
            return 0;
        out[count++] = (struct evidence){q, (enum evidence_how)k};
        text += n + 1 + length;
        text += *text == ' ';
    }
    return count;
}
