#include "chain/state/versionbits.h"

#include <algorithm>

#include "base/check.h"

namespace parley {
namespace {

// The last block of the period before the period of `parent`'s child. Null: the child is in the
// first period.
const HeaderNode* period_end(const HeaderNode* parent, int32_t period_blocks) {
    if (parent == nullptr) return nullptr;
    const int32_t height = parent->height.value();
    const int32_t end = height - (height + 1) % period_blocks;
    return end < 0 ? nullptr : parent->ancestor(Height{end});
}

const HeaderNode* period_before(const HeaderNode& last, int32_t period_blocks) {
    const int32_t end = last.height.value() - period_blocks;
    return end < 0 ? nullptr : last.ancestor(Height{end});
}

bool has_signal(const BlockHeader& header, int bit) {
    const auto version = static_cast<uint32_t>(header.version);
    return (version & kVersionTopMask) == kVersionTopBits && (version >> bit & 1) != 0;
}

}  // namespace

std::string_view to_string(DeploymentState state) {
    switch (state) {
        case DeploymentState::defined:
            return "defined";
        case DeploymentState::started:
            return "started";
        case DeploymentState::locked_in:
            return "locked_in";
        case DeploymentState::active:
            return "active";
        case DeploymentState::failed:
            return "failed";
    }
    return "invalid";
}

int32_t DeploymentReport::count() const {
    return static_cast<int32_t>(std::count(signals.begin(), signals.end(), true));
}

bool DeploymentReport::possible() const {
    const auto missed = static_cast<int32_t>(signals.size()) - count();
    return deployment.period_blocks - deployment.threshold_blocks >= missed;
}

VersionBits::VersionBits(const ChainParams& params)
    : params_(params), known_(params.deployments.size()), unknown_known_(kVersionSignalBits) {
    for (int bit = 0; bit < kVersionSignalBits; ++bit) {
        Deployment deployment;
        deployment.bit = bit;
        deployment.start_time = 0;
        deployment.period_blocks = params.unknown_rules_period_blocks;
        deployment.threshold_blocks = params.unknown_rules_threshold_blocks;
        unknown_.push_back(std::move(deployment));
    }
}

bool VersionBits::signals(const Deployment& deployment, const HeaderNode& block, bool unknown) {
    if (!has_signal(block.header, deployment.bit)) return false;
    if (!unknown) return true;
    if (block.height < params_.unknown_rules_from || block.parent == nullptr) return false;
    return (static_cast<uint32_t>(block_version(*block.parent)) >> deployment.bit & 1) == 0;
}

DeploymentState VersionBits::after_period(const Deployment& deployment, const HeaderNode& last,
                                          DeploymentState before, bool unknown) {
    switch (before) {
        case DeploymentState::defined:
            return last.median_time_past() >= deployment.start_time ? DeploymentState::started
                                                                    : DeploymentState::defined;
        case DeploymentState::started: {
            int32_t count = 0;
            const HeaderNode* node = &last;
            for (int32_t i = 0; i < deployment.period_blocks; ++i, node = node->parent)
                count += signals(deployment, *node, unknown) ? 1 : 0;
            if (count >= deployment.threshold_blocks) return DeploymentState::locked_in;
            return last.median_time_past() >= deployment.timeout ? DeploymentState::failed
                                                                 : DeploymentState::started;
        }
        case DeploymentState::locked_in:
            return last.height + 1 >= deployment.min_activation_height ? DeploymentState::active
                                                                       : DeploymentState::locked_in;
        case DeploymentState::active:
        case DeploymentState::failed:
            return before;
    }
    return before;
}

DeploymentState VersionBits::state(const Deployment& deployment, const HeaderNode* parent,
                                   bool unknown, States& known) {
    if (deployment.start_time == Deployment::kAlwaysActive) return DeploymentState::active;
    if (deployment.start_time == Deployment::kNeverActive) return DeploymentState::failed;
    std::vector<const HeaderNode*> periods;
    DeploymentState result = DeploymentState::defined;
    for (const HeaderNode* last = period_end(parent, deployment.period_blocks); last != nullptr;
         last = period_before(*last, deployment.period_blocks)) {
        if (const auto found = known.find(last->hash); found != known.end()) {
            result = found->second;
            break;
        }
        // No deployment starts before its start time, so earlier periods need not be checked.
        if (last->median_time_past() < deployment.start_time) {
            known.emplace(last->hash, DeploymentState::defined);
            break;
        }
        periods.push_back(last);
    }
    for (size_t i = periods.size(); i-- > 0;) {
        result = after_period(deployment, *periods[i], result, unknown);
        known.emplace(periods[i]->hash, result);
    }
    return result;
}

DeploymentState VersionBits::state(size_t index, const HeaderNode* parent) {
    CHECK(index < known_.size());
    return state(params_.deployments[index], parent, false, known_[index]);
}

Height VersionBits::since(size_t index, const HeaderNode* parent) {
    CHECK(index < known_.size());
    const Deployment& deployment = params_.deployments[index];
    if (deployment.start_time < 0) return Height{0};
    const DeploymentState wanted = state(index, parent);
    if (wanted == DeploymentState::defined) return Height{0};
    const HeaderNode* last = period_end(parent, deployment.period_blocks);
    CHECK(last != nullptr);
    while (true) {
        const HeaderNode* before = period_before(*last, deployment.period_blocks);
        if (before == nullptr || state(index, before) != wanted) return last->height + 1;
        last = before;
    }
}

int32_t VersionBits::block_version(const HeaderNode& parent) {
    uint32_t version = kVersionTopBits;
    for (size_t i = 0; i < params_.deployments.size(); ++i) {
        const DeploymentState reached = state(i, &parent);
        if (reached == DeploymentState::started || reached == DeploymentState::locked_in)
            version |= 1u << params_.deployments[i].bit;
    }
    return static_cast<int32_t>(version);
}

ScriptFlags VersionBits::script_flags(const HeaderNode& parent) {
    ScriptFlags flags = kVerifyNone;
    for (size_t i = 0; i < params_.deployments.size(); ++i) {
        if (state(i, &parent) == DeploymentState::active)
            flags |= params_.deployments[i].script_flags;
    }
    return flags;
}

std::vector<DeploymentReport> VersionBits::reports(const HeaderNode& block) {
    std::vector<DeploymentReport> result;
    for (size_t i = 0; i < params_.deployments.size(); ++i) {
        const Deployment& deployment = params_.deployments[i];
        if (!deployment.is_enabled()) continue;
        DeploymentReport report;
        report.deployment = deployment;
        report.state = state(i, block.parent);
        report.state_next = state(i, &block);
        report.since = since(i, block.parent);
        if (report.state == DeploymentState::active)
            report.active_since = report.since;
        else if (report.state_next == DeploymentState::active)
            report.active_since = block.height + 1;
        if (report.state == DeploymentState::started ||
            report.state == DeploymentState::locked_in) {
            const int32_t elapsed = 1 + block.height.value() % deployment.period_blocks;
            report.signals.resize(static_cast<size_t>(elapsed));
            const HeaderNode* node = &block;
            for (size_t j = report.signals.size(); j-- > 0; node = node->parent)
                report.signals[j] = has_signal(node->header, deployment.bit);
        }
        result.push_back(std::move(report));
    }
    return result;
}

std::vector<UnknownRule> VersionBits::unknown_rules(const HeaderNode& parent) {
    std::vector<UnknownRule> result;
    for (size_t bit = 0; bit < unknown_.size(); ++bit) {
        const DeploymentState reached = state(unknown_[bit], &parent, true, unknown_known_[bit]);
        if (reached == DeploymentState::active || reached == DeploymentState::locked_in)
            result.push_back({static_cast<int>(bit), reached == DeploymentState::active});
    }
    return result;
}

}  // namespace parley
