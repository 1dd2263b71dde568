#include "consensus/pbft/pbft_engine.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/option_row.h"
#include "consensus/pbft/replica.h"

namespace parley {
namespace {

Expected<EngineChoice, std::string> choose(const EngineSettings& settings,
                                           const ChainParams& params) {
    if (settings.schedule.kind != MiningSchedule::Kind::off)
        return Unexpected(std::string(
            "-gen and -automine need -consensus=pow: with PBFT, the validators create the blocks"));
    PbftOptions options;
    for (const OptionRow<PbftOptions>& row : PbftOptions::rows()) {
        const auto found = settings.numbers.find(row.name);
        if (found != settings.numbers.end()) row.set(options, found->second);
    }
    options.timeout_max = std::max(options.timeout_max, options.base_timeout);
    options.idle_status_period = std::max(options.idle_status_period, options.base_timeout);
    if (const auto found = settings.files.find("pbftvalidators"); found != settings.files.end()) {
        const auto& [path, text] = found->second;
        auto file = parse_pbft_validators(text);
        if (!file) return Unexpected(fmt::format("-pbftvalidators={}: {}", path, file.error()));
        if (file->chain != params.name)
            return Unexpected(fmt::format("-pbftvalidators={} is for -chain={}, not for {}.", path,
                                          file->chain, params.name));
        options.validators = std::move(file->validators);
    }
    if (const auto found = settings.files.find("pbftkey"); found != settings.files.end()) {
        auto key = parse_pbft_key(found->second.text);
        if (!key)
            return Unexpected(fmt::format("-pbftkey={}: {}", found->second.path, key.error()));
        options.key = std::move(*key);
    }
    return pbft_choice(std::move(options));
}

Expected<EngineTool::Result, std::string> generate_keys(std::span<const std::string> arguments,
                                                        const std::string& chain, Random& secrets) {
    size_t count = 0;
    if (arguments.size() == 2) {
        const std::string& text = arguments[0];
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
        if (error != std::errc{} || end != text.data() + text.size()) count = 0;
    }
    if (count == 0)
        return Unexpected(std::string(
            "Usage: parley-cli [-chain=labnet|regtest] pbftkeygen <validators> <directory>"));
    auto keys = generate_pbft_keys(count, chain, secrets);
    if (!keys) return Unexpected(keys.error());
    EngineTool::Result result;
    result.directory = arguments[1];
    for (size_t i = 0; i < count; ++i)
        result.files.push_back({fmt::format("key-{}.hex", i), std::move(keys->keys[i]), true});
    result.files.push_back({"validators.json", std::move(keys->validators), false});
    result.occupied =
        fmt::format("{} already contains keys, which may be in use. Choose another directory.",
                    result.directory);
    result.summary = fmt::format(
        "Wrote {0}/validators.json and {1} secret keys key-0.hex to key-{2}.hex beside it.\nStart "
        "validator i with: parleyd -chain={3} -consensus=pbft -pbftvalidators={0}/validators.json "
        "-pbftkey={0}/key-i.hex\n",
        result.directory, count, count - 1, chain);
    return result;
}

constexpr EngineTool kTools[] = {
    {"pbftkeygen", "<n> <directory>",
     "Generate keys for n PBFT validators; does not need a running node", &generate_keys},
};

std::optional<std::string> problem(const PbftOptions& options,
                                   const EngineSurroundings& surroundings) {
    if (surroundings.reindex)
        return "-reindex needs -consensus=pow: the index is the only place of the certificates and "
               "of "
               "this validator's votes. Use -reindex-chainstate for damaged coins, and restore a "
               "damaged index from a copy.";
    if (surroundings.checkpoints)
        return "-checkpoint needs -consensus=pow: PBFT blocks are already final";
    if (surroundings.params.public_network)
        return "-consensus=pbft needs -chain=regtest or -chain=labnet";
    if (options.validators.empty()) return "-consensus=pbft needs -pbftvalidators=<file>";
    return options.validate();
}

}  // namespace

constinit const EngineFactory kPbftFactory{pbft::kEngineName, &option_infos<PbftOptions>, kTools,
                                           &choose};

EngineChoice pbft_choice(PbftOptions options) {
    EngineChoice choice;
    choice.name = pbft::kEngineName;
    choice.sealed_blocks = true;
    choice.timeout = options.base_timeout;
    choice.problem = [options](const EngineSurroundings& surroundings) {
        return problem(options, surroundings);
    };
    choice.make = [options](const EngineHost& host) {
        return make_pbft_engine(options, host.params, host.storage, host.log);
    };
    return choice;
}

OptionRows<PbftOptions> PbftOptions::rows() {
    using O = PbftOptions;
    constexpr OptionUnit kFile{"<file>"};
    static constexpr OptionDetails kKeys{.file_hint =
                                             "Create the file with parley-cli pbftkeygen."};
    static constexpr OptionDetails kSecretKey{.file_hint = kKeys.file_hint, .secret_file = true};
    static constexpr auto kRows = option_rows(
        OptionGroup::general,
        option<O>(
            "pbftvalidators", kFile,
            "File with the public keys of the PBFT validators, created by parley-cli pbftkeygen",
            kKeys),
        option<O>("pbftkey", kFile,
                  "File with the secret key of this PBFT validator; without it, the node follows "
                  "the chain but does not vote",
                  kSecretKey),
        option<&O::new_record>(
            "pbftnewrecord", kFlag,
            "Confirm that the key of -pbftkey has never voted, which allows a validator with "
            "blocks "
            "but without a record of its votes to start. Give it once. Never use it for a key "
            "whose record was lost: its validator could vote twice (default: {default})"),
        option<&O::relay>("pbftrelay", kFlag,
                          "Pass the messages of PBFT validators on to other peers, so that "
                          "validators may be linked only through this node; needs a node without "
                          "-pbftkey (default: {default})"),
        option<&O::base_timeout>("pbfttimeout", kMilliseconds,
                                 "Time without progress after which a validator votes for a view "
                                 "change (default: {default})",
                                 {.min = 10, .max = 600'000}),
        // The maximum is below the two hours that the chain's rules allow.
        option<&O::time_bound>(
            "pbfttimebound", kSeconds,
            "Maximum difference between a block's time and this validator's clock, {min} to {max} "
            "(default: {default})",
            {.min = 60, .max = 7'000}),
        option<&O::empty_block_period>("pbftemptyblocks", kSeconds,
                                       "Propose an empty block after this time without "
                                       "transactions (default: {default}, never)",
                                       {.max = 24 * 3600}));
    return kRows;
}

std::optional<std::string> PbftOptions::validate() const {
    if (auto problem = out_of_range(*this)) return problem;
    if (relay && key)
        return "-pbftrelay is for nodes without -pbftkey: a validator is linked to others directly "
               "or through such a node. Remove one of the two options.";
    if (timeout_max < base_timeout)
        return "The largest timeout must not be below the base timeout.";
    if (timeout_max > std::chrono::hours{24}) return "The largest timeout must not exceed one day.";
    if (idle_status_period < base_timeout)
        return "The idle status period must not be below the base timeout.";
    return std::nullopt;
}

Expected<std::unique_ptr<Engine>, std::string> make_pbft_engine(PbftOptions options,
                                                                const ChainParams& chain,
                                                                const Storage& storage,
                                                                LogSink& log) {
    if (auto problem = options.validate()) return Unexpected(*problem);
    auto validators = pbft::ValidatorSet::create(options.validators);
    if (!validators) return Unexpected(validators.error());
    if (options.key && !validators->index_of(options.key->public_key()))
        return Unexpected(std::string("the key is not one of the validators'"));
    auto replica =
        std::make_unique<pbft::Replica>(std::move(options), chain, std::move(*validators), log);
    if (auto restored = replica->restore(storage); !restored) return Unexpected(restored.error());
    return std::unique_ptr<Engine>(std::move(replica));
}

}  // namespace parley
