// Authenticator: makes and checks the signatures of one network (chain and validator set), and the
// proofs that are made of them: seals and prepared certificates. Cheap tests come first:
// membership, order, number; then curve arithmetic. Keeps no protocol state; the only thing it
// remembers is which signatures it has already found good. Owned by the engine; core thread only.
#pragma once

#include <boost/unordered/unordered_flat_set.hpp>

#include "base/crypto/keys.h"
#include "consensus/pbft/messages.h"
#include "consensus/pbft/validator_set.h"

namespace parley::pbft {

/// Why a proof does not hold.
enum class ProofError : uint8_t {
    malformed,
    not_a_member,
    unordered_signers,  ///< a validator twice, or not in ascending order
    no_quorum,
    from_primary,  ///< the primary's prepare: its pre-prepare is that already
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

    /// What is signed: a tagged hash of chain, validator set, type, view, height and digest.
    Hash256 signing_hash(MessageType type, View view, Sequence height, const Hash256& digest) const;

    /// Membership and signature.
    bool verify(const Vote& vote) const;
    /// Membership and signature; the certificates inside are left to verify_content().
    bool verify(const ViewChange& view_change) const;
    bool verify(const NewView& new_view) const;

    Expected<void, ProofError> verify_commits(const CommitCertificate& certificate, Sequence height,
                                              const BlockHash& digest) const;
    /// The seal of a block; malformed where its bytes are not one.
    Expected<void, ProofError> verify_final(const FinalPoint& point) const;
    Expected<void, ProofError> verify_prepared(const PreparedCertificate& certificate) const;

 private:
    bool verify_signature(ValidatorIndex validator, const Hash256& message,
                          const Signature& signature) const;
    Expected<void, ProofError> verify_endorsements(const std::vector<Endorsement>& endorsements,
                                                   const Hash256& message) const;

    // The same signature comes back in certificates: as a vote, in the seal that we made of it, in
    // view-changes and new-views. Cleared when full; 65,536 of them (2 MiB) are several new-views
    // of the largest set.
    static constexpr size_t kVerifiedMax = 65'536;

    ValidatorSet validators_;
    BlockHash chain_;
    NetworkTag network_{};
    mutable boost::unordered_flat_set<Hash256, std::hash<Hash256>> verified_;
};

}  // namespace parley::pbft
