// VoteBook: the verified pre-prepares, prepares and commits of the heights in flight, one slot for
// each validator, type and height. It counts distinct validators, never messages. It neither
// checks signatures (certificate.h) nor decides anything (decision.h). Owned by the replica; core
// thread only.
//
// Bound: kWindow heights of 3 n votes. The slot holds the vote of the highest view: a validator
// that votes in a view has left the lower ones, and one that lies hurts only its own slot.
#pragma once

#include <array>
#include <map>
#include <optional>
#include <vector>

#include "base/log.h"
#include "consensus/pbft/messages.h"
#include "consensus/pbft/validator_set.h"

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
        stale,      ///< the slot holds a vote of a later view
        conflict,   ///< the slot holds another digest of the same view: the first counts
    };
    /// REQUIRES: vote.validator is a member's.
    Place place(const Vote& vote) const;
    /// REQUIRES: place(vote) is fresh or duplicate, and its signature holds.
    void add(const Vote& vote);
    /// Puts a new-view's re-proposal in the place of whatever the primary sent before it.
    void replace(const Vote& vote);

    /// Null: none. The pointer holds until the next change.
    const Vote* find(MessageType type, Sequence height, ValidatorIndex validator) const;
    /// The pre-prepare of the primary of `view`.
    const Vote* pre_prepare(View view, Sequence height) const;
    /// Signatures under exactly this statement, by ascending validator.
    std::vector<Endorsement> endorsements(MessageType type, View view, Sequence height,
                                          const BlockHash& digest) const;
    /// A digest that a quorum of commits of one view names.
    std::optional<std::pair<View, BlockHash>> commit_quorum(Sequence height) const;
    bool has_votes(Sequence height) const { return heights_.contains(height); }

    /// All votes for heights up to this one.
    void forget_through(Sequence height);
    /// Pre-prepares of earlier views can no longer be accepted, so their blocks need no room.
    void forget_pre_prepares_below(View view);
    /// The digests of the pre-prepares in the book.
    std::vector<BlockHash> proposals() const;

 private:
    using Slots = std::array<std::optional<Vote>, 3>;

    const ValidatorSet* validators_;
    std::map<Sequence, std::vector<Slots>> heights_;
};

/// Contradictory votes seen in this run, for the report.
class EvidenceList {
 public:
    explicit EvidenceList(LogSink& log) : log_(log) {}

    /// REQUIRES: book.place(second) is a conflict, and its signature holds.
    void note(const VoteBook& book, const Vote& second);
    const std::vector<Evidence>& all() const { return all_; }

 private:
    /// The first ones are kept; each costs its author the protocol's trust once.
    static constexpr size_t kEvidenceMax = 64;

    LogSink& log_;
    std::vector<Evidence> all_;
};

}  // namespace parley::pbft
