// Notice: something that happened in the node, for subscribers outside it (bitcoind's ZeroMQ
// notifications). The node makes notices in the order of what they tell, if NodeOptions::notices
// asks for them.
#pragma once

#include <cstdint>
#include <variant>

#include "base/hash256.h"
#include "chain/primitives/block.h"

namespace parley {

namespace notice {

struct BlockConnected {
    BlockRef block;
    BlockHash hash;
};
struct BlockDisconnected {
    BlockRef block;
    BlockHash hash;
};
/// The best chain has grown, and the node is not in its initial block download.
struct NewTip {
    BlockRef block;
    BlockHash hash;
};
/// Entered the mempool. `sequence` numbers its changes, here and below.
struct TransactionAdded {
    TransactionRef transaction;
    uint64_t sequence = 0;
};
/// Left the mempool for any reason but a block that includes it.
struct TransactionRemoved {
    TransactionRef transaction;
    uint64_t sequence = 0;
};

}  // namespace notice

using Notice = std::variant<notice::BlockConnected, notice::BlockDisconnected, notice::NewTip,
                            notice::TransactionAdded, notice::TransactionRemoved>;

}  // namespace parley
