#include "node/daemon/options/chain_options.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>

#include "base/encoding.h"

namespace parley {
namespace {

// A whole number and nothing else.
template <class T>
std::optional<T> parse_whole(std::string_view text) {
    T value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return value;
}

std::vector<std::string_view> split(std::string_view text, char separator) {
    std::vector<std::string_view> parts;
    while (true) {
        const auto at = text.find(separator);
        parts.push_back(text.substr(0, at));
        if (at == std::string_view::npos) return parts;
        text.remove_prefix(at + 1);
    }
}

// Null: no rule of this name is activated at a height.
Height* activation_of(ActivationHeights& heights, std::string_view name) {
    if (name == "segwit") return &heights.segwit;
    if (name == "bip34") return &heights.bip34;
    if (name == "dersig") return &heights.bip66;
    if (name == "cltv") return &heights.bip65;
    if (name == "csv") return &heights.csv;
    return nullptr;
}

void read_activation_heights(OptionReader& reader, ChainParams& params) {
    for (const std::string& text : reader.list("testactivationheight")) {
        const auto at = text.find('@');
        if (at == std::string::npos) {
            return reader.fail(
                fmt::format("Invalid format ({}) for -testactivationheight=name@height.", text));
        }
        const auto height = parse_whole<int32_t>(std::string_view{text}.substr(at + 1));
        if (!height || *height < 0 || *height == INT32_MAX) {
            return reader.fail(fmt::format(
                "Invalid height value ({}) for -testactivationheight=name@height.", text));
        }
        Height* rule = activation_of(params.activation, std::string_view{text}.substr(0, at));
        if (rule == nullptr) {
            return reader.fail(
                fmt::format("Invalid name ({}) for -testactivationheight=name@height.", text));
        }
        *rule = Height{*height};
    }
}

void read_deployment(OptionReader& reader, std::string_view text, ChainParams& params) {
    const auto parts = split(text, ':');
    if (parts.size() < 3 || parts.size() > 4) {
        return reader.fail(
            "Version bits parameters malformed, expecting "
            "deployment:start:end[:min_activation_height]");
    }
    const auto start = parse_whole<int64_t>(parts[1]);
    if (!start) return reader.fail(fmt::format("Invalid nStartTime ({})", parts[1]));
    const auto end = parse_whole<int64_t>(parts[2]);
    if (!end) return reader.fail(fmt::format("Invalid nTimeout ({})", parts[2]));
    const auto height = parts.size() == 4 ? parse_whole<int32_t>(parts[3]) : std::optional{0};
    if (!height) return reader.fail(fmt::format("Invalid min_activation_height ({})", parts[3]));
    const auto found =
        std::find_if(params.deployments.begin(), params.deployments.end(),
                     [&](const Deployment& deployment) { return deployment.name == parts[0]; });
    if (found == params.deployments.end())
        return reader.fail(fmt::format("Invalid deployment ({})", parts[0]));
    found->start_time = *start;
    found->timeout = *end;
    found->min_activation_height = Height{*height};
}

ChainParams read_regtest(OptionReader& reader) {
    ChainParams params = regtest_params();
    read_activation_heights(reader, params);
    for (const std::string& text : reader.list("vbparams")) read_deployment(reader, text, params);
    for (const std::string& text : reader.list("test")) {
        if (text == "bip94")
            params.bip94 = true;
        else if (text != "addrman")  // read with the other options of the network
            reader.fail("test", text, "addrman or bip94");
    }
    return params;
}

ChainParams read_signet(OptionReader& reader) {
    if (!reader.has("signetchallenge")) return signet_params();
    const auto challenges = reader.list("signetchallenge");
    const auto challenge = challenges.size() == 1 ? from_hex(challenges[0]) : std::nullopt;
    if (challenges.size() > 1) reader.fail("-signetchallenge cannot be multiple values.");
    if (!challenge)
        reader.fail("signetchallenge", challenges.empty() ? "" : challenges[0], "a script in hex");
    return signet_params(Script{challenge.value_or(Bytes{})});
}

Expected<ChainParams, std::string> read_labnet(OptionReader& reader) {
    LabnetOptions options;
    reader.read(options);
    for (const std::string& text : reader.list("genesisoutput")) {
        auto output = parse_genesis_output(text);
        if (!output) return Unexpected(output.error());
        options.genesis_outputs.push_back(std::move(*output));
    }
    if (!reader.problem().empty()) return Unexpected(reader.problem());
    if (auto problem = options.validate(); !problem.empty()) return Unexpected(std::move(problem));
    return labnet_params(options);
}

// Like bitcoind, accepts fewer than 64 digits and pads them with leading zeros.
std::optional<Hash256> parse_hash(std::string_view text) {
    constexpr size_t kDigits = 2 * Hash256::kSize;
    if (text.starts_with("0x")) text.remove_prefix(2);
    if (text.size() > kDigits) return std::nullopt;
    return Hash256::from_string(std::string(kDigits - text.size(), '0').append(text));
}

void read_checkpoints(OptionReader& reader, ChainOptions& options) {
    for (const std::string& text : reader.list("checkpoint")) {
        const auto parts = split(text, ':');
        const auto height = parse_whole<int32_t>(parts[0]);
        const auto hash = parts.size() == 2 ? BlockHash::from_string(parts[1]) : std::nullopt;
        if (!height || *height < 1 || !hash) {
            reader.fail("checkpoint", text,
                        "<height>:<hash>, a height of at least 1 and 64 hex digits");
            continue;
        }
        for (const auto& [other_height, other_hash] : options.checkpoints) {
            if (other_height == Height{*height} && other_hash != *hash) {
                reader.fail(
                    fmt::format("-checkpoint={} contradicts another -checkpoint at the same "
                                "height. Remove one of them.",
                                text));
            }
        }
        options.checkpoints.emplace_back(Height{*height}, *hash);
    }
}

}  // namespace

Expected<ChainParams, std::string> read_chain_params(OptionReader& reader,
                                                     const std::string& chain) {
    for (const OptionInfo& row : LabnetOptions::rows()) {
        if (chain != "labnet" && reader.has(row.name))
            reader.fail(fmt::format("-{} needs -chain=labnet.", row.name));
    }
    if (chain == "labnet") return read_labnet(reader);
    ChainParams params = chain == "regtest"  ? read_regtest(reader)
                         : chain == "signet" ? read_signet(reader)
                                             : find_chain_name(chain)->params();
    if (!reader.problem().empty()) return Unexpected(reader.problem());
    return params;
}

void read_trust(OptionReader& reader, NodeConfig& config) {
    ChainOptions& options = config.chain;
    if (reader.has("minimumchainwork")) {
        const std::string text = reader.text("minimumchainwork");
        const auto work = parse_hash(text);
        if (!work) {
            reader.fail(fmt::format(
                "Invalid minimum work specified ({}), must be up to 64 hex digits", text));
        }
        options.minimum_score = work ? U256::from_hash(*work) : U256{};
        config.net.minimum_score = options.minimum_score;
    }
    if (reader.has("assumevalid")) {
        const std::string text = reader.text("assumevalid");
        const auto hash = parse_hash(text);
        if (!hash)
            reader.fail(
                fmt::format("Invalid assumevalid block hash specified ({}), must be up to 64 hex "
                            "digits (or 0 to disable)",
                            text));
        options.assume_valid = hash ? BlockHash{*hash} : BlockHash{};
    }
    read_checkpoints(reader, options);
}

}  // namespace parley
