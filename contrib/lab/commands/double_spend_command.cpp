#include <fmt/format.h>

#include <cstdio>
#include <optional>

#include "contrib/lab/commands/arguments.h"
#include "contrib/lab/commands/interrupt.h"
#include "contrib/lab/commands/model_commands.h"
#include "contrib/lab/commands/rate_text.h"
#include "contrib/lab/model/closed_forms.h"
#include "contrib/lab/model/double_spend.h"

namespace parley::lab {
namespace {

constexpr uint32_t kConfirmationsMax = 1'000;
constexpr uint64_t kAttemptsMax = 10'000'000'000;

constexpr const char* kDoubleSpendHelp =
    "Usage: parley-lab double-spend --q Q --z Z [options]\n"
    "\n"
    "Simulates attempts to reverse a payment: the merchant waits for Z confirmations, while an\n"
    "attacker with the share Q of the hash rate mines another branch. Two models, which differ:\n"
    "\n"
    "  nakamoto    the attacker mines for as long as Z blocks take on average\n"
    "  rosenfeld   it mines until Z blocks are found, and has one block from before the payment\n"
    "\n"
    "  --q Q            the attacker's share of the hash rate, 0 to 0.45\n"
    "  --z Z            confirmations, 1 to 1000\n"
    "  --model NAME     nakamoto or rosenfeld (default: both)\n"
    "  --attempts N     attempts in each model (default 1000000)\n"
    "  --seed S         (default 1); a seed always gives the same attempts\n"
    "  --json           print JSON instead of a table\n";

struct DoubleSpendArguments {
    std::optional<double> q;
    std::optional<uint32_t> z;
    std::vector<DoubleSpendModel> models{DoubleSpendModel::nakamoto, DoubleSpendModel::rosenfeld};
    uint64_t attempts = 1'000'000;
    uint64_t seed = 1;
    bool json = false;
};

bool take_model(const std::string& text, std::vector<DoubleSpendModel>& target) {
    for (const auto model : {DoubleSpendModel::nakamoto, DoubleSpendModel::rosenfeld}) {
        if (text != to_string(model)) continue;
        target = {model};
        return true;
    }
    return false;
}

struct DoubleSpendLine {
    DoubleSpendModel model{};
    Proportion measured;
    double formula = 0;
};

std::string text_of(const DoubleSpendArguments& arguments,
                    const std::vector<DoubleSpendLine>& lines, bool partial) {
    std::string text = fmt::format(
        "Double spend: q = {:g}, z = {}, seed {}{}\n\n{:<12}{:<34}{:>12}{:>12}\n", *arguments.q,
        *arguments.z, arguments.seed, partial ? " (PARTIAL: interrupted)" : "", "Model",
        "success [95 % Wilson interval]", "attempts", "formula");
    for (const DoubleSpendLine& line : lines) {
        text += fmt::format("{:<12}{:<34}{:>12}{:>10.5f} %\n", to_string(line.model),
                            rate_text(line.measured, 5), line.measured.trials, 100 * line.formula);
    }
    return text;
}

std::string json_of(const DoubleSpendArguments& arguments,
                    const std::vector<DoubleSpendLine>& lines, bool partial) {
    rpc::JsonWriter json;
    json.object([&] {
        json.field("partial", partial);
        json.field("q", *arguments.q);
        json.field("z", *arguments.z);
        json.field("seed", arguments.seed);
        for (const DoubleSpendLine& line : lines) {
            json.field_object(to_string(line.model), [&] {
                json.field("attempts", line.measured.trials);
                json.field("successes", line.measured.hits);
                write_proportion(json, "success", line.measured);
                json.field("formula", line.formula);
            });
        }
    });
    return rpc::json_indented(*rpc::parse_json(json.text()), 2) + "\n";
}

}  // namespace

int run_double_spend_command(const std::vector<std::string>& arguments) {
    DoubleSpendArguments options;
    const CommandLine line{
        "double-spend",
        kDoubleSpendHelp,
        {{"--q", number_option(0.0, kSimulatedAttackerMax, options.q)},
         {"--z", number_option<uint32_t>(1, kConfirmationsMax, options.z)},
         {"--model",
          {[&](const std::string& text) { return take_model(text, options.models); },
           "nakamoto or rosenfeld"}},
         {"--attempts", number_option<uint64_t>(1, kAttemptsMax, options.attempts)},
         {"--seed", number_option<uint64_t>(0, UINT64_MAX, options.seed)},
         {"--json", flag_option(options.json)}}};
    if (const auto error = line.parse(arguments)) return report(*error);
    if (!options.q || !options.z) return report(line.error("--q and --z are needed."));
    catch_interrupts();
    std::vector<DoubleSpendLine> lines;
    bool partial = false;
    {
        Progress progress("attempts", options.attempts * options.models.size());
        for (const DoubleSpendModel model : options.models) {
            if (partial) break;
            DoubleSpendOptions run{model,        *options.q, *options.z, options.attempts,
                                   options.seed, {}};
            const uint64_t before = lines.size() * options.attempts;
            run.proceed = [&](uint64_t done) { return progress.show(before + done); };
            const double formula = model == DoubleSpendModel::nakamoto
                                       ? nakamoto_double_spend(*options.q, *options.z)
                                       : rosenfeld_double_spend(*options.q, *options.z);
            lines.push_back({model, run_double_spends(run), formula});
            partial = lines.back().measured.trials < options.attempts ||
                      (interrupted() && lines.size() < options.models.size());
        }
    }
    fmt::print("{}",
               options.json ? json_of(options, lines, partial) : text_of(options, lines, partial));
    return partial ? kInterruptedStatus : 0;
}

}  // namespace parley::lab
