// View changes (Castro & Liskov, section 4.4): the collected view-changes, what a quorum of them
// obliges a new primary to re-propose, and whether a new-view complies. Timers, and reactions to a
// verdict, are in view_changer.h. Core thread only; the free functions are pure.
#pragma once

#include <optional>
#include <vector>

#include "consensus/pbft/certificate.h"

namespace parley::pbft {

/// The consequence of a quorum of view-changes. Let h be the highest finalised height in them. Any
/// committed block is at most at h, or at h + 1 and prepared: two quorums share a correct replica,
/// which reports one or the other.
struct NewViewPlan {
    FinalPoint base;  ///< the highest finalised block
    /// The block that the new primary must propose at base.height + 1: the one prepared in the
    /// highest view. Empty: it may propose any block.
    std::optional<BlockHash> digest;
};
/// REQUIRES: not empty, and verify_content() succeeded for each.
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

/// The latest view-change of each validator: always n slots, whatever is received.
class ViewChangeBook {
 public:
    explicit ViewChangeBook(const ValidatorSet& validators)
        : validators_(validators), slots_(validators.size()) {}

    /// Whether it is for a later view than the validator's known view-change.
    bool is_news(const ViewChange& view_change) const;
    /// REQUIRES: is_news(), and its signature is valid.
    void add(ViewChange view_change);
    void forget(ValidatorIndex validator) { slots_[validator].reset(); }

    size_t count(View view) const;
    /// In ascending order of validators.
    std::vector<ViewChange> all(View view) const;
    /// The view to join: if f + 1 validators want views above `view`, at least one of them is
    /// correct, and the smallest of these views is joined (section 4.5.2).
    std::optional<View> view_to_join(View view) const;

 private:
    const ValidatorSet& validators_;
    std::vector<std::optional<ViewChange>> slots_;
};

}  // namespace parley::pbft
