// Loading of a mempool.dat: what an event::LoadFile does with its entries. Used by the daemon and
// by the replay of a record. Core thread.
#pragma once

#include <cstddef>

#include "mempool/mempool_file.h"

namespace parley {

class Node;

/// What has become of the entries.
struct MempoolLoad {
    size_t accepted = 0;
    size_t failed = 0;
    size_t expired = 0;
    size_t known = 0;
    size_t unbroadcast = 0;
};

/// Adds the fee deltas and submits the entries in file order, with their times of arrival (0: now).
/// Runs inside a step of the node.
void load_mempool_entries(Node& node, const MempoolFile& file, MempoolLoad& load);

}  // namespace parley
