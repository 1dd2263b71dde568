// Progress: how far the height in flight is, and what the replica waits for now. For reports and
// log lines; it decides nothing. A value, made by progress_of(). Core thread only.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "consensus/engine_report.h"
#include "consensus/pbft/decision.h"
#include "consensus/pbft/repair.h"
#include "consensus/pbft/setup.h"
#include "consensus/pbft/view_changer.h"

namespace parley::pbft {

enum class Awaited : uint8_t {
    nothing,       ///< there is nothing to order
    final_blocks,  ///< decided by the others
    proposal,      ///< of the primary
    block,         ///< of the proposal, valid
    prepares,
    commits,
    connection,  ///< of the decided block to this node's chain
    view_changes,
    new_view,  ///< of the primary of the awaited view
};
std::string_view to_string(Awaited awaited);

struct Progress {
    std::string_view phase;
    /// Who voted for the proposal of this view, or wants this view; in ascending order.
    std::vector<ValidatorIndex> prepared, committed, view_changes;
    std::vector<ValidatorIndex> missing;  ///< whose votes the phase still lacks

    Awaited awaited = Awaited::nothing;
    /// The validators from whom it can come; empty: from any peer.
    std::vector<ValidatorIndex> from;
    size_t have = 0;  ///< votes of the awaited kind
    size_t need = 0;  ///< a quorum; 0: what is awaited is not a number of votes
};

Progress progress_of(const Setup& setup, const Standing& standing, const Repair& repair,
                     const Demand& demand, TimePoint now);

/// As {what, validators, have, need}.
EngineReport report_awaited(const Progress& progress);

/// The same as part of a sentence: "2 of 3 prepares; validators 1, 3 are missing".
std::string describe_awaited(const Progress& progress);

EngineReport::List list_of(const std::vector<ValidatorIndex>& indices);

}  // namespace parley::pbft
