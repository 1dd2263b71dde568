// The types that Chainstate composes, over memory, for tests of each of them by itself: blocks are
// accepted without being judged, and nothing moves the tip but a BranchConnector of the test.
#pragma once

#include <gtest/gtest.h>

#include <utility>

#include "base/storage/memory_storage.h"
#include "chain/state/branch_connector.h"
#include "chain/store/index_store.h"
#include "tests/unit/chain/test_blocks.h"

namespace parley {

/// Which store was committed to, how.
using CommitTrail = std::vector<std::pair<char, Durability>>;

/// A store in memory that notes its commits in a trail, and fails reads when told to.
class TrailStorage final : public Storage {
 public:
    TrailStorage(char name, CommitTrail& trail) : name_(name), trail_(trail) {}

    Expected<std::optional<Bytes>, StorageError> get(ByteSpan key) const override {
        if (failing) return Unexpected(failure());
        return below_.get(key);
    }
    Expected<std::vector<std::optional<Bytes>>, StorageError> get_many(
        std::span<const Bytes> keys) const override {
        if (failing) return Unexpected(failure());
        return below_.get_many(keys);
    }
    Expected<void, StorageError> scan(ByteSpan prefix, const Visitor& visitor) const override {
        if (failing) return Unexpected(failure());
        return below_.scan(prefix, visitor);
    }
    Expected<Bytes, StorageError> read_file(FileId file, uint64_t offset,
                                            size_t size) const override {
        if (failing) return Unexpected(failure());
        return below_.read_file(file, offset, size);
    }
    Expected<uint64_t, StorageError> file_size(FileId file) const override {
        if (failing) return Unexpected(failure());
        return below_.file_size(file);
    }
    CommitId commit(WriteBatch batch, Durability durability) override {
        trail_.emplace_back(name_, durability);
        return below_.commit(std::move(batch), durability);
    }

    bool failing = false;

 private:
    static StorageError failure() { return {StorageError::Code::io, "disk on fire"}; }

    const char name_;
    CommitTrail& trail_;
    MemoryStorage below_;
};

struct ChainParts {
    explicit ChainParts(const Coins::Options& coins_options = {size_t{64} << 20, 2'000,
                                                               OutPointHash{1, 2}},
                        uint64_t file_bytes_max = kBlockFileSizeMax)
        : blocks(params, index, blocks_store, file_bytes_max),
          coins(coins_store, blocks, coins_options) {
        WriteBatch batch;
        index.place_genesis(blocks.files().append_block(batch, params.genesis->serialize(),
                                                        Height{0}, params.genesis->header.time));
        put_hash(batch, kActiveTipKey, index.genesis().hash);
        blocks.commit_with(std::move(batch));
        coins.initialize(params, index.genesis(), {});
        index.rank_candidates();
        trail.clear();
    }

    static ChainParams young_coinbases() {
        ChainParams params = regtest_params();
        params.coinbase_maturity_blocks = 1;
        return params;
    }

    const HeaderNode& add_header(const HeaderNode& parent, const BlockRef& block) {
        const BlockHash hash = block->header.hash();
        const auto score = rules.verify_header(block->header, hash, {}, parent);
        return index.add(block->header, hash, parent, {}, *score);
    }
    BlockRef build(const HeaderNode& parent, const BlockPlan& plan = {}) const {
        return build_block(params, rules, parent, plan);
    }
    /// A block whose header and body are here.
    const HeaderNode& add(const HeaderNode& parent, const BlockPlan& plan = {}) {
        const BlockRef block = build(parent, plan);
        const HeaderNode& node = add_header(parent, block);
        blocks.append(node, block);
        return node;
    }
    const HeaderNode& extend(const HeaderNode& parent, int count, uint64_t extra_nonce = 0) {
        const HeaderNode* node = &parent;
        for (int i = 0; i < count; ++i) {
            BlockPlan plan;
            plan.extra_nonce = extra_nonce;
            node = &add(*node, plan);
        }
        return *node;
    }
    BranchConnector connector(int32_t step_blocks = 32) {
        return {{params, index, blocks, coins, version_bits, assume_valid, verifier, log},
                {step_blocks, false}};
    }
    /// Makes the block the tip, whatever it takes.
    ChainUpdate move_to(const HeaderNode& target) {
        ChainUpdate update;
        BranchConnector moving = connector();
        while (&index.tip() != &target) {
            const auto stepped = moving.step_towards(target, update);
            const auto settled = moving.settle(0, update);
            EXPECT_TRUE(stepped && *stepped && settled && *settled);
            if (!stepped || !*stepped || !settled || !*settled) break;
        }
        blocks.commit();
        return update;
    }

    const ChainParams params = young_coinbases();
    const WorkRules rules{params};
    CommitTrail trail;
    TrailStorage blocks_store{'b', trail};
    TrailStorage coins_store{'c', trail};
    InlineScriptVerifier verifier;
    NullLog log;
    BlockIndex index{params, rules};
    StoredBlocks blocks;
    Coins coins;
    VersionBits version_bits{params};
    AssumeValid assume_valid{{}, params, index, log};
};

}  // namespace parley
