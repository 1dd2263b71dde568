#include "consensus/pbft/view_change.h"

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace parley::pbft {

NewViewPlan plan_new_view(const std::vector<ViewChange>& view_changes) {
    CHECK(!view_changes.empty());
    NewViewPlan plan;
    plan.base = view_changes.front().final_point;
    const PreparedCertificate* best = nullptr;
    for (const ViewChange& view_change : view_changes) {
        CHECK(view_change.final_point.height == plan.base.height);
        const auto& prepared = view_change.prepared;
        if (prepared && (best == nullptr || prepared->view > best->view)) best = &*prepared;
    }
    if (best != nullptr) plan.digest = best->digest;
    return plan;
}

Expected<void, ProofError> verify_content(const ViewChange& view_change,
                                          const Authenticator& authenticator) {
    const auto& prepared = view_change.prepared;
    if (prepared) {
        if (prepared->view >= view_change.view) return Unexpected(ProofError::wrong_view);
        if (prepared->height == 0 || prepared->height - 1 != view_change.final_point.height)
            return Unexpected(ProofError::wrong_height);
    }
    if (auto valid = authenticator.verify_final(view_change.final_point); !valid) return valid;
    if (prepared) return authenticator.verify_prepared(*prepared);
    return {};
}

std::string_view to_string(NewViewError error) {
    switch (error) {
        case NewViewError::not_primary:
            return "not from the primary of its view";
        case NewViewError::bad_signature:
            return "bad signature";
        case NewViewError::wrong_view:
            return "a view-change of another view";
        case NewViewError::mixed_heights:
            return "view-changes of different heights";
        case NewViewError::duplicate_validator:
            return "two view-changes from one validator";
        case NewViewError::no_quorum:
            return "fewer view-changes than a quorum";
        case NewViewError::bad_view_change:
            return "a view-change that does not verify";
        case NewViewError::wrong_reproposal:
            return "it does not re-propose the required block";
    }
    return "unknown";
}

Vote reproposal_vote(const NewView& new_view) {
    CHECK(new_view.reproposal);
    const Reproposal& reproposal = *new_view.reproposal;
    return Vote{MessageType::pre_prepare, new_view.view,      reproposal.height,
                reproposal.digest,        new_view.validator, reproposal.signature};
}

Expected<NewViewPlan, NewViewError> verify_new_view(const NewView& new_view,
                                                    const Authenticator& authenticator) {
    const ValidatorSet& validators = authenticator.validators();
    if (new_view.validator != validators.primary(new_view.view))
        return Unexpected(NewViewError::not_primary);
    if (!authenticator.verify(new_view)) return Unexpected(NewViewError::bad_signature);
    if (new_view.view_changes.size() < validators.quorum())
        return Unexpected(NewViewError::no_quorum);
    for (size_t i = 0; i < new_view.view_changes.size(); ++i) {
        const ViewChange& view_change = new_view.view_changes[i];
        if (view_change.view != new_view.view) return Unexpected(NewViewError::wrong_view);
        if (i > 0 && new_view.view_changes[i - 1].validator >= view_change.validator)
            return Unexpected(NewViewError::duplicate_validator);
    }
    for (const ViewChange& view_change : new_view.view_changes) {
        if (!authenticator.verify(view_change) || !verify_content(view_change, authenticator))
            return Unexpected(NewViewError::bad_view_change);
        if (view_change.final_point.height != new_view.view_changes[0].final_point.height)
            return Unexpected(NewViewError::mixed_heights);
    }
    NewViewPlan plan = plan_new_view(new_view.view_changes);
    if (plan.digest.has_value() != new_view.reproposal.has_value())
        return Unexpected(NewViewError::wrong_reproposal);
    if (new_view.reproposal) {
        if (new_view.reproposal->height != plan.base.height + 1 ||
            new_view.reproposal->digest != *plan.digest)
            return Unexpected(NewViewError::wrong_reproposal);
        if (!authenticator.verify(reproposal_vote(new_view)))
            return Unexpected(NewViewError::wrong_reproposal);
    }
    return plan;
}

void ViewChangeBook::begin_height(Sequence final_height) {
    final_height_ = final_height;
    for (auto& slot : slots_) {
        if (slot && slot->final_point.height < final_height) slot.reset();
    }
}

bool ViewChangeBook::is_news(const ViewChange& view_change) const {
    CHECK(view_change.validator < slots_.size());
    const auto& slot = slots_[view_change.validator];
    return !slot || std::pair{slot->final_point.height, slot->view} <
                        std::pair{view_change.final_point.height, view_change.view};
}

void ViewChangeBook::add(ViewChange view_change) {
    CHECK(is_news(view_change));
    const ValidatorIndex validator = view_change.validator;
    slots_[validator] = std::move(view_change);
}

size_t ViewChangeBook::count_from(View view) const {
    return static_cast<size_t>(std::count_if(slots_.begin(), slots_.end(), [&](const auto& slot) {
        return is_current(slot) && slot->view >= view;
    }));
}

std::vector<ViewChange> ViewChangeBook::all(View view) const {
    std::vector<ViewChange> result;
    for (const auto& slot : slots_) {
        if (is_current(slot) && slot->view == view) result.push_back(*slot);
    }
    return result;
}

std::optional<View> ViewChangeBook::view_to_join(View view) const {
    size_t above = 0;
    View smallest = kViewMax;
    for (const auto& slot : slots_) {
        if (!is_current(slot) || slot->view <= view) continue;
        ++above;
        smallest = std::min(smallest, slot->view);
    }
    if (above < validators_.faults() + 1) return std::nullopt;
    return smallest;
}

}  // namespace parley::pbft
