// Deployment: a rule change that blocks signal for in their versions (BIP9), as the chain
// parameters describe it, and its state. Values; versionbits.h computes the states.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "chain/primitives/ids.h"

namespace parley {

struct Deployment {
    /// Special values of start_time: the rule is active from the genesis block on, or never.
    static constexpr int64_t kAlwaysActive = -1;
    static constexpr int64_t kNeverActive = -2;
    static constexpr int64_t kNoTimeout = std::numeric_limits<int64_t>::max();

    std::string name;
    int bit = 28;                       ///< of the block's version, 0 to 28
    int64_t start_time = kNeverActive;  ///< Unix seconds, compared with the median time past
    int64_t timeout = kNoTimeout;
    Height min_activation_height{0};
    int32_t period_blocks = 2016;
    int32_t threshold_blocks = 1815;  ///< signalling blocks in a period that lock the rule in
    uint32_t script_flags = 0;        ///< ScriptFlags that apply once the deployment is active

    bool is_enabled() const { return start_time != kNeverActive; }
};

enum class DeploymentState : uint8_t { defined, started, locked_in, active, failed };
/// BIP9's names: "defined", ..., "locked_in".
std::string_view to_string(DeploymentState state);

/// One deployment as getdeploymentinfo shows it for a block.
struct DeploymentReport {
    Deployment deployment;
    DeploymentState state = DeploymentState::defined;       ///< of the block itself
    DeploymentState state_next = DeploymentState::defined;  ///< of the block after it
    Height since{0};                                        ///< first block of `state`
    std::optional<Height> active_since;                     ///< at most one block above this one
    /// Whether each block of the current period up to this one signals; empty unless started or
    /// locked in.
    std::vector<bool> signals;

    /// Number of signalling blocks so far.
    int32_t count() const;
    /// Whether enough blocks are left in the period to reach the threshold.
    bool possible() const;
};

}  // namespace parley
