#include <fmt/format.h>

#include <cstdio>
#include <optional>

#include "contrib/lab/commands/arguments.h"
#include "contrib/lab/commands/model_commands.h"
#include "contrib/lab/model/closed_forms.h"
#include "contrib/lab/model/mining_network.h"
#include "rpc/jsonrpc/json_writer.h"

namespace parley::lab {
namespace {

constexpr double kMinorityMax = 0.4999;  // the formulas of attacks are those of a minority
constexpr double kSecondsMax = 1e9;
constexpr uint32_t kTableRowsMax = 1'000;
/// Below this risk a merchant may deliver (the tables of both papers).
constexpr double kAcceptedRisk = 0.001;

constexpr const char* kTheoryHelp =
    "Usage: parley-lab theory [--lambda-delta X [--shares S1,S2,...]] [--alpha A [--gamma G]]\n"
    "                         [--q Q [--z Z]] [--interval S --delay-integral S] [--json]\n"
    "\n"
    "Prints closed forms, each with the name of its model. Several groups may be asked for.\n"
    "\n"
    "  --lambda-delta X      fork rates and growth for this delay, in mean block intervals:\n"
    "                        many small miners; with --shares also finite miners (first order),\n"
    "                        and for two miners the exact form\n"
    "  --shares S1,S2,...    hash shares; they must add up to 1 (+-0.005, for rounded ones)\n"
    "  --interval S          mean time between blocks in seconds, and\n"
    "  --delay-integral S    integral of 1 - f(t) in seconds, f the share of the hash rate that "
    "has\n"
    "                        a block after t seconds: the fork rate of Decker & Wattenhofer\n"
    "  --alpha A             selfish mining (Eyal & Sirer) by a pool with this share\n"
    "  --gamma G             share of honest miners that extend its branch in a tie (default 0)\n"
    "  --q Q                 double spends by an attacker with this share: Nakamoto, Rosenfeld\n"
    "  --z Z                 rows of that table: 1 to Z confirmations (default 6)\n"
    "  --json                print JSON instead of tables\n";

struct TheoryArguments {
    std::optional<double> lambda_delta;
    std::vector<double> shares;
    std::optional<double> interval;
    std::optional<double> integral;
    std::optional<double> alpha;
    std::optional<double> gamma;
    std::optional<double> q;
    std::optional<uint32_t> z;
    bool json = false;
};

struct NamedRates {
    const char* name;
    const char* json_name;
    ForkRates rates;
};

std::vector<NamedRates> fork_forms(const TheoryArguments& arguments) {
    const double x = *arguments.lambda_delta;
    const std::vector<double>& shares = arguments.shares;
    std::vector<NamedRates> forms{{"Many small miners", "many_small_miners", many_small_miners(x)}};
    if (!shares.empty())
        forms.push_back({"Finite miners, first order", "finite_miners", finite_miners(shares, x)});
    if (shares.size() == 2 && shares[0] > 0 && shares[1] > 0) {
        forms.push_back(
            {"Two miners, exact (Sompolinsky & Zohar)", "two_miners", two_miners(shares[0], x)});
    }
    return forms;
}

std::string fork_text(const TheoryArguments& arguments) {
    std::string text =
        fmt::format("Forks, lambda Delta = {:g}\n{:<42}{:>11}{:>11}{:>11}{:>17}\n",
                    *arguments.lambda_delta, "Model", "F_h", "S_t", "S_m", "growth / lambda");
    for (const NamedRates& form : fork_forms(arguments)) {
        text += fmt::format("{:<42}{:>9.4f} %{:>9.4f} %{:>9.4f} %{:>17.5f}\n", form.name,
                            100 * form.rates.forked_heights, 100 * form.rates.stale_of_all,
                            100 * form.rates.stale_of_main, form.rates.growth);
    }
    return text +
           "F_h: heights with two or more blocks / heights. S_t: stale / all blocks. S_m: stale /\n"
           "main-chain blocks. First order holds for a small lambda Delta.\n";
}

double decker(const TheoryArguments& arguments) {
    return decker_fork_probability(1 / *arguments.interval, *arguments.integral);
}

std::string decker_text(const TheoryArguments& arguments) {
    return fmt::format(
        "Forks, Decker & Wattenhofer: P_b = 1 / {:g} s, integral of 1 - f(t) = {:g} s\n"
        "F_h = {:.4f} %\n",
        *arguments.interval, *arguments.integral, 100 * decker(arguments));
}

std::string selfish_forms_text(double alpha, double gamma) {
    return fmt::format(
        "Selfish mining, Eyal & Sirer: alpha = {:g}, gamma = {:g}\n"
        "R = {:.5f} of the main-chain blocks; pays above alpha = {:.5f}\n",
        alpha, gamma, selfish_revenue(alpha, gamma), selfish_threshold(gamma));
}

std::string confirmations_text(double (*form)(double, uint32_t), double q) {
    const auto needed = confirmations_for(form, q, kAcceptedRisk, kTableRowsMax);
    return needed ? std::to_string(*needed) : fmt::format("more than {}", kTableRowsMax);
}

std::string double_spend_text(double q, uint32_t z) {
    std::string text = fmt::format("Double spends, q = {:g}\n{:<16}{:>16}{:>16}\n", q,
                                   "Confirmations", "Nakamoto", "Rosenfeld");
    for (uint32_t row = 1; row <= z; ++row) {
        text +=
            fmt::format("{:<16}{:>14.5f} %{:>14.5f} %\n", row, 100 * nakamoto_double_spend(q, row),
                        100 * rosenfeld_double_spend(q, row));
    }
    return text + fmt::format("{:<16}{:>16}{:>16}\n",
                              fmt::format("for {:g} %", 100 * kAcceptedRisk),
                              confirmations_text(nakamoto_double_spend, q),
                              confirmations_text(rosenfeld_double_spend, q));
}

std::string json_of(const TheoryArguments& arguments) {
    rpc::JsonWriter json;
    json.object([&] {
        if (arguments.lambda_delta) {
            json.field("lambda_delta", *arguments.lambda_delta);
            for (const NamedRates& form : fork_forms(arguments)) {
                json.field_object(form.json_name, [&] {
                    json.field("F_h", form.rates.forked_heights);
                    json.field("S_t", form.rates.stale_of_all);
                    json.field("S_m", form.rates.stale_of_main);
                    json.field("growth", form.rates.growth);
                });
            }
        }
        if (arguments.interval)
            json.field_object("decker", [&] { json.field("F_h", decker(arguments)); });
        if (arguments.alpha) {
            const double gamma = arguments.gamma.value_or(0);
            json.field_object("selfish_mining", [&] {
                json.field("alpha", *arguments.alpha);
                json.field("gamma", gamma);
                json.field("R", selfish_revenue(*arguments.alpha, gamma));
                json.field("threshold", selfish_threshold(gamma));
            });
        }
        if (!arguments.q) return;
        json.field("q", *arguments.q);
        json.field_array("double_spend", [&] {
            for (uint32_t z = 1; z <= arguments.z.value_or(6); ++z) {
                json.object([&] {
                    json.field("z", z);
                    json.field("nakamoto", nakamoto_double_spend(*arguments.q, z));
                    json.field("rosenfeld", rosenfeld_double_spend(*arguments.q, z));
                });
            }
        });
    });
    return rpc::json_indented(*rpc::parse_json(json.text()), 2) + "\n";
}

/// What is wrong with the combination of options; empty: nothing.
std::string conflict(const TheoryArguments& arguments) {
    if (!arguments.shares.empty() && !arguments.lambda_delta)
        return "--shares needs --lambda-delta.";
    if (arguments.interval.has_value() != arguments.integral.has_value())
        return "--interval and --delay-integral go together.";
    if (arguments.gamma && !arguments.alpha) return "--gamma needs --alpha.";
    if (arguments.z && !arguments.q) return "--z needs --q.";
    if (!arguments.lambda_delta && !arguments.interval && !arguments.alpha && !arguments.q)
        return "choose --lambda-delta, --interval, --alpha or --q.";
    return "";
}

}  // namespace

int run_theory_command(const std::vector<std::string>& arguments) {
    TheoryArguments options;
    const CommandLine line{"theory",
                           kTheoryHelp,
                           {{"--lambda-delta", number_option(0.0, kDelayMax, options.lambda_delta)},
                            {"--shares", numbers_option(options.shares)},
                            {"--interval", number_option(1.0, kSecondsMax, options.interval)},
                            {"--delay-integral", number_option(0.0, kSecondsMax, options.integral)},
                            {"--alpha", number_option(0.0, kMinorityMax, options.alpha)},
                            {"--gamma", number_option(0.0, 1.0, options.gamma)},
                            {"--q", number_option(0.0, kMinorityMax, options.q)},
                            {"--z", number_option<uint32_t>(1, kTableRowsMax, options.z)},
                            {"--json", flag_option(options.json)}}};
    if (const auto error = line.parse(arguments)) return report(*error);
    if (const std::string sentence = conflict(options); !sentence.empty())
        return report(line.error(sentence));
    if (!options.shares.empty()) {
        auto shares = normalised_shares(options.shares);
        if (!shares) return report(line.error(shares.error() + "."));
        options.shares = std::move(*shares);
    }
    if (options.json) {
        fmt::print("{}", json_of(options));
        return 0;
    }
    std::vector<std::string> groups;
    if (options.lambda_delta) groups.push_back(fork_text(options));
    if (options.interval) groups.push_back(decker_text(options));
    if (options.alpha)
        groups.push_back(selfish_forms_text(*options.alpha, options.gamma.value_or(0)));
    if (options.q) groups.push_back(double_spend_text(*options.q, options.z.value_or(6)));
    for (size_t i = 0; i < groups.size(); ++i) fmt::print("{}{}", i > 0 ? "\n" : "", groups[i]);
    return 0;
}

}  // namespace parley::lab
