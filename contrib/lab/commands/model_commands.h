// The commands of parley-lab that run the abstract model (contrib/lab/model) or the simulator, or
// print closed forms. None starts a daemon.
//
// Each takes the arguments after its name and returns the exit code: 0; 1 with a sentence on
// stderr; 130 after Ctrl-C, when what was measured until then is printed and marked as partial.
#pragma once

#include <string>
#include <vector>

namespace parley::lab {

/// `race`: the mining race, and selfish mining.
int run_race_command(const std::vector<std::string>& arguments);

/// `double-spend`: attempts to reverse a payment.
int run_double_spend_command(const std::vector<std::string>& arguments);

/// `theory`: the closed forms.
int run_theory_command(const std::vector<std::string>& arguments);

/// `run`: a scenario file.
int run_run_command(const std::vector<std::string>& arguments);

/// `sweep`: a scenario file for each of several values.
int run_sweep_command(const std::vector<std::string>& arguments);

/// `compare`: a scenario file with both kinds of consensus.
int run_compare_command(const std::vector<std::string>& arguments);

/// `report`: a page with figures of what the three have written.
int run_report_command(const std::vector<std::string>& arguments);

/// `verify`: the acceptance points. The exit code is also 1 if a check fails.
int run_verify_command(const std::vector<std::string>& arguments);

}  // namespace parley::lab
