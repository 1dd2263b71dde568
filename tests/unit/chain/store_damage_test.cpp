// What the records of a store say of one another: a contradiction ends the start in a sentence, or
// is a failure later, and never a verdict about a block. More of it is in
// fuzz/chain_store_fuzz.cpp.
#include <gtest/gtest.h>

#include "chain/primitives/consensus_limits.h"
#include "chain/state/coins_cache.h"
#include "chain/state/indexes/tx_index.h"
#include "chain/store/coin_codec.h"
#include "chain/store/index_store.h"
#include "tests/unit/chain/test_chain.h"

namespace parley {
namespace {

// Of the record of a header with a score, which is the index's own format.
constexpr size_t kStatusAt = 80;
constexpr size_t kScoreAt = 82;
constexpr size_t kSequenceAt = 114;
constexpr size_t kTransactionsAt = 122;
constexpr size_t kBlockFileAt = 126;
constexpr size_t kBlockOffsetAt = 130;
constexpr size_t kBlockSizeAt = 138;
constexpr size_t kUndoOffsetAt = 146;
constexpr size_t kUndoSizeAt = 154;
// Of the record of a block file.
constexpr size_t kFileBlocksAt = 0;
constexpr size_t kFileBlockBytesAt = 4;
constexpr size_t kFileUndoBytesAt = 12;
constexpr size_t kFileHeightLastAt = 24;

const Bytes kFirstFileKey{kFileKeyPrefix, 0, 0, 0, 0};

ChainParams small_params() {
    ChainParams params = regtest_params();
    params.coinbase_maturity_blocks = 2;
    return params;
}

Bytes coin_record(const Coin& coin) {
    Writer writer;
    write_coin(writer, coin);
    return writer.take();
}

class DamagedStores : public ::testing::Test {
 protected:
    static constexpr int32_t kHeight = 8;

    DamagedStores()
        : blocks(std::make_shared<MemoryStorage>()), coins(std::make_shared<MemoryStorage>()) {
        TestChain chain(params, options, blocks, coins);
        chain.mine(kHeight);
        for (Height height{0}; height <= Height{kHeight}; ++height)
            hashes.push_back(chain->index().at_height(height)->hash);
        first_coin = coinbase_outpoint(chain.block(Height{1}));
        chain->flush(Durability::synced);
    }

    // The sentence, or empty when it opens.
    std::string open() {
        const WorkRules rules(params);
        InlineScriptVerifier verifier;
        NullLog log;
        const auto opened =
            Chainstate::open(params, rules, *blocks, *coins, verifier, log, options);
        return opened ? std::string{} : opened.error();
    }
    void expect_damaged(const std::string& what) {
        const std::string text = open();
        EXPECT_NE(text.find("is damaged (" + what), std::string::npos) << text;
        EXPECT_NE(text.find("Restart with -reindex"), std::string::npos) << text;
    }
    Bytes header_key(int32_t height) const {
        Writer writer;
        writer.u8(kHeaderKeyPrefix).be(height).hash(hashes[static_cast<size_t>(height)]);
        return writer.take();
    }
    static void put(Storage& storage, const Bytes& key, Bytes value) {
        WriteBatch batch;
        batch.put(key, std::move(value));
        storage.commit(std::move(batch), Durability::written);
    }
    void write(const Bytes& key, size_t offset, const Bytes& bytes) const {
        Bytes record = **blocks->get(key);
        ASSERT_LE(offset + bytes.size(), record.size());
        std::copy(bytes.begin(), bytes.end(), record.begin() + static_cast<ptrdiff_t>(offset));
        put(*blocks, key, std::move(record));
    }
    // In a copy, so that one damage does not hide the next.
    void expect_damaged_by(const Bytes& key, size_t offset, const Bytes& bytes,
                           const std::string& what) {
        SCOPED_TRACE(offset);
        const MemoryStorage pristine = *blocks;
        write(key, offset, bytes);
        expect_damaged(what);
        *blocks = pristine;
    }

