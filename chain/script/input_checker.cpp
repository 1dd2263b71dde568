#include "chain/script/input_checker.h"

#include "base/check.h"
#include "base/crypto/keys.h"
#include "chain/primitives/consensus_limits.h"
#include "chain/script/signature_cache.h"
#include "chain/script/spending_transaction.h"

namespace parley {
namespace {

constexpr size_t kSchnorrSize = 64;

}  // namespace

Hash256 InputChecker::ecdsa_message(ByteSpan script_code, uint8_t hash_type,
                                    SignatureVersion version) const {
    CHECK(version != SignatureVersion::tapscript);
    const TransactionData& data = spending_.transaction().data();
    if (version == SignatureVersion::base)
        return legacy_signature_hash(data, input_, script_code, hash_type);
    return witness_v0_signature_hash(data, input_, script_code, spending_.spent(input_).value,
                                     hash_type, &spending_.sighash_parts());
}

bool InputChecker::verify_ecdsa(ByteSpan public_key, const Hash256& message,
                                ByteSpan signature) const {
    if (cache_ == nullptr) return parley::verify_ecdsa(public_key, message, signature);
    const SignatureRecord record{SignatureKind::ecdsa, message, public_key, signature};
    if (cache_->contains(record)) return true;
    if (!parley::verify_ecdsa(public_key, message, signature)) return false;
    if (remember_) cache_->insert(record);
    return true;
}

std::optional<ScriptError> InputChecker::check_schnorr(ByteSpan public_key, ByteSpan signature,
                                                       const TaprootSpend& spend) const {
    uint8_t hash_type = kSighashDefault;
    if (signature.size() == kSchnorrSize + 1) {
        hash_type = signature.back();
        signature = signature.first(kSchnorrSize);
        if (hash_type == kSighashDefault) return ScriptError::schnorr_hash_type;
    }
    if (signature.size() != kSchnorrSize) return ScriptError::schnorr_size;
    const auto message =
        taproot_signature_hash(spending_.transaction().data(), input_, spending_.spent(input_),
                               hash_type, spending_.sighash_parts(), spend);
    if (!message) return ScriptError::schnorr_hash_type;
    const SignatureRecord record{SignatureKind::schnorr, *message, public_key, signature};
    if (cache_ != nullptr && cache_->contains(record)) return {};
    if (!verify_schnorr(public_key, message->span(), signature))
        return ScriptError::schnorr_signature;
    if (cache_ != nullptr && remember_) cache_->insert(record);
    return {};
}

bool InputChecker::locktime_met(int64_t locktime) const {
    return parley::locktime_met(spending_.transaction().data(), input_, locktime);
}

bool InputChecker::sequence_met(int64_t sequence) const {
    return parley::sequence_met(spending_.transaction().data(), input_, sequence);
}

bool locktime_met(const TransactionData& transaction, size_t input, int64_t locktime) {
    const int64_t given = transaction.locktime;
    const auto is_time = [](int64_t value) { return value >= int64_t{kLocktimeThreshold}; };
    if (is_time(locktime) != is_time(given) || locktime > given) return false;
    // A transaction all of whose inputs are final ignores its locktime; this one must not.
    return transaction.inputs[input].sequence != TxInput::kSequenceFinal;
}

bool sequence_met(const TransactionData& transaction, size_t input, int64_t sequence) {
    const int64_t given = transaction.inputs[input].sequence;
    const auto version = static_cast<uint32_t>(transaction.version);
    if (version < kSequenceLockVersionMin || (given & kSequenceLockDisabled) != 0) return false;
    if ((sequence & kSequenceLockIsTime) != (given & kSequenceLockIsTime)) return false;
    return (sequence & kSequenceLockMask) <= (given & kSequenceLockMask);
}

}  // namespace parley
