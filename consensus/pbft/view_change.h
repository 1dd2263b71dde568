// View changes (Castro & Liskov, section 4.4): the collected view-changes, what a quorum of them
// obliges a new primary to re-propose, and whether a new-view complies. Timers, and reactions to a
// verdict, are in view_changer.h. Core thread only; the free functions are pure.
#pragma once

#include <optional>
#include <vector>

#include "consensus/pbft/messages/certificate.h"

namespace parley::pbft {

/// The consequence of a quorum of view-changes for the height h + 1, where h is the finalised
/// height that they all name. If a block was committed at h + 1 in an earlier view, a correct
/// replica of this quorum has prepared it and reports that: two quorums share a correct replica.
struct NewViewPlan {
    FinalPoint base;  ///< the finalised block at h
    /// The block that the new primary must propose at base.height + 1: the one prepared in the
    /// highest view. Empty: it may propose any block.
    std::optional<BlockHash> digest;
};
/// REQUIRES: not empty, all for the same height, and verify_content() succeeded for each.
NewViewPlan plan_new_view(const std::vector<ViewChange>& view_changes);

/// Verifies the proofs inside a view-change whose signature is valid: its final point, and the
/// prepared certificate, which must be for the height after it and of an earlier view.
Expected<void, ProofError> verify_content(const ViewChange& view_change,
                                          const Authenticator& authenticator);

/// Why a new-view is rejected.
enum class NewViewError : uint8_t {
    not_primary,
    bad_signature,        ///< its own signature; all other errors prove a faulty primary
    wrong_view,           ///< a view-change in it is for another view
    mixed_heights,        ///< its view-changes name different finalised heights
    duplicate_validator,  ///< or not in ascending order
    no_quorum,
    bad_view_change,   ///< signature or proofs of a view-change
    wrong_reproposal,  ///< not what the view-changes require, or not signed
};
std::string_view to_string(NewViewError error);

/// Checks membership and signature first; verifies the rest only if the primary signed it.
Expected<NewViewPlan, NewViewError> verify_new_view(const NewView& new_view,
                                                    const Authenticator& authenticator);

/// The pre-prepare contained in a new-view. REQUIRES: it has a re-proposal.
Vote reproposal_vote(const NewView& new_view);

/// The latest view-change of each validator, for the height in flight or a later one: always n
/// slots, whatever is received. A view-change binds its sender at one height only (ADR 0008), so it
/// is forgotten with that height.
class ViewChangeBook {
 public:
    explicit ViewChangeBook(const ValidatorSet& validators)
        : validators_(validators), slots_(validators.size()) {}

    /// Forgets what was said before this height was final.
    void begin_height(Sequence final_height);
    Sequence final_height() const { return final_height_; }

    /// Whether it is for a later height than the validator's known view-change, or for a later view
    /// at the same height.
    bool is_news(const ViewChange& view_change) const;
    /// REQUIRES: is_news(), and its signature is valid.
    void add(ViewChange view_change);
    void forget(ValidatorIndex validator) { slots_[validator].reset(); }

    // At the height in flight:

    size_t count(View view) const { return all(view).size(); }
    /// How many validators have left all views below `view`.
    size_t count_from(View view) const;
    /// In ascending order of validators.
    std::vector<ViewChange> all(View view) const;
    /// The view to join: if f + 1 validators want views above `view`, at least one of them is
    /// correct, and the smallest of these views is joined (section 4.5.2).
    std::optional<View> view_to_join(View view) const;

 private:
    friend class ReplicaDigest;  // of tests: reads everything

    bool is_current(const std::optional<ViewChange>& slot) const {
        return slot && slot->final_point.height == final_height_;
    }

    const ValidatorSet& validators_;
    Sequence final_height_ = 0;
    std::vector<std::optional<ViewChange>> slots_;
};

}  // namespace parley::pbft