    ChainParams params = small_params();
    ChainOptions options;
    std::shared_ptr<MemoryStorage> blocks;
    std::shared_ptr<MemoryStorage> coins;
    std::vector<BlockHash> hashes;  // by height
    OutPoint first_coin;
};

TEST_F(DamagedStores, record_of_a_header_that_contradicts_itself_or_its_parent_is_refused) {
    const Bytes far{0, 0, 0, 0, 0, 0, 0, 0x7f};
    const std::string status = "a block's status does not match its stored data";
    for (const int32_t height : {4, kHeight}) {
        const Bytes key = header_key(height);
        const auto stored = static_cast<uint8_t>(BlockStatus::stored);
        expect_damaged_by(key, kStatusAt, {stored}, status);
        expect_damaged_by(key, kStatusAt, {0}, status);
        expect_damaged_by(key, kScoreAt, Bytes(32, 0), "a score is not above");
        expect_damaged_by(key, kTransactionsAt, {0}, "a stored block has no transaction count");
        expect_damaged_by(key, kBlockFileAt, {9}, "a block's position is outside its file");
        expect_damaged_by(key, kBlockOffsetAt, far, "a block's position is outside its file");
        expect_damaged_by(key, kBlockOffsetAt, Bytes(8, 0xff),
                          "a block's position is outside its file");
        expect_damaged_by(key, kBlockSizeAt, Bytes(4, 0xff),
                          "a block's position is outside its file");
        expect_damaged_by(key, kBlockSizeAt, Bytes(4, 0),
                          "a stored block has no transaction count");
        expect_damaged_by(key, kUndoOffsetAt, far, "a block's position is outside its file");
        expect_damaged_by(key, kUndoSizeAt, Bytes(4, 0), status);
    }
    expect_damaged_by(header_key(4), kStatusAt, {static_cast<uint8_t>(BlockStatus::invalid)},
                      "a block is valid but its parent is not");
    expect_damaged_by(header_key(4), kScoreAt, Bytes(32, 0xff), "a score is not above");
    EXPECT_EQ(open(), "");
}

TEST_F(DamagedStores, score_above_all_others_is_a_failure_when_it_is_built_on) {
    write(header_key(kHeight), kScoreAt, Bytes(32, 0xff));
    TestChain chain(params, options, blocks, coins);
    chain.accept(chain.build(chain->index().tip()));
    ASSERT_TRUE(chain->failure().has_value());
    EXPECT_NE(chain->failure()->message.find("the score of block"), std::string::npos);
    chain.restart();
    EXPECT_EQ(chain->index().tip().height, Height{kHeight});
}

TEST_F(DamagedStores, final_block_that_is_invalid_is_refused) {
    put(*blocks, {kFinalizedKey}, to_bytes(hashes.back().span()));
    EXPECT_EQ(open(), "");
    expect_damaged_by(header_key(kHeight), kStatusAt, {static_cast<uint8_t>(BlockStatus::invalid)},
                      "the finalized block is invalid");
}

TEST_F(DamagedStores, record_of_a_file_must_cover_its_blocks) {
    const std::string what = "a block's position is outside its file";
    expect_damaged_by(kFirstFileKey, kFileBlocksAt, Bytes(4, 0), what);
    expect_damaged_by(kFirstFileKey, kFileBlockBytesAt, Bytes(8, 0), what);
    expect_damaged_by(kFirstFileKey, kFileUndoBytesAt, Bytes(8, 0), what);
    expect_damaged_by(kFirstFileKey, kFileHeightLastAt, Bytes(4, 0), what);
    WriteBatch batch;
    batch.erase(kFirstFileKey);
    blocks->commit(std::move(batch), Durability::written);
    expect_damaged(what);
}

TEST_F(DamagedStores, new_blocks_follow_the_old_ones_whatever_the_record_of_their_file_says) {
    const uint64_t size = *blocks->file_size({FileId::Kind::block, 0});
    const uint64_t undo_size = *blocks->file_size({FileId::Kind::undo, 0});
    write(kFirstFileKey, kFileBlocksAt, Bytes(20, 0xff));
    TestChain chain(params, options, blocks, coins);
    const HeaderNode& node = chain.mine();
    EXPECT_EQ(node.block_position.offset, size + 8);
    EXPECT_EQ(node.undo_position.offset, undo_size + 8);
    chain->flush(Durability::synced);
    chain.restart();
    EXPECT_EQ(chain->index().tip().height, Height{kHeight + 1});
}

TEST_F(DamagedStores, reindexing_of_files_that_are_unknown_is_refused) {
    put(*blocks, {kReindexKey}, Bytes(4, 0xff));
    expect_damaged("the record 'R' names unknown files");
    put(*blocks, {kReindexKey}, Bytes{1, 0, 0, 0});
    expect_damaged("the record 'R' names unknown files");
}

TEST_F(DamagedStores, name_in_the_first_record_is_not_shown_unless_it_is_one) {
    StoreMeta meta = *parse_meta(**coins->get(Bytes{kMetaKey}));
    meta.chain = "reg\ntest";
    put(*coins, {kMetaKey}, serialize_meta(meta));
    expect_damaged("its first record");
}

TEST_F(DamagedStores, two_blocks_that_arrived_together_are_two) {
    BlockHash other;
    {
        TestChain chain(params, options, blocks, coins);
        other = chain.extend(*chain->index().at_height(Height{kHeight - 1}), 1, 7)->hash;
        chain->finalize(hashes.back());
        chain->flush(Durability::synced);
    }
    const Bytes record = **blocks->get(header_key(kHeight));
    const auto at = record.begin() + static_cast<ptrdiff_t>(kSequenceAt);
    const Bytes sequence(at, at + 8);
    std::swap(hashes.back(), other);
    write(header_key(kHeight), kSequenceAt, sequence);
    TestChain chain(params, options, blocks, coins);
    EXPECT_EQ(chain->index().tip().hash, other);
}

TEST_F(DamagedStores, coin_that_no_block_has_made_is_a_failure_and_no_verdict) {
    for (const bool too_young : {true, false}) {
        Coin coin{{Amount{kCoin}, op_true()}, Height{1}, true};
        if (too_young) {
            coin.height = Height{std::numeric_limits<int32_t>::max()};
            coin.coinbase = false;
        } else {
            coin.output.script_pubkey = Script{Bytes{OP_RETURN}};
        }
        put(*coins, coin_key(first_coin), coin_record(coin));
        // By time, by blocks, and none.
        for (const uint32_t sequence : {kSequenceLockIsTime, 3u, TxInput::kSequenceFinal}) {
            TestChain chain(params, options, std::make_shared<MemoryStorage>(*blocks),
                            std::make_shared<MemoryStorage>(*coins));
            BlockPlan plan;
            plan.transactions = {spend_true({first_coin}, Amount{1}, 1, sequence)};
            const auto result = chain.accept(chain.build(chain->index().tip(), plan));
            const auto update = chain.activate();
            EXPECT_TRUE(update.invalid.empty());
            EXPECT_EQ(result.node->status, BlockStatus::stored);
            ASSERT_TRUE(chain->failure().has_value());
            EXPECT_EQ(chain->failure()->code, StorageError::Code::corruption);
        }
    }
}

TEST(StoredBlocks, read_does_not_depend_on_where_options_put_segwit) {
    auto blocks = std::make_shared<MemoryStorage>();
    auto coins = std::make_shared<MemoryStorage>();
    {
        TestChain chain(regtest_params(), {}, blocks, coins);
        chain.mine(10);
    }
    ChainParams params = regtest_params();
    params.activation.segwit = Height{6};  // -testactivationheight=segwit@6
    TestChain later(std::move(params), {}, blocks, coins);
    const auto fifth = later->read_block(*later->index().at_height(Height{5}));
    ASSERT_TRUE(fifth);
    EXPECT_TRUE((*fifth)->transactions[0]->has_witness());
}

TEST(DamagedPrunedStore, block_that_was_removed_ends_what_needs_it) {
    ChainOptions options;
    options.prune = true;
    options.block_file_bytes_max = 20'000;
    options.prune_after_height = 0;
    auto blocks = std::make_shared<MemoryStorage>();
    auto coins = std::make_shared<MemoryStorage>();
    TestChain chain(regtest_params(), options, blocks, coins);
    chain.mine(500);
    const Height pruned = chain->prune(Height{400});
    ASSERT_GT(pruned, Height{0});
    MemoryStorage store;
    NullLog log;
    TxIndex index(store, *chain, log);
    ASSERT_TRUE(index.open());
    EXPECT_FALSE(index.has_history());
    // Without its coins: they cannot be made again.
    const WorkRules rules(chain.params());
    InlineScriptVerifier verifier;
    MemoryStorage no_coins;
    const auto opened =
        Chainstate::open(chain.params(), rules, *blocks, no_coins, verifier, log, options);
    ASSERT_FALSE(opened.has_value());
    EXPECT_NE(opened.error().find("a block is missing"), std::string::npos) << opened.error();
    // Back over the end of what there is, to a better branch.
    chain.extend(*chain->index().at_height(pruned - 1), 502 - pruned.value(), 7);
    chain.activate();
    ASSERT_TRUE(chain->failure().has_value());
    EXPECT_EQ(chain->failure()->message, "Failed to disconnect block.");
}

TEST(DamagedPrunedStore, tip_has_its_body) {
    ChainOptions options;
    options.prune = true;
    options.block_file_bytes_max = 20'000;
    auto blocks = std::make_shared<MemoryStorage>();
    TestChain chain(regtest_params(), options, blocks, std::make_shared<MemoryStorage>());
    chain.mine(500);
    const Height pruned = chain->prune(Height{400});
    ASSERT_GT(pruned, Height{0});
    for (const Height height : {Height{1}, pruned, pruned + 1}) {
        const auto refused = chain->invalidate(chain->index().at_height(height)->hash);
        ASSERT_FALSE(refused.has_value());
        EXPECT_EQ(refused.error().reason, "pruned");
    }
    ASSERT_TRUE(chain->invalidate(chain->index().at_height(pruned + 2)->hash));
    chain.activate();
    EXPECT_EQ(chain->index().tip().height, pruned + 1);
    chain.restart();
    EXPECT_EQ(chain->index().tip().height, pruned + 1);
    EXPECT_FALSE(chain->failure().has_value());
}

}  // namespace
}  // namespace parley
