// Authenticator: creates and verifies the signatures of one network (chain and validator set) and
// the proofs built from them: seals and prepared certificates. Cheap checks come first (membership,
// order, count), then the curve arithmetic. Has no protocol state apart from a cache of verified
// signatures. Owned by the engine; core thread only.
#pragma once

#include <boost/unordered/unordered_flat_set.hpp>

#include "base/crypto/keys.h"
#include "consensus/pbft/messages/messages.h"
#include "consensus/pbft/messages/validator_set.h"

namespace parley::pbft {

/// Why a proof is invalid.
enum class ProofError : uint8_t {
    malformed,
    not_a_member,
    unordered_signers,  ///< duplicate validators, or not in ascending order
    no_quorum,
    from_primary,  ///< a prepare of the primary, whose pre-prepare counts as its prepare
    bad_signature,
    wrong_height,
    wrong_view,
};
std::string_view to_string(ProofError error);

class Authenticator {
 public:
    /// `chain` is the hash of the genesis block.
    Authenticator(ValidatorSet validators, const BlockHash& chain);

    const ValidatorSet& validators() const { return validators_; }
    const NetworkTag& network() const { return network_; }

    /// The signed message: a tagged hash of chain, validator set, type, view, height and digest.
    Hash256 signing_hash(MessageType type, View view, Sequence height, const Hash256& digest) const;

    /// Checks membership and signature.
    bool verify(const Vote& vote) const;
    /// Checks membership and signature, but not the certificates inside (see verify_content()).
    bool verify(const ViewChange& view_change) const;
    bool verify(const NewView& new_view) const;

    Expected<void, ProofError> verify_commits(const CommitCertificate& certificate, Sequence height,
                                              const BlockHash& digest) const;
    /// Verifies the seal of a block. The error is `malformed` if it cannot be decoded.
    Expected<void, ProofError> verify_final(const FinalPoint& point) const;
    Expected<void, ProofError> verify_prepared(const PreparedCertificate& certificate) const;

 private:
    bool verify_signature(ValidatorIndex validator, const Hash256& message,
                          const Signature& signature) const;
    Expected<void, ProofError> verify_endorsements(const std::vector<Endorsement>& endorsements,
                                                   const Hash256& message) const;

    // Signatures recur in certificates: a vote is part of the seal made from it, and of
    // view-changes and new-views. Cleared when full; 65,536 entries (2 MiB) cover several new-views
    // of the largest validator set.
    static constexpr size_t kVerifiedMax = 65'536;

    ValidatorSet validators_;
    BlockHash chain_;
    NetworkTag network_{};
    mutable boost::unordered_flat_set<Hash256, std::hash<Hash256>> verified_;
};

}  // namespace parley::pbft
