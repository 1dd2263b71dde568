#include <fmt/format.h>

#include <chrono>
#include <cstdio>
#include <optional>

#include "contrib/lab/commands/arguments.h"
#include "contrib/lab/commands/interrupt.h"
#include "contrib/lab/commands/model_commands.h"
#include "contrib/lab/verify/check.h"

namespace parley::lab {
namespace {

constexpr double kMinutesMax = 10'000;

constexpr const char* kVerifyHelp =
    "Usage: parley-lab verify (--budget MINUTES | --quick) [--only PREFIX] [--json]\n"
    "\n"
    "Checks the laboratory against what is known: exact results, published tables, its own\n"
    "propagation, and the exact costs of PBFT in the simulator. Prints for each check what is\n"
    "expected, the accepted range, what was measured with its 95 % interval, and the verdict:\n"
    "pass, FAIL, or not run with the reason. The exit status is 1 if a check fails.\n"
    "\n"
    "  --budget MINUTES   full runs, as many as fit; a check that would take longer than what is\n"
    "                     left is not run\n"
    "  --quick            a few seconds: shorter runs with the same accepted ranges\n"
    "  --only PREFIX      only checks whose names begin like this, such as 6.selfish\n"
    "  --json             print JSON instead of a table\n";

struct VerifyArguments {
    std::optional<double> budget_minutes;
    bool quick = false;
    std::string only;
    bool json = false;
};

std::vector<Check> chosen_checks(const std::string& prefix) {
    std::vector<Check> checks = all_checks();
    std::erase_if(checks, [&](const Check& check) { return !check.name.starts_with(prefix); });
    return checks;
}

}  // namespace

int run_verify_command(const std::vector<std::string>& arguments) {
    VerifyArguments options;
    const CommandLine line{"verify",
                           kVerifyHelp,
                           {{"--budget", number_option(0.0, kMinutesMax, options.budget_minutes)},
                            {"--quick", flag_option(options.quick)},
                            {"--only", text_option(options.only)},
                            {"--json", flag_option(options.json)}}};
    if (const auto error = line.parse(arguments)) return report(*error);
    if (options.quick == options.budget_minutes.has_value())
        return report(line.error("choose one of --budget and --quick."));
    const std::vector<Check> checks = chosen_checks(options.only);
    if (checks.empty())
        return report(line.error(fmt::format("no check's name begins with {}.", options.only)));
    catch_interrupts();
    const auto begin = std::chrono::steady_clock::now();
    const auto seconds_left = [&] {
        const std::chrono::duration<double> used = std::chrono::steady_clock::now() - begin;
        return 60 * options.budget_minutes.value_or(0) - used.count();
    };
    CheckRun run;
    {
        Progress progress("checks", checks.size());
        run = run_checks(
            checks, options.quick ? Effort::quick : Effort::full, seconds_left,
            [&](size_t number) { return progress.show(number); }, [] { return !interrupted(); });
    }
    fmt::print("{}", options.json ? findings_json(run.findings, run.partial)
                                  : findings_text(run.findings, run.partial));
    if (run.partial) return kInterruptedStatus;
    return any_failed(run.findings) ? 1 : 0;
}

}  // namespace parley::lab
