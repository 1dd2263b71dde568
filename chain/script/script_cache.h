// ScriptCache: remembers transactions whose scripts were all found good, so that a transaction that
// came through the mempool needs no script checks in its block. An interface: who runs the checks
// has one (the daemon's pool of threads) or none. It changes the cost of a verdict, never a
// verdict. Called by mempool and blocks on the core thread.
//
// What the scripts of a transaction do depends on the transaction with its witnesses, on the
// outputs that it spends, and on the rules. The wtxid stands for the first two: it commits to the
// txids of the spent outputs.
#pragma once

#include "chain/primitives/ids.h"
#include "chain/script/script_flags.h"

namespace parley {

class ScriptCache {
 public:
    virtual ~ScriptCache() = default;
    /// Was this very pair inserted? False negatives are allowed, false positives are not.
    virtual bool contains(const Wtxid& wtxid, ScriptFlags flags) = 0;
    /// REQUIRES: all inputs have passed under these flags, or under more.
    virtual void insert(const Wtxid& wtxid, ScriptFlags flags) = 0;
};

}  // namespace parley
