// The input of chain_store_fuzz.cpp: the stores of a few small chains, as left by a stop. All have
// the same blocks, so the correct result of any start is known. Created once per process, then
// constant.
#pragma once

#include <array>
#include <map>
#include <utility>
#include <vector>

#include "chain/state/index/header_tree.h"
#include "tests/unit/chain/test_blocks.h"

namespace parley {

/// What is on a disk, in the open.
struct StoreContents {
    std::map<Bytes, Bytes> keys;
    std::map<FileId, Bytes> files;
};

/// Fails as a full disk does: what does not fit is not written, nor anything behind it, and the
/// host stops the node (here: whoever looks at `stopped`).
class FuzzDisk final : public Storage {
 public:
    /// All that a start over the images writes is a hundredth of that.
    static constexpr uint64_t kFileBytesMax = uint64_t{1} << 20;

    FuzzDisk(StoreContents contents, bool& stopped)
        : contents_(std::move(contents)), stopped_(stopped) {}

    StoreContents& contents() { return contents_; }
    const StoreContents& contents() const { return contents_; }

    Expected<std::optional<Bytes>, StorageError> get(ByteSpan key) const override;
    Expected<void, StorageError> scan(ByteSpan prefix, const Visitor& visitor) const override;
    Expected<Bytes, StorageError> read_file(FileId file, uint64_t offset,
                                            size_t size) const override;
    Expected<uint64_t, StorageError> file_size(FileId file) const override;
    CommitId commit(WriteBatch batch, Durability durability) override;

 private:
    void apply(WriteBatch::Operation& operation);

    StoreContents contents_;
    bool& stopped_;
    CommitId last_commit_{0};
};

/// Blocks and coins as the chain's stores, and txindex's.
inline constexpr size_t kStoreCount = 3;
using StoreSet = std::array<StoreContents, kStoreCount>;

struct FuzzDisks {
    explicit FuzzDisks(const StoreSet& set)
        : blocks(set[0], stopped), coins(set[1], stopped), index(set[2], stopped) {}
    FuzzDisks(const FuzzDisks&) = delete;
    FuzzDisks& operator=(const FuzzDisks&) = delete;

    StoreSet copy() const { return {blocks.contents(), coins.contents(), index.contents()}; }
    std::array<FuzzDisk*, kStoreCount> all() { return {&blocks, &coins, &index}; }

    bool stopped = false;
    FuzzDisk blocks;
    FuzzDisk coins;
    FuzzDisk index;
};

/// An engine with seals: one byte, 'S'; the score is the height.
class FuzzSealRules final : public HeaderRules {
 public:
    explicit FuzzSealRules(const WorkRules& work) : work_(work) {}

    Expected<std::optional<Score>, HeaderError> verify_header(
        const BlockHeader&, const BlockHash&, ByteSpan seal,
        const HeaderNode& parent) const override {
        if (seal.empty()) return std::optional<Score>{};
        if (to_bytes(seal) != Bytes{'S'})
            return Unexpected(HeaderError{"bad-seal", "wrong signature"});
        return std::optional<Score>{Score{static_cast<uint64_t>(parent.height.value()) + 1}};
    }
    Score genesis_score(const BlockHeader&) const override { return Score{0}; }
    uint32_t next_bits(const HeaderNode& parent, int64_t time) const override {
        return work_.next_bits(parent, time);
    }

 private:
    const WorkRules& work_;
};

using FuzzCoins = std::map<OutPoint, Coin>;

/// The coins after a block, from those after its parent.
FuzzCoins coins_behind(FuzzCoins coins, const Block& block, Height height);

/// A main branch, a side branch that was the better one for a while, and a block whose script
/// fails. Spends with and without relative locktimes; the last block of the main branch has one by
/// time.
class FuzzBlocks {
 public:
    static constexpr int32_t kMainHeight = 15;
    static constexpr int32_t kForkHeight = 8;
    static constexpr int32_t kSideBlocks = 3;

    FuzzBlocks();
    FuzzBlocks(const FuzzBlocks&) = delete;
    FuzzBlocks& operator=(const FuzzBlocks&) = delete;

    const ChainParams& params() const { return params_; }
    const WorkRules& rules() const { return rules_; }
    const BlockRef& main(int32_t height) const {
        return block(*main_[static_cast<size_t>(height)]);
    }
    const BlockRef& side(size_t index) const { return block(*side_[index]); }
    const BlockRef& bad() const { return block(*bad_); }
    const BlockHeader& last_header() const { return last_header_->header; }
    const std::vector<BlockHash>& hashes() const { return hashes_; }
    const std::vector<Txid>& txids() const { return txids_; }
    /// Null: no block that can be connected.
    const FuzzCoins* coins_after(const BlockHash& hash) const {
        const auto found = coins_.find(hash);
        return found == coins_.end() ? nullptr : &found->second;
    }

 private:
    const BlockRef& block(const HeaderNode& node) const {
        return node.parent == nullptr ? params_.genesis : blocks_.at(node.hash);
    }
    const HeaderNode* add(const HeaderNode& parent, uint64_t branch);

    const ChainParams params_;
    const WorkRules rules_;
    HeaderTree tree_;
    std::map<BlockHash, BlockRef> blocks_;
    std::map<BlockHash, FuzzCoins> coins_;
    std::vector<const HeaderNode*> main_;  // by height
    std::vector<const HeaderNode*> side_;
    const HeaderNode* bad_ = nullptr;
    const HeaderNode* last_header_ = nullptr;
    std::vector<BlockHash> hashes_;
    std::vector<Txid> txids_;
};

struct FuzzImage {
    StoreSet stores;
    bool sealed = false;   ///< of an engine with seals
    ChainOptions options;  ///< of the first start; a later one does not begin a reindexing again
};

/// Every image. The first byte of an input is an index into them.
std::vector<FuzzImage> make_fuzz_images(const FuzzBlocks& blocks);

}  // namespace parley
