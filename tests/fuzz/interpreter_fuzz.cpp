// The script interpreter: any scripts and witness give a verdict under any rules. The verdict is
// deterministic, and an additional rule never makes an invalid input valid. The input selects the
// form in which the scripts are used, so that the fuzzer need not guess the hashes of BIP16, BIP141
// and BIP341 scripts.
#include <algorithm>
#include <vector>

#include "base/check.h"
#include "base/crypto/hash.h"
#include "base/crypto/keys.h"
#include "base/crypto/sha256.h"
#include "base/serialize.h"
#include "chain/script/script_check.h"
#include "chain/script/signature_cache.h"
#include "chain/script/taproot.h"
#include "tests/fuzz/fuzz_target.h"

using namespace parley;

namespace {

constexpr size_t kWitnessItemsMax = 1'100;

enum Form : uint8_t { kBare, kP2sh, kScriptHash, kP2shScriptHash, kTapscript, kForms };

ScriptFlags consistent(ScriptFlags flags) {
    flags &= kVerifyAll;
    if ((flags & kVerifyP2sh) == 0) flags &= ~ScriptFlags{kVerifyWitness};
    if ((flags & kVerifyWitness) == 0) flags &= ~ScriptFlags{kVerifyCleanStack};
    return flags;
}

// A signature cache that stores every record, and checks that no record is inserted twice.
class EveryRecord final : public SignatureCache {
 public:
    bool contains(const SignatureRecord& record) override {
        return std::find(known_.begin(), known_.end(), key_of(record)) != known_.end();
    }
    void insert(const SignatureRecord& record) override {
        CHECK(!contains(record));
        known_.push_back(key_of(record));
    }

 private:
    static Bytes key_of(const SignatureRecord& record) {
        Bytes key{static_cast<uint8_t>(record.kind)};
        append(key, record.message.span());
        append(key, record.public_key);
        append(key, record.signature);
        return key;
    }
    std::vector<Bytes> known_;
};

// Builds a spent output that requires `script`, in the given form.
void demand(Form form, const Script& script, TxInput& input, Script& script_pubkey) {
    const auto script_hash = [](const Script& inner) {
        return witness_script(0, sha256(inner.bytes()).span());
    };
    const auto hide = [&](const Script& inner) {
        Bytes script_sig = to_bytes(input.script_sig.bytes());
        append(script_sig, ScriptBuilder{}.push(inner.bytes()).build().bytes());
        input.script_sig = Script{std::move(script_sig)};
        return p2sh_script(hash160(inner.bytes()));
    };
    switch (form) {
        case kP2sh:
            script_pubkey = hide(script);
            return;
        case kScriptHash:
            input.witness.push_back(to_bytes(script.bytes()));
            script_pubkey = script_hash(script);
            return;
        case kP2shScriptHash:
            input.witness.push_back(to_bytes(script.bytes()));
            script_pubkey = hide(script_hash(script));
            return;
        case kTapscript: {
            const auto internal = SecretKey::from_bytes(Bytes(32, 1))->public_key();
            const Hash256 leaf = tapleaf_hash(kTapscriptLeafVersion, script.bytes());
            Bytes even{2};
            append(even, internal.x_only());
            const auto output =
                *PublicKey::parse(even)->tweak_add(taptweak_hash(internal.x_only(), &leaf).bytes());
            Bytes control{static_cast<uint8_t>(kTapscriptLeafVersion | (output.bytes()[0] & 1))};
            append(control, internal.x_only());
            input.witness.push_back(to_bytes(script.bytes()));
            input.witness.push_back(std::move(control));
            script_pubkey = witness_script(1, output.x_only());
            return;
        }
        default:
            script_pubkey = script;
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    Reader reader({data, size});
    const auto form = static_cast<Form>(reader.u8() % kForms);
    const ScriptFlags flags = consistent(reader.le<uint32_t>());
    const ScriptFlags change = reader.le<uint32_t>();
    TransactionData spend;
    spend.inputs.resize(2);
    spend.outputs.resize(1);
    spend.version = reader.le<int32_t>();
    spend.locktime = reader.le<uint32_t>();
    TxInput& input = spend.inputs[0];
    input.sequence = reader.le<uint32_t>();
    input.script_sig = Script{to_bytes(reader.var_bytes())};
    const Script script{to_bytes(reader.var_bytes())};
    while (reader.ok() && reader.left() != 0 && input.witness.size() < kWitnessItemsMax)
        input.witness.push_back(to_bytes(reader.var_bytes()));
    std::vector<TxOutput> spent(2, TxOutput{Amount{1}, {}});
    demand(form, script, input, spent[0].script_pubkey);
    const auto spending =
        std::make_shared<const SpendingTransaction>(make_transaction(std::move(spend)), spent);

    const auto verdict = run_script_check({spending, 0, flags});
    CHECK(!script_error_name(verdict).empty());
    EveryRecord cache;
    CHECK(run_script_check({spending, 0, flags, true}, &cache) == verdict);
    CHECK(run_script_check({spending, 0, flags}, &cache) == verdict);
    const ScriptFlags fewer = consistent(flags & change);
    if (!verdict) CHECK(!run_script_check({spending, 0, fewer}));
    const ScriptFlags more = flags | change;
    if (verdict && consistent(more) == (more & kVerifyAll))
        CHECK(run_script_check({spending, 0, more & kVerifyAll}).has_value());
    return 0;
}
