// ScriptCache: remembers transactions whose scripts were all valid, so that a transaction validated
// by the mempool needs no script checks in its block. An interface: the daemon's thread pool
// implements it; other ScriptVerifiers have none. It changes the cost of a verdict, never the
// verdict. Called by mempool and block validation on the core thread.
//
// The result of a transaction's scripts depends on the transaction with its witnesses, on the
// outputs that it spends, and on the rules. The wtxid stands for the first two: it commits to the
// txids of the spent outputs.
#pragma once

#include "chain/primitives/ids.h"
#include "chain/script/script_flags.h"

namespace parley {

class ScriptCache {
 public:
    virtual ~ScriptCache() = default;
    /// Whether this pair was inserted. May return false for an inserted pair, never true for
    /// another.
    virtual bool contains(const Wtxid& wtxid, ScriptFlags flags) = 0;
    /// REQUIRES: all inputs passed under these flags, or under a superset.
    virtual void insert(const Wtxid& wtxid, ScriptFlags flags) = 0;
};

}  // namespace parley
