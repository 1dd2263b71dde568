// VoteBook: the verified pre-prepares, prepares and commits of the heights in flight, one slot per
// validator, type and height. It counts distinct validators, not messages. It neither verifies
// signatures (certificate.h) nor decides anything (decision.h). Owned by the replica; core thread
// only.
//
// Memory bound: kWindow heights with 3 n votes each. A slot holds the vote of the highest view: a
// validator that votes in a view has left all lower ones, and a Byzantine validator affects only
// its own slot.
#pragma once

#include <array>
#include <map>
#include <optional>
#include <vector>

#include "base/log.h"
#include "consensus/pbft/messages/messages.h"
#include "consensus/pbft/messages/validator_set.h"

namespace parley::pbft {

/// Two signed votes of one validator for one (view, height, type) with different digests.
struct Evidence {
    Vote first;
    Vote second;
};

class VoteBook {
 public:
    explicit VoteBook(const ValidatorSet& validators) : validators_(&validators) {}

    enum class Place : uint8_t {
        fresh,
        duplicate,  ///< known
        stale,      ///< the slot has a vote of a later view
        conflict,   ///< the slot has another digest of the same view; the first counts
    };
    /// REQUIRES: vote.validator is in the set.
    Place place(const Vote& vote) const;
    /// REQUIRES: place(vote) is fresh or duplicate, and its signature is valid.
    void add(const Vote& vote);
    /// Stores a new-view's re-proposal, replacing what the primary sent before.
    void replace(const Vote& vote);

    /// Null: none. The pointer is valid until the next change.
    const Vote* find(MessageType type, Sequence height, ValidatorIndex validator) const;
    /// The pre-prepare of the primary of `view`.
    const Vote* pre_prepare(View view, Sequence height) const;
    /// Signatures of exactly this statement, in ascending order of validators.
    std::vector<Endorsement> endorsements(MessageType type, View view, Sequence height,
                                          const BlockHash& digest) const;
    /// The view and digest of a quorum of commits, if there is one.
    std::optional<std::pair<View, BlockHash>> commit_quorum(Sequence height) const;
    bool has_votes(Sequence height) const { return heights_.contains(height); }

    /// Removes all votes for heights up to this one.
    void forget_through(Sequence height);
    /// Removes pre-prepares of earlier views, which can no longer be accepted, so that their blocks
    /// can be dropped.
    void forget_pre_prepares_below(View view);
    /// The digests of the pre-prepares in the book.
    std::vector<BlockHash> proposals() const;

 private:
    friend class ReplicaDigest;  // of tests: reads everything

    using Slots = std::array<std::optional<Vote>, 3>;

    const ValidatorSet* validators_;
    std::map<Sequence, std::vector<Slots>> heights_;
};

/// Conflicting votes seen in this run, for the report.
class EvidenceList {
 public:
    explicit EvidenceList(LogSink& log) : log_(log) {}

    /// REQUIRES: book.place(second) is conflict, and its signature is valid.
    void note(const VoteBook& book, const Vote& second);
    const std::vector<Evidence>& all() const { return all_; }

 private:
    /// Keeps the first ones, up to this limit.
    static constexpr size_t kEvidenceMax = 64;

    LogSink& log_;
    std::vector<Evidence> all_;
};

}  // namespace parley::pbft
