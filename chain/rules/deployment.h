// Deployment: a change of the rules that blocks signal for in their versions (BIP9), as a chain's
// parameters describe it, and how far blocks have brought it. Values; versionbits.h fills them.
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
    /// As start_time: the rule holds from the genesis block on, or never will.
    static constexpr int64_t kAlwaysActive = -1;
    static constexpr int64_t kNeverActive = -2;
    static constexpr int64_t kNoTimeout = std::numeric_limits<int64_t>::max();

    std::string name;
    int bit = 28;                       ///< of the block's version, 0 to 28
    int64_t start_time = kNeverActive;  ///< Unix seconds, compared with the median time past
    int64_t timeout = kNoTimeout;
    Height min_activation_height{0};
    int32_t period_blocks = 2016;
    int32_t threshold_blocks = 1815;  ///< signalling blocks of a period that lock the rule in
    uint32_t script_flags = 0;        ///< ScriptFlags that hold once the deployment is active

    bool is_enabled() const { return start_time != kNeverActive; }
};

enum class DeploymentState : uint8_t { defined, started, locked_in, active, failed };
/// BIP9's words: "defined", ..., "locked_in".
std::string_view to_string(DeploymentState state);

/// One deployment as getdeploymentinfo shows it for a block.
struct DeploymentReport {
    Deployment deployment;
    DeploymentState state = DeploymentState::defined;       ///< of the block itself
    DeploymentState state_next = DeploymentState::defined;  ///< of the block after it
    Height since{0};                                        ///< first block of `state`
    std::optional<Height> active_since;                     ///< at most one above the block
    /// The blocks of the running period up to this one; empty unless started or locked in.
    std::vector<bool> signals;

    /// Signals so far.
    int32_t count() const;
    /// Enough blocks are left in the period to reach the threshold.
    bool possible() const;
};

}  // namespace parley
