#include "wallet/signing/signature_maker.h"

namespace parley {

Hash256 TransactionSigner::message(ByteSpan script_code, uint8_t type,
                                   SignatureVersion version) const {
    return version == SignatureVersion::witness_v0
               ? witness_v0_signature_hash(transaction_, input_, script_code, spent_.value, type,
                                           &parts_)
               : legacy_signature_hash(transaction_, input_, script_code, type);
}

std::optional<Bytes> TransactionSigner::ecdsa(const PublicKey& key, const SecretKey* secret,
                                              ByteSpan script_code,
                                              SignatureVersion version) const {
    if (secret == nullptr) return std::nullopt;
    // BIP143: relay policy rejects uncompressed keys in witnesses.
    if (version == SignatureVersion::witness_v0 && !key.compressed()) return std::nullopt;
    const uint8_t type = sighash_type_ == kSighashDefault ? kSighashAll : sighash_type_;
    Bytes signature = secret->sign_der(message(script_code, type, version));
    signature.push_back(type);
    return signature;
}

bool TransactionSigner::verify_ecdsa(ByteSpan key, ByteSpan signature, ByteSpan script_code,
                                     SignatureVersion version) const {
    if (signature.empty()) return false;
    const Hash256 hash = message(script_code, signature.back(), version);
    return parley::verify_ecdsa(key, hash, signature.first(signature.size() - 1));
}

std::optional<Bytes> TransactionSigner::schnorr(const SecretKey* secret,
                                                const Hash256* leaf_hash) const {
    if (secret == nullptr || !all_spent_known_) return std::nullopt;
    TaprootSpend spend;
    if (leaf_hash != nullptr) spend.leaf_hash = *leaf_hash;
    const auto hash =
        taproot_signature_hash(transaction_, input_, spent_, sighash_type_, parts_, spend);
    if (!hash) return std::nullopt;
    // The nonce is deterministic, so that the same request yields the same transaction.
    const auto signature = secret->sign_schnorr(*hash, {});
    Bytes result = to_bytes(signature);
    if (sighash_type_ != kSighashDefault) result.push_back(sighash_type_);
    return result;
}

std::optional<Bytes> SizeEstimator::ecdsa(const PublicKey&, const SecretKey*, ByteSpan,
                                          SignatureVersion) const {
    constexpr size_t kSignatureSize = 71;  // low R and low S, with the hash type
    return Bytes(kSignatureSize, 0);
}

std::optional<Bytes> SizeEstimator::schnorr(const SecretKey*, const Hash256*) const {
    constexpr size_t kSchnorrSize = 64;
    return Bytes(kSchnorrSize, 0);
}

}  // namespace parley
