// RunTrace: the beginning of a run, block by block and view by view, for pictures. A value.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace parley::lab {

/// More cannot be told apart in a picture.
inline constexpr size_t kTracedBlocksMax = 150;
inline constexpr size_t kTracedStepsMax = 2'000;

struct TracedBlock {
    double time_s = 0;  ///< when it was found
    uint64_t height = 0;
    uint64_t miner = 0;
    std::optional<uint64_t> parent;  ///< its number in the list; empty: genesis, or not traced
    bool stale = false;
};

/// What a validator of PBFT sent, once for each message and not for each receiver. At level live,
/// what polling finds: its votes, its own entry into a new view, and its commits.
enum class TracedKind : uint8_t { proposal, commit, view_change, new_view };
const char* to_string(TracedKind kind);
std::optional<TracedKind> traced_kind(const std::string& name);

struct TracedStep {
    double time_s = 0;
    uint64_t validator = 0;
    uint64_t view = 0;
    TracedKind kind = TracedKind::proposal;
};

struct RunTrace {
    std::vector<TracedBlock> blocks;  ///< in the order of their times
    std::vector<TracedStep> steps;    ///< in the order of their times
};

}  // namespace parley::lab
