// BackgroundChain: validates the blocks up to the base of a UTXO snapshot while the best chain goes
// on from the base. It has a UTXO set of its own, and connects the blocks one after another as
// their bodies arrive, as if there were no snapshot; after the base it compares the hash of its set
// with the snapshot's.
//
// It reports what it finds, and decides nothing: Chainstate, which owns it, ends the snapshot or
// gives it up. Core thread only.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <variant>

#include "base/log.h"
#include "chain/rules/params.h"
#include "chain/script/script_check.h"
#include "chain/state/coins.h"
#include "chain/state/index/assume_valid.h"
#include "chain/state/snapshot/stored_coins.h"
#include "chain/state/stored_blocks.h"
#include "chain/state/versionbits.h"

namespace parley {

class BackgroundChain {
 public:
    /// All must outlive it.
    struct Parts {
        const ChainParams& params;
        BlockIndex& index;
        StoredBlocks& blocks;
        Storage& coins;  ///< the store
        VersionBits& version_bits;
        ScriptVerifier& verifier;
        LogSink& log;
    };

    /// `coins`: the UTXO set after `at`. REQUIRES: the index has a snapshot.
    BackgroundChain(const Parts& parts, const AssumeValid::Options& assume_valid,
                    std::unique_ptr<Coins> coins, const HeaderNode& at);

    /// The block after which its UTXO set is.
    const HeaderNode& at() const { return *at_; }
    const Coins& coins() const { return *coins_; }

    /// Whether step() can do something now: false while the body of the next block is missing.
    bool can_step() const;

    /// The snapshot is not what the blocks lead to. A sentence.
    struct Refuted {
        std::string reason;
    };
    using Failure = std::variant<StorageError, Refuted>;

    /// Connects the next blocks, or hashes a piece of the set after the base. True: the snapshot is
    /// proved.
    Expected<bool, Failure> step();

    /// Writes out everything.
    void flush(Durability durability) { coins_->write_all(*at_, durability); }

 private:
    Expected<void, Failure> disconnect();
    Expected<void, Failure> connect(const HeaderNode& node, const BlockRef& block);
    Expected<void, Failure> connect_some();
    bool is_on_path() const;

    const Parts parts_;
    AssumeValid assume_valid_;
    std::unique_ptr<Coins> coins_;
    const HeaderNode* at_;
    std::optional<CoinsHasher> hasher_;  // from the base on
};

}  // namespace parley
