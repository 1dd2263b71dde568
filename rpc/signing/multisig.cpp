// createmultisig: an address that several keys must sign for.
#include <fmt/format.h>

#include <string>
#include <vector>

#include "base/crypto/sha256.h"
#include "base/encoding.h"
#include "chain/primitives/address.h"
#include "chain/primitives/consensus_limits.h"
#include "rpc/json/script_json.h"
#include "rpc/jsonrpc/call.h"
#include "wallet/descriptor/descriptor_checksum.h"

namespace parley::rpc {

namespace {

PublicKey read_public_key(const std::string& text) {
    constexpr size_t kDigits = 66;
    constexpr size_t kDigitsUncompressed = 130;
    const auto bytes = from_hex(text);
    if (!bytes) fail(Code::address_or_key, fmt::format("Pubkey \"{}\" must be a hex string", text));
    if (text.size() != kDigits && text.size() != kDigitsUncompressed)
        fail(Code::address_or_key,
             fmt::format("Pubkey \"{}\" must have a length of either 33 or 65 bytes", text));
    const auto key = PublicKey::parse(*bytes);
    if (!key)
        fail(Code::address_or_key,
             fmt::format("Pubkey \"{}\" must be cryptographically valid.", text));
    return *key;
}

enum class Form : uint8_t { legacy, p2sh_segwit, bech32 };

Form read_form(const std::string& text) {
    if (text == "legacy") return Form::legacy;
    if (text == "p2sh-segwit") return Form::p2sh_segwit;
    if (text == "bech32") return Form::bech32;
    if (text == "bech32m")
        fail(Code::address_or_key, "createmultisig cannot create bech32m multisig addresses");
    fail(Code::address_or_key, fmt::format("Unknown address type '{}'", text));
}

void check_count(int64_t required, size_t keys) {
    if (required < 1)
        fail(Code::invalid_parameter,
             "a multisignature address must require at least one key to redeem");
    if (keys < static_cast<uint64_t>(required))
        fail(Code::invalid_parameter,
             fmt::format("not enough keys supplied (got {} keys, but need at least {} to redeem)",
                         keys, required));
    if (keys > static_cast<size_t>(kMultisigKeysMax))
        fail(Code::invalid_parameter,
             fmt::format("Number of keys involved in the multisignature address creation > {}\n"
                         "Reduce the number",
                         kMultisigKeysMax));
}

struct MultisigAddress {
    Script redeem;
    Script output;
    std::string descriptor;
};

MultisigAddress make_address(int64_t required, const std::vector<PublicKey>& keys, Form form) {
    ScriptBuilder builder;
    builder.push_number(required);
    std::string body = fmt::format("multi({}", required);
    for (const PublicKey& key : keys) {
        builder.push(key.bytes());
        body += ',' + to_hex(key.bytes());
    }
    body += ')';
    builder.push_number(static_cast<int64_t>(keys.size())).op(OP_CHECKMULTISIG);
    const Script redeem = builder.build();
    if (form == Form::legacy) {
        if (redeem.size() > kScriptItemSizeMax)
            fail(Code::invalid_parameter, fmt::format("redeemScript exceeds size limit: {} > {}",
                                                      redeem.size(), kScriptItemSizeMax));
        return {redeem, p2sh_script(hash160(redeem.bytes())), "sh(" + body + ")"};
    }
    const Script program = witness_script(0, sha256(redeem.bytes()).span());
    if (form == Form::bech32) return {redeem, program, "wsh(" + body + ")"};
    return {redeem, p2sh_script(hash160(program.bytes())), "sh(wsh(" + body + "))"};
}

void createmultisig(Call& call) {
    const int64_t required = call.integer(0, 0);
    std::vector<PublicKey> keys;
    bool all_compressed = true;
    for (const Json& item : read_array(call.argument(1))) {
        keys.push_back(read_public_key(read_string(item)));
        all_compressed &= keys.back().compressed();
    }
    const Form wanted = read_form(call.string(2, "legacy"));
    check_count(required, keys.size());
    // Witness programs allow compressed keys only.
    const Form form = all_compressed ? wanted : Form::legacy;
    const MultisigAddress made = make_address(required, keys, form);
    const auto checksum = descriptor_checksum(made.descriptor);
    JsonWriter& out = call.out();
    out.object([&] {
        out.field("address", encode_address(call.params().address_prefixes, made.output));
        out.key("redeemScript").hex(made.redeem.bytes());
        out.field("descriptor", made.descriptor + '#' + checksum.value());
        if (form == wanted) return;
        out.field_values("warnings",
                         std::vector<std::string>{
                             "Unable to make chosen address type, please ensure no uncompressed "
                             "public keys are present."});
    });
}

}  // namespace

std::vector<Method> multisig_methods() {
    using enum ParameterType;
    return {
        {.name = "createmultisig",
         .category = "util",
         .description = "Creates an address that requires n signatures of m keys.",
         .parameters = {{"nrequired", number, true, "", "The number of required signatures"},
                        {"keys", array, true, "", "The public keys, in hex", R"(["key",...])"},
                        {"address_type", string, false, "legacy",
                         "legacy, p2sh-segwit or bech32; with an uncompressed key always legacy"}},
         .result = "{address, redeemScript, descriptor, warnings}    (json object)",
         .example = R"x(2 '["03789e...","03dbc6..."]')x",
         .handler = &createmultisig},
    };
}

}  // namespace parley::rpc
