// Effect: everything that a node can ask of its host. The list is ordered. What follows a Persist
// is held back by the host until every write that the node committed before it has reached that
// durability; this holds across steps. It is what makes votes crash-safe: a signature never leaves
// before the record of it is safe.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "base/hash256.h"
#include "base/storage/storage.h"
#include "chain/primitives/block.h"
#include "net/peer/net_output.h"

namespace parley {

struct BlockSummary;

namespace effect {

// What the peer protocol wants of the host reaches it as it is.
using net_output::Close;
using net_output::Dial;
using net_output::Send;

/// A barrier: see above.
struct Persist {
    Durability durability = Durability::written;
};
/// Replaces the running search.
struct SearchNonce {
    uint64_t job = 0;
    BlockHeader header;
    Hash256 target;
};
struct StopSearch {};
/// The best chain ends in another block. What readers on other threads may know of it from now on;
/// behind the barrier of the writes that made it so, and before the Complete of the call that did.
struct TipChanged {
    std::shared_ptr<const BlockSummary> tip;
};
/// The Invoke of this number is done.
struct Complete {
    uint64_t id = 0;
};
/// The node is finished (RPC stop, -stopatheight) or cannot go on (`error` not empty: print it,
/// exit code 1).
struct Shutdown {
    std::string error;
};

}  // namespace effect

using Effect =
    std::variant<effect::Send, effect::Dial, effect::Close, effect::Persist, effect::SearchNonce,
                 effect::StopSearch, effect::TipChanged, effect::Complete, effect::Shutdown>;
using Effects = std::vector<Effect>;

}  // namespace parley
