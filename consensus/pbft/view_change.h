// View changes (Castro & Liskov, section 4.4): which view-changes are known, what a quorum of them
// obliges a new primary to re-propose, and whether a new-view kept to it. Timers, and what to do
// about a verdict, are the replica's. Core thread only; the free functions are pure.
#pragma once

#include <optional>
#include <vector>

#include "consensus/pbft/certificate.h"

namespace parley::pbft {

/// What follows from a quorum of view-changes. Where h is the highest finalised height in them, a
/// block that committed anywhere is at h or below, or at h + 1 and prepared: two quorums share a
/// correct replica, and it reports one or the other.
struct NewViewPlan {
    FinalPoint base;  ///< the highest finalised block
    /// The block that the new primary must propose at base.height + 1: prepared in the highest
    /// view. Empty: it may propose anything.
    std::optional<BlockHash> digest;
};
/// REQUIRES: not empty, and verify_content() holds for each.
NewViewPlan plan_new_view(const std::vector<ViewChange>& view_changes);

/// The proofs inside a view-change whose signature holds: its final point, and the prepared
/// certificate, which must be for the height after it and of an earlier view.
Expected<void, ProofError> verify_content(const ViewChange& view_change,
                                          const Authenticator& authenticator);

/// Why a new-view is refused.
enum class NewViewError : uint8_t {
    not_primary,
    bad_signature,        ///< the new-view's own; every other error is the primary's fault
    wrong_view,           ///< a view-change in it is for another view
    duplicate_validator,  ///< or not in ascending order
    no_quorum,
    bad_view_change,   ///< signature or proofs of a view-change
    wrong_reproposal,  ///< not what the view-changes oblige to, or not signed
};
std::string_view to_string(NewViewError error);

/// Membership and signature first; the rest is verified only for what the primary has signed.
Expected<NewViewPlan, NewViewError> verify_new_view(const NewView& new_view,
                                                    const Authenticator& authenticator);

/// The pre-prepare in a new-view. REQUIRES: it has a re-proposal.
Vote reproposal_vote(const NewView& new_view);

/// The latest view-change of each validator: n slots, whatever is sent.
class ViewChangeBook {
 public:
    explicit ViewChangeBook(const ValidatorSet& validators)
        : validators_(validators), slots_(validators.size()) {}

    /// Whether it is of a later view than the one known of that validator.
    bool is_news(const ViewChange& view_change) const;
    /// REQUIRES: is_news(), and its signature holds.
    void add(ViewChange view_change);
    void forget(ValidatorIndex validator) { slots_[validator].reset(); }

    size_t count(View view) const;
    /// By ascending validator.
    std::vector<ViewChange> all(View view) const;
    /// The view to join: when f + 1 validators want views above `view`, so that one of them is
    /// correct, the smallest of those (section 4.5.2).
    std::optional<View> view_to_join(View view) const;

 private:
    const ValidatorSet& validators_;
    std::vector<std::optional<ViewChange>> slots_;
};

}  // namespace parley::pbft
