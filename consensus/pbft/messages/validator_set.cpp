#include "consensus/pbft/messages/validator_set.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>

#include "base/check.h"
#include "base/crypto/sha256.h"

namespace parley::pbft {
namespace {

constexpr size_t kPublicKeySize = 33;

Hash256 hash_of_keys(const std::vector<PublicKey>& keys) {
    Bytes all;
    for (const PublicKey& key : keys) append(all, key.bytes());
    return tagged_hash("Parley/pbft/validators", all);
}

}  // namespace

ValidatorSet::ValidatorSet(std::vector<PublicKey> keys)
    : keys_(std::move(keys)), id_(hash_of_keys(keys_)) {}

Expected<ValidatorSet, std::string> ValidatorSet::create(std::vector<PublicKey> keys) {
    if (keys.empty()) return Unexpected(std::string("there are no validators"));
    if (keys.size() > kValidatorsMax)
        return Unexpected(fmt::format("there are {} validators, but at most {} are possible",
                                      keys.size(), kValidatorsMax));
    std::vector<PublicKey> sorted = keys;
    std::sort(sorted.begin(), sorted.end());
    const auto twice = std::adjacent_find(sorted.begin(), sorted.end());
    if (twice != sorted.end())
        return Unexpected(fmt::format("the validator {} is listed twice", to_hex(twice->bytes())));
    for (const PublicKey& key : keys) {
        if (key.bytes().size() != kPublicKeySize)
            return Unexpected(fmt::format("the validator key {} is not a compressed one (33 bytes)",
                                          to_hex(key.bytes())));
    }
    return ValidatorSet{std::move(keys)};
}

ValidatorSet ValidatorSet::with_small_quorum() const {
    ValidatorSet result = *this;
    result.too_few_ = 1;
    return result;
}

std::optional<ValidatorIndex> ValidatorSet::index_of(const PublicKey& key) const {
    const auto found = std::find(keys_.begin(), keys_.end(), key);
    if (found == keys_.end()) return std::nullopt;
    return static_cast<ValidatorIndex>(found - keys_.begin());
}

}  // namespace parley::pbft

namespace parley {
namespace {

using pbft::kValidatorsMax;

// The files are written by hand or by pbftkeygen; the largest set takes under 10 kB.
constexpr size_t kFileSizeMax = 64 * 1024;

std::string_view trim(std::string_view text) {
    constexpr std::string_view kBlank = " \t\r\n";
    const size_t first = text.find_first_not_of(kBlank);
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

Expected<std::vector<PublicKey>, std::string> read_keys(const simdjson::dom::element& element) {
    simdjson::dom::array list;
    if (element.get(list) != simdjson::SUCCESS)
        return Unexpected(std::string("\"validators\" must be an array of strings"));
    std::vector<PublicKey> keys;
    for (const simdjson::dom::element item : list) {
        if (keys.size() == kValidatorsMax)
            return Unexpected(fmt::format("there are more than {} validators", kValidatorsMax));
        std::string_view text;
        if (item.get(text) != simdjson::SUCCESS)
            return Unexpected(std::string("\"validators\" must be an array of strings"));
        const auto bytes = from_hex(text);
        const auto key = bytes && bytes->size() == 33 ? PublicKey::parse(*bytes) : std::nullopt;
        if (!key)
            return Unexpected(fmt::format(
                "validator {} is not a 33-byte public key in hexadecimal digits", keys.size()));
        keys.push_back(*key);
    }
    return keys;
}

bool known_chain(std::string_view chain) {
    return chain == "labnet" || chain == "regtest";
}

}  // namespace

Expected<PbftValidatorsFile, std::string> parse_pbft_validators(std::string_view json) {
    if (json.size() > kFileSizeMax) return Unexpected(std::string("the file is too large"));
    simdjson::dom::parser parser;
    simdjson::dom::element document;
    simdjson::dom::object object;
    if (parser.parse(json.data(), json.size()).get(document) != simdjson::SUCCESS)
        return Unexpected(std::string("the file is not valid JSON"));
    if (document.get(object) != simdjson::SUCCESS)
        return Unexpected(std::string("the file must hold one JSON object"));

    PbftValidatorsFile file;
    bool have_validators = false;
    for (const simdjson::dom::key_value_pair member : object) {
        if (member.key == "chain" && file.chain.empty()) {
            std::string_view chain;
            if (member.value.get(chain) != simdjson::SUCCESS || !known_chain(chain))
                return Unexpected(std::string("\"chain\" must be \"labnet\" or \"regtest\""));
            file.chain = chain;
        } else if (member.key == "validators" && !have_validators) {
            auto keys = read_keys(member.value);
            if (!keys) return Unexpected(keys.error());
            file.validators = std::move(*keys);
            have_validators = true;
        } else {
            return Unexpected(
                fmt::format("the member \"{}\" is unknown or there twice", member.key));
        }
    }
    if (file.chain.empty()) return Unexpected(std::string("\"chain\" is missing"));
    if (!have_validators) return Unexpected(std::string("\"validators\" is missing"));
    auto set = pbft::ValidatorSet::create(file.validators);
    if (!set) return Unexpected(set.error());
    return file;
}

Expected<SecretKey, std::string> parse_pbft_key(std::string_view text) {
    const auto bytes = from_hex(trim(text));
    const auto key = bytes && bytes->size() == 32 ? SecretKey::from_bytes(*bytes) : std::nullopt;
    if (!key)
        return Unexpected(
            std::string("the key file must hold one line of 64 hexadecimal digits, a secret key"));
    return *key;
}

Expected<PbftKeyFiles, std::string> generate_pbft_keys(size_t count, std::string_view chain,
                                                       Random& secret_source) {
    if (count == 0 || count > kValidatorsMax)
        return Unexpected(
            fmt::format("the number of validators must be between 1 and {}", kValidatorsMax));
    if (!known_chain(chain)) return Unexpected(std::string("the chain must be labnet or regtest"));
    PbftKeyFiles files;
    files.validators = fmt::format("{{\n  \"chain\": \"{}\",\n  \"validators\": [\n", chain);
    for (size_t i = 0; i < count; ++i) {
        const SecretKey key = SecretKey::generate(secret_source);
        files.keys.push_back(to_hex(key.bytes()) + "\n");
        files.validators += fmt::format("    \"{}\"{}\n", to_hex(key.public_key().bytes()),
                                        i + 1 < count ? "," : "");
    }
    files.validators += "  ]\n}\n";
    return files;
}

}  // namespace parley
