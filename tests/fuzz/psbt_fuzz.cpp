// PSBTs: what was read is written as something that is read the same, and has every field of the
// input that a PSBT keeps; merging a PSBT with itself changes nothing; a finalized one has the same
// transaction, and all its inputs verify. Analysing never fails a check.
#include <algorithm>
#include <map>
#include <vector>

#include "base/check.h"
#include "base/serialize.h"
#include "tests/fuzz/fuzz_target.h"
#include "wallet/psbt/psbt_signer.h"

using namespace parley;

namespace {

// Types of fields (BIP174, BIP371), restated: the oracle does not share the codec's tables.
constexpr uint8_t kUnsignedTransaction = 0x00;  // global
constexpr uint8_t kVersion = 0xfb;              // global
constexpr uint8_t kPrevious = 0x00;             // input
constexpr uint8_t kFinalScriptSig = 0x07;       // input
constexpr uint8_t kFinalWitness = 0x08;         // input
constexpr uint8_t kInputRedeemScript = 0x04;
constexpr uint8_t kInputWitnessScript = 0x05;
constexpr uint8_t kInputTapOrigin = 0x16;
constexpr uint8_t kOutputRedeemScript = 0x00;
constexpr uint8_t kOutputWitnessScript = 0x01;
constexpr uint8_t kOutputTapOrigin = 0x07;
constexpr uint8_t kFirstUnknown = 0x1d;  // of inputs, which keep it even when they are final
constexpr size_t kMagicSize = 5;

using Map = std::map<Bytes, Bytes>;

/// The maps of a PSBT that was read: their keys and values.
std::vector<Map> read_maps(ByteSpan psbt) {
    Reader reader(psbt.subspan(kMagicSize));
    std::vector<Map> maps;
    while (reader.left() > 0) {
        Map& map = maps.emplace_back();
        for (;;) {
            Bytes key = to_bytes(reader.var_bytes());
            if (key.empty()) break;
            map[std::move(key)] = to_bytes(reader.var_bytes());
        }
    }
    CHECK(reader.done());
    return maps;
}

bool is_field(const Bytes& key, uint8_t type) {
    return key == Bytes{type};
}

/// What may be written with another value: witnesses of a previous transaction are left out, and
/// the leaves of an origin are a set.
bool may_differ(const Bytes& key, uint8_t tap_origin, bool is_input) {
    return key.front() == tap_origin || (is_input && is_field(key, kPrevious));
}

void check_same_fields(const Map& written, const Map& read, uint8_t tap_origin, bool is_input) {
    for (const auto& [key, value] : written) {
        const auto found = read.find(key);
        CHECK(found != read.end());
        CHECK(found->second == value || may_differ(key, tap_origin, is_input));
    }
}

/// Empty scripts, and an empty final witness, say nothing and are not written.
bool says_nothing(const Bytes& key, const Bytes& value, bool is_input) {
    if (is_input && is_field(key, kFinalWitness)) return value == Bytes{0};
    const bool is_script =
        is_input ? is_field(key, kInputRedeemScript) || is_field(key, kInputWitnessScript) ||
                       is_field(key, kFinalScriptSig)
                 : is_field(key, kOutputRedeemScript) || is_field(key, kOutputWitnessScript);
    return is_script && value.empty();
}

void check_nothing_lost(ByteSpan input, ByteSpan written, const Psbt& psbt) {
    const std::vector<Map> before = read_maps(input);
    const std::vector<Map> after = read_maps(written);
    CHECK(before.size() == after.size());
    CHECK(before.size() == 1 + psbt.inputs.size() + psbt.outputs.size());
    for (const auto& [key, value] : before[0]) {
        const auto found = after[0].find(key);
        // Version 0 is not written.
        if (found == after[0].end()) CHECK(is_field(key, kVersion) && psbt.version == 0);
        if (found != after[0].end()) CHECK(found->second == value);
    }
    CHECK(after[0].contains(Bytes{kUnsignedTransaction}) == (psbt.version == 0));
    for (size_t i = 1; i < before.size(); ++i) {
        const bool is_input = i <= psbt.inputs.size();
        const uint8_t tap_origin = is_input ? kInputTapOrigin : kOutputTapOrigin;
        check_same_fields(after[i], before[i], tap_origin, is_input);
        // Of a final input, what its signers needed is dropped.
        const bool is_final = is_input && psbt.inputs[i - 1].is_final();
        for (const auto& [key, value] : before[i]) {
            if (after[i].contains(key)) continue;
            CHECK((is_final && key.front() < kFirstUnknown) || says_nothing(key, value, is_input));
        }
    }
}

void check_finalized(Psbt psbt, const TransactionData& unsigned_transaction) {
    const auto finalized = finalize_and_extract(psbt);
    if (!finalized) return;
    TransactionData stripped = *finalized;
    for (TxInput& input : stripped.inputs) {
        input.script_sig = Script{};
        input.witness = Witness{};
    }
    CHECK(stripped == unsigned_transaction);
    CHECK(std::ranges::all_of(verified_inputs(psbt), [](bool verified) { return verified; }));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const ByteSpan input(data, size);
    auto psbt = Psbt::decode(input);
    if (!psbt) return 0;
    const Bytes written = psbt->encode();
    auto again = Psbt::decode(written);
    CHECK(again.has_value());
    CHECK(again->encode() == written);
    CHECK(again->unique_id() == psbt->unique_id());
    check_nothing_lost(input, written, *psbt);
    const PsbtAnalysis analysis = analyze_psbt(*psbt);
    CHECK(analysis.inputs.empty() || analysis.inputs.size() == psbt->inputs.size());
    const auto transaction = psbt->unsigned_transaction();
    CHECK(again->merge(*psbt) == transaction.has_value());
    CHECK(again->encode() == written);
    if (transaction) check_finalized(std::move(*psbt), *transaction);
    return 0;
}
