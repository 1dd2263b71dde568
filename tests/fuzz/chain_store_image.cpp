#include "tests/fuzz/chain_store_image.h"

#include <algorithm>

#include "base/check.h"
#include "chain/primitives/consensus_limits.h"
#include "chain/state/indexes/tx_index.h"
#include "chain/store/index_store.h"

namespace parley {
namespace {

// About five blocks fill a file.
constexpr uint64_t kBlockFileBytes = 2'000;
const Bytes kSeal{'S'};

ChainParams small_params() {
    ChainParams params = regtest_params();
    params.coinbase_maturity_blocks = 2;
    return params;
}

ChainOptions small_options() {
    ChainOptions options;
    options.block_file_bytes_max = kBlockFileBytes;
    options.activation_step_blocks = 4;
    return options;
}

/// A node that runs until somebody looks at its disks.
class ImageMaker {
 public:
    ImageMaker(const FuzzBlocks& blocks, ChainOptions options, const StoreSet& from = {},
               bool sealed = false)
        : blocks_(blocks), seals_(blocks.rules()), disks_(from) {
        const HeaderRules& rules =
            sealed ? static_cast<const HeaderRules&>(seals_) : blocks.rules();
        auto opened = Chainstate::open(blocks.params(), rules, disks_.blocks, disks_.coins,
                                       verifier_, log_, options);
        CHECK(opened.has_value());
        chain_ = std::move(*opened);
        activate();
    }

    Chainstate& chain() { return *chain_; }

