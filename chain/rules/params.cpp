#include "chain/rules/params.h"

#include <fmt/format.h>

#include <limits>

#include "base/check.h"
#include "base/option_row.h"
#include "chain/primitives/address.h"
#include "chain/rules/params_genesis.h"
#include "chain/rules/retarget.h"

namespace parley {
namespace {

// Once a genesis coinbase pays more outputs than this, its options no longer fit a command line.
constexpr size_t kGenesisOutputsMax = 10'000;

// Everything that labnet shares with regtest.
ChainParams regtest_formats() {
    ChainParams params;
    params.public_network = false;
    params.pow_limit = U256::max() >> 1;
    params.activation = {Height{1}, Height{1}, Height{1}, Height{1}, Height{0}, Height{0}};
    // Every coinbase of these chains contains its height, so none can repeat another.
    params.bip30_needless_until = Height{std::numeric_limits<int32_t>::max()};
    params.address_prefixes.bech32 = "bcrt";
    params.address_prefixes.base58 = kTestBase58Versions;
    return params;
}

}  // namespace

ChainParams regtest_params() {
    ChainParams params = regtest_formats();
    params.name = "regtest";
    params.snapshots = known_snapshots(params.name);
    params.magic = {0xfa, 0xbf, 0xb5, 0xda};
    params.p2p_port = 18444;
    params.rpc_port = 18443;
    set_genesis(params,
                make_genesis(kTimesHeadline, {satoshi_output()}, 1296688602, 0x207fffff, 2));
    params.no_retargeting = true;
    params.allow_min_difficulty = true;
    params.retarget_interval_blocks = 144;
    params.subsidy_halving_interval_blocks = 150;
    params.unknown_rules_period_blocks = 144;
    params.unknown_rules_threshold_blocks = 108;
    params.deployments = {test_dummy(0)};
    params.deployments[0].period_blocks = 144;
    params.deployments[0].threshold_blocks = 108;
    return params;
}

ChainParams labnet_params(const LabnetOptions& options) {
    CHECK(options.validate().empty());
    ChainParams params = regtest_formats();
    params.name = "labnet";
    params.magic = {0x6c, 0x61, 0x62, 0x21};  // "lab!"
    params.p2p_port = 18644;
    params.rpc_port = 18643;
    auto outputs = options.genesis_outputs;
    // The genesis hash covers all options, so networks with different rules never mix.
    const std::string headline =
        fmt::format("Parley labnet: {} s, {} blocks", options.target_spacing_s,
                    options.retarget_interval_blocks);
    params.genesis_coins_spendable = !outputs.empty();
    if (outputs.empty()) outputs.push_back(satoshi_output());
    set_genesis(params,
                make_genesis(headline, std::move(outputs), 1296688602, options.start_bits, 0));
    params.target_spacing_s = options.target_spacing_s;
    params.retarget_interval_blocks = options.retarget_interval_blocks;
    params.retarget_skips_genesis = true;
    return params;
}

OptionRows<LabnetOptions> LabnetOptions::rows() {
    using O = LabnetOptions;
    static constexpr auto kRows = option_rows(
        OptionGroup::general,
        option<O>("genesisoutput", OptionUnit{"<address>:<amount>"},
                  "labnet: spendable output of the genesis block; may be repeated"),
        // With fewer than three blocks, a period would not contain a time span between two blocks.
        option<&O::retarget_interval_blocks>(
            "powretargetinterval", kCount,
            "labnet: number of blocks between difficulty adjustments (default: {default})",
            {.min = 3, .max = 1'000'000}),
        option<&O::start_bits>("powstartbits",
                               OptionUnit{.argument = "<8 hex digits>", .hexadecimal = true},
                               "labnet: compact target of the first blocks (default: {default})"),
        option<&O::target_spacing_s>(
            "powtargetspacing", OptionUnit{"<s>"},
            "labnet: target time between blocks, in seconds (default: {default})",
            {.min = 1, .max = 1'000'000}));
    return kRows;
}

std::string LabnetOptions::validate() const {
    if (auto problem = out_of_range(*this)) return *problem;
    const auto target = target_from_compact(start_bits);
    if (!target || *target > U256::max() >> 1 || compact_from_target(*target) != start_bits)
        return "-powstartbits must be a compact target of eight hex digits, at most 207fffff";
    if (genesis_outputs.size() > kGenesisOutputsMax)
        return fmt::format("-genesisoutput can be given at most {} times", kGenesisOutputsMax);
    Amount total{0};
    for (const auto& output : genesis_outputs) {
        if (!money_range(output.value) || !money_range(total = total + output.value))
            return "the amounts of -genesisoutput add up to more than 21,000,000 coins";
    }
    return {};
}

Expected<TxOutput, std::string> parse_genesis_output(std::string_view text) {
    const size_t colon = text.rfind(':');
    if (colon == std::string_view::npos) {
        return Unexpected(fmt::format(
            "Invalid value for -genesisoutput: '{}'. It must be <address>:<amount>.", text));
    }
    const auto script = decode_address(regtest_params().address_prefixes, text.substr(0, colon));
    if (!script) {
        return Unexpected(fmt::format("-genesisoutput={}: {}", text, to_string(script.error())));
    }
    const auto amount = parse_amount(text.substr(colon + 1));
    if (!amount || !money_range(*amount)) {
        return Unexpected(fmt::format("Invalid amount for -genesisoutput: '{}'", text));
    }
    return TxOutput{*amount, *script};
}

const KnownSnapshot* find_snapshot(const ChainParams& params, const BlockHash& base) {
    for (const KnownSnapshot& known : params.snapshots) {
        if (known.block == base) return &known;
    }
    return nullptr;
}

Amount block_subsidy(const ChainParams& params, Height height) {
    const int32_t halvings = height.value() / params.subsidy_halving_interval_blocks;
    if (halvings >= 64) return Amount{0};
    return Amount{(50 * kCoin) >> halvings};
}

}  // namespace parley