    void activate() {
        while (chain_->activate_best_chain().more) {
        }
    }
    void accept(const BlockRef& block, const Bytes& seal = {}) {
        const auto result = chain_->accept_block(block, seal, from_unix_seconds(2'000'000'000));
        CHECK(result.state == BlockResult::State::accepted);
    }
    void add(const BlockRef& block) {
        accept(block);
        activate();
    }

    // The side branch, and then the main one but for its last block; one that is invalid, too.
    void grow_to_fork() {
        for (int32_t height = 1; height <= FuzzBlocks::kForkHeight; ++height)
            add(blocks_.main(height));
        add(blocks_.side(0));
        add(blocks_.side(1));
    }
    void grow_main() {
        for (int32_t height = FuzzBlocks::kForkHeight + 1; height < FuzzBlocks::kMainHeight;
             ++height) {
            add(blocks_.main(height));
            if (height == FuzzBlocks::kForkHeight + 2) add(blocks_.bad());
        }
        CHECK(chain_->index().tip().height == Height{FuzzBlocks::kMainHeight - 1});
        CHECK(chain_->index().find(blocks_.bad()->header.hash())->status == BlockStatus::invalid);
    }
    // Not connected yet: two blocks, and a header.
    void leave_some_for_later() {
        accept(blocks_.side(2));
        accept(blocks_.main(FuzzBlocks::kMainHeight));
        const auto added =
            chain_->accept_header(blocks_.last_header(), {}, from_unix_seconds(2'000'000'000));
        CHECK(added.has_value());
    }

    void index_all() {
        TxIndex index(disks_.index, *chain_, log_);
        CHECK(index.open().has_value());
        while (!index.synced()) index.step();
    }

    FuzzDisks& disks() { return disks_; }
    StoreSet disk() const { return disks_.copy(); }

 private:
    const FuzzBlocks& blocks_;
    const FuzzSealRules seals_;
    FuzzDisks disks_;
    InlineScriptVerifier verifier_;
    NullLog log_;
    std::unique_ptr<Chainstate> chain_;
};

FuzzImage plain_image(const FuzzBlocks& blocks) {
    ImageMaker maker(blocks, small_options());
    maker.grow_to_fork();
    maker.grow_main();
    maker.chain().finalize(blocks.main(3)->header.hash());
    maker.chain().flush(Durability::synced);
    maker.index_all();
    maker.leave_some_for_later();
    return {maker.disk(), false, small_options()};
}

// The coins are those of a branch that the chain has since left.
FuzzImage behind_image(const FuzzBlocks& blocks) {
    ImageMaker maker(blocks, small_options());
    maker.grow_to_fork();
    maker.chain().flush(Durability::synced);
    maker.index_all();
    maker.grow_main();
    maker.leave_some_for_later();
    return {maker.disk(), false, small_options()};
}

// The record 'B' covers a walk over both branches: a flush in slices was interrupted.
FuzzImage flushing_image(const FuzzBlocks& blocks) {
    ChainOptions options = small_options();
    options.coins_write_interval_blocks = 20;
    ImageMaker maker(blocks, options);
    maker.grow_to_fork();
    maker.grow_main();
    const auto& walk = maker.disks().coins.contents().keys.at(Bytes{'B'});
    CHECK(walk.size() >= 3 * Hash256::kSize);
    return {maker.disk(), false, options};
}

StoreSet block_files_alone(const FuzzImage& image) {
    StoreSet set;
    for (const auto& [file, bytes] : image.stores[0].files) {
        if (file.kind == FileId::Kind::block) set[0].files[file] = bytes;
    }
    CHECK(set[0].files.size() >= 3);
    return set;
}

FuzzImage reindex_image(const FuzzImage& plain) {
    ChainOptions options = small_options();
    options.reindex = true;
    return {block_files_alone(plain), false, options};
}

FuzzImage half_reindexed_image(const FuzzBlocks& blocks, const FuzzImage& plain) {
    ChainOptions options = small_options();
    options.reindex = true;
    ImageMaker maker(blocks, options, block_files_alone(plain));
    CHECK(maker.chain().reindex_step(from_unix_seconds(2'000'000'000)));
    maker.activate();
    CHECK(maker.chain().index().tip().height > Height{1});
    return {maker.disk(), false, small_options()};
}

FuzzImage reindex_chainstate_image(const FuzzImage& behind) {
    FuzzImage image = behind;
    image.stores[1] = {};
    image.options.reindex_chainstate = true;
    return image;
}

// The state after pruning. It is built by hand, because ChainstateImpl::remove_files keeps more
// blocks than these chains have.
FuzzImage pruned_image(const FuzzBlocks& blocks) {
    ImageMaker maker(blocks, small_options());
    maker.grow_to_fork();
    maker.grow_main();
    maker.chain().flush(Durability::synced);
    maker.leave_some_for_later();
    WriteBatch batch;
    for (Height height{1}; height <= maker.chain().index().tip().height; ++height) {
        HeaderNode node = *maker.chain().index().at_height(height);
        if (node.block_position.file != 0) break;
        node.block_position = {};
        node.undo_position = {};
        put_header(batch, node);
    }
    put_file_info(batch, 0, {});
    batch.put(Bytes{kPrunedKey}, Bytes{1});
    batch.remove_file({FileId::Kind::block, 0});
    batch.remove_file({FileId::Kind::undo, 0});
    maker.disks().blocks.commit(std::move(batch), Durability::synced);
    ChainOptions options = small_options();
    options.prune = true;
    return {maker.disk(), false, options};
}

// Some seals are stored, some arrived late, and the last ones are missing.
FuzzImage sealed_image(const FuzzBlocks& blocks) {
    ChainOptions options = small_options();
    options.engine = "sealed";
    ImageMaker maker(blocks, options, {}, true);
    constexpr int32_t kSealed = 9;
    for (int32_t height = 1; height <= 12; ++height)
        maker.accept(blocks.main(height), height == 4 || height > kSealed ? Bytes{} : kSeal);
    maker.accept(blocks.side(0), kSeal);
    CHECK(maker.chain().attach_seal(blocks.main(4)->header.hash(), kSeal).has_value());
    maker.activate();
    CHECK(maker.chain().index().tip().height == Height{kSealed});
    maker.chain().finalize(blocks.main(6)->header.hash());
    maker.chain().flush(Durability::synced);
    maker.index_all();
    return {maker.disk(), true, options};
}

}  // namespace

Expected<std::optional<Bytes>, StorageError> FuzzDisk::get(ByteSpan key) const {
    const auto found = contents_.keys.find(to_bytes(key));
    if (found == contents_.keys.end()) return std::optional<Bytes>{};
    return std::optional<Bytes>{found->second};
}

Expected<void, StorageError> FuzzDisk::scan(ByteSpan prefix, const Visitor& visitor) const {
    const auto first = contents_.keys.lower_bound(to_bytes(prefix));
    for (auto entry = first; entry != contents_.keys.end(); ++entry) {
        const ByteSpan key{entry->first};
        if (key.size() < prefix.size() || !std::equal(prefix.begin(), prefix.end(), key.begin()))
            break;
        if (!visitor(key, entry->second)) break;
    }
    return {};
}

Expected<Bytes, StorageError> FuzzDisk::read_file(FileId file, uint64_t offset, size_t size) const {
    const auto found = contents_.files.find(file);
    const size_t there = found == contents_.files.end() ? 0 : found->second.size();
    if (offset > there || size > there - offset)
        return Unexpected(StorageError{StorageError::Code::corruption, "a file is too short"});
    if (size == 0) return Bytes{};
    return to_bytes(ByteSpan{found->second}.subspan(static_cast<size_t>(offset), size));
}

Expected<uint64_t, StorageError> FuzzDisk::file_size(FileId file) const {
    const auto found = contents_.files.find(file);
    return found == contents_.files.end() ? uint64_t{0} : uint64_t{found->second.size()};
}

CommitId FuzzDisk::commit(WriteBatch batch, Durability) {
    for (const auto& operation : batch.operations()) {
        const auto* write = std::get_if<WriteBatch::FileWrite>(&operation);
        if (write == nullptr) continue;
        if (write->offset > kFileBytesMax || write->data.size() > kFileBytesMax - write->offset)
            stopped_ = true;
    }
    if (!stopped_) {
        for (auto& operation : batch.operations()) apply(operation);
    }
    return ++last_commit_;
}

void FuzzDisk::apply(WriteBatch::Operation& operation) {
    if (auto* put = std::get_if<WriteBatch::Put>(&operation)) {
        contents_.keys[std::move(put->key)] = std::move(put->value);
    } else if (auto* erase = std::get_if<WriteBatch::Erase>(&operation)) {
        contents_.keys.erase(erase->key);
    } else if (auto* write = std::get_if<WriteBatch::FileWrite>(&operation)) {
        Bytes& file = contents_.files[write->file];
        const auto offset = static_cast<size_t>(write->offset);
        file.resize(std::max(file.size(), offset + write->data.size()));
        std::copy(write->data.begin(), write->data.end(),
                  file.begin() + static_cast<ptrdiff_t>(offset));
    } else {
        contents_.files.erase(std::get<WriteBatch::FileRemove>(operation).file);
    }
}

FuzzCoins coins_behind(FuzzCoins coins, const Block& block, Height height) {
    for (const auto& transaction : block.transactions) {
        if (!transaction->is_coinbase()) {
            for (const auto& input : transaction->inputs()) coins.erase(input.prevout);
        }
        for (uint32_t i = 0; i < transaction->outputs().size(); ++i) {
            const TxOutput& output = transaction->outputs()[i];
            if (output.script_pubkey.is_unspendable()) continue;
            coins[{transaction->txid(), i}] = Coin{output, height, transaction->is_coinbase()};
        }
    }
    return coins;
}

FuzzBlocks::FuzzBlocks()
    : params_(small_params()), rules_(params_), tree_(params_.genesis->header) {
    coins_[params_.genesis_hash] = {};
    const HeaderNode* tip = &tree_.genesis();
    main_.push_back(tip);
    while (tip->height < Height{kMainHeight}) main_.push_back(tip = add(*tip, 0));
    side_.push_back(add(*main_[kForkHeight], 1));
    while (side_.size() < kSideBlocks) side_.push_back(add(*side_.back(), 1));
    bad_ = add(*main_[kForkHeight + 2], 2);
    last_header_ = add(*tip, 0);
    hashes_.push_back(params_.genesis_hash);
    for (const auto& [hash, block] : blocks_) {
        hashes_.push_back(hash);
        for (const auto& transaction : block->transactions) txids_.push_back(transaction->txid());
    }
}

const HeaderNode* FuzzBlocks::add(const HeaderNode& parent, uint64_t branch) {
    constexpr int32_t kDepth = 3;
    const bool bad = branch == 2;
    const Height height = parent.height + 1;
    BlockPlan plan;
    plan.extra_nonce = branch;
    if (height > Height{kDepth}) {
        // What it spends is the coinbase of some blocks before, or the spend that is in that block.
        const BlockRef& from = block(*parent.ancestor(height - kDepth));
        constexpr uint32_t kSequences[] = {2, kSequenceLockIsTime, TxInput::kSequenceFinal,
                                           kSequenceLockIsTime};
        // Each of the two outputs is less than half of what an older spend had left.
        TransactionData data =
            spend_true({{from->transactions.back()->txid(), 0}}, Amount{kCoin >> height.value()}, 2,
                       kSequences[height.value() % 4])
                ->data();
        if (bad) data.inputs[0].script_sig = Script{Bytes{OP_RETURN}};
        plan.transactions.push_back(make_transaction(std::move(data)));
    }
    const BlockRef made = build_block(params_, rules_, parent, plan);
    const HeaderNode& node = tree_.add(made->header, made->header.hash(), parent);
    blocks_[node.hash] = made;
    if (!bad) coins_[node.hash] = coins_behind(coins_.at(parent.hash), *made, node.height);
    return &node;
}

std::vector<FuzzImage> make_fuzz_images(const FuzzBlocks& blocks) {
    const FuzzImage plain = plain_image(blocks);
    const FuzzImage behind = behind_image(blocks);
    return {plain,
            behind,
            flushing_image(blocks),
            reindex_image(plain),
            half_reindexed_image(blocks, plain),
            reindex_chainstate_image(behind),
            pruned_image(blocks),
            sealed_image(blocks),
            {{}, false, small_options()}};
}

}  // namespace parley
