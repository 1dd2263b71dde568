// The files on disk: layout, checks, and rejection of damaged files or files of another program.
#include <gtest/gtest.h>

#include "base/crypto/sha256.h"
#include "chain/state/coins_cache.h"
#include "chain/store/block_store.h"
#include "chain/store/index_store.h"
#include "tests/unit/chain/observed_storage.h"
#include "tests/unit/chain/test_chain.h"

namespace parley {
namespace {

constexpr FileId kFirstBlockFile{FileId::Kind::block, 0};
constexpr FileId kFirstUndoFile{FileId::Kind::undo, 0};

// A chain that can be damaged on the disk and opened again.
class Stores : public ::testing::Test {
 protected:
    Stores() : blocks(std::make_shared<MemoryStorage>()), coins(std::make_shared<MemoryStorage>()) {
        TestChain chain(regtest_params(), {}, blocks, coins);
        chain.mine(105);
        BlockPlan plan;
        plan.transactions = {spend_true({coinbase_outpoint(chain.block(Height{1}))}, Amount{1})};
        chain.add(chain.build(chain->index().tip(), plan));
        chain->flush(Durability::synced);
    }

    // The error message of opening the stores; empty on success.
    std::string open(const ChainParams& params, const std::string& engine = "pow") {
        const WorkRules rules(params);
        InlineScriptVerifier verifier;
        NullLog log;
        ChainOptions options;
        options.engine = engine;
        const auto opened =
            Chainstate::open(params, rules, *blocks, *coins, verifier, log, options);
        return opened ? std::string{} : opened.error();
    }
    std::string open() { return open(regtest_params()); }

    static void put(Storage& storage, const Bytes& key, Bytes value) {
        WriteBatch batch;
        batch.put(key, std::move(value));
        storage.commit(std::move(batch), Durability::written);
    }
    static void erase(Storage& storage, const Bytes& key) {
        WriteBatch batch;
        batch.erase(key);
        storage.commit(std::move(batch), Durability::written);
    }
    static bool mentions(const std::string& text, const char* word) {
        return text.find(word) != std::string::npos;
    }
    static void flip(Storage& storage, FileId file, uint64_t offset) {
        Bytes byte = *storage.read_file(file, offset, 1);
        byte[0] ^= 0x40;
        WriteBatch batch;
        batch.write_file(file, offset, byte);
        storage.commit(std::move(batch), Durability::written);
    }

    std::shared_ptr<MemoryStorage> blocks;
    std::shared_ptr<MemoryStorage> coins;
};

TEST_F(Stores, untouched_stores_open) {
    EXPECT_EQ(open(), "");
}

TEST_F(Stores, other_chain_engine_or_network_is_refused_with_a_way_out) {
    std::string text = open(main_params());
    EXPECT_TRUE(mentions(text, "belongs to chain 'regtest'")) << text;
    EXPECT_TRUE(mentions(text, "-chain=regtest"));
    text = open(regtest_params(), "pbft");
    EXPECT_TRUE(mentions(text, "-consensus=pow")) << text;
    ChainParams other = regtest_params();
    Block genesis = *other.genesis;
    genesis.header.nonce = 77;
    other.genesis = std::make_shared<const Block>(genesis);
    other.genesis_hash = genesis.header.hash();
    text = open(other);
    EXPECT_TRUE(mentions(text, "another network")) << text;
    EXPECT_EQ(open(), "") << "nothing was overwritten";
}

TEST_F(Stores, newer_format_and_foreign_data_are_refused) {
    StoreMeta meta = *parse_meta(**blocks->get(Bytes{kMetaKey}));
    meta.format = 2;
    put(*blocks, {kMetaKey}, serialize_meta(meta));
    EXPECT_TRUE(mentions(open(), "format 2"));
    put(*blocks, {kMetaKey}, Bytes{1, 2, 3});
    EXPECT_TRUE(mentions(open(), "damaged"));
    erase(*blocks, {kMetaKey});
    EXPECT_TRUE(mentions(open(), "another program"));
    blocks = std::make_shared<MemoryStorage>();
    EXPECT_TRUE(mentions(open(), "blocks it was built from are missing"));
}

TEST_F(Stores, damaged_index_is_refused) {
    const auto pristine = *blocks;
    const auto damaged = [&](const Bytes& key, std::optional<Bytes> value) {
        *blocks = pristine;
        if (value) {
            put(*blocks, key, *value);
        } else {
            erase(*blocks, key);
        }
        const std::string text = open();
        EXPECT_TRUE(mentions(text, "damaged")) << text;
        EXPECT_TRUE(mentions(text, "Restart with -reindex")) << text;
    };
    std::vector<std::pair<Bytes, Bytes>> records;
    ASSERT_TRUE(blocks->scan(Bytes{kHeaderKeyPrefix}, [&](ByteSpan key, ByteSpan value) {
        records.emplace_back(to_bytes(key), to_bytes(value));
        return true;
    }));
    ASSERT_EQ(records.size(), 107u);
    damaged(records[50].first, std::nullopt);
    damaged(records[0].first, std::nullopt);
    for (size_t size = 0; size < records[50].second.size(); size += 7) {
        damaged(records[50].first,
                Bytes(records[50].second.begin(),
                      records[50].second.begin() + static_cast<ptrdiff_t>(size)));
    }
    for (const size_t position : {size_t{3}, size_t{80}, size_t{81}}) {
        Bytes changed = records[50].second;
        changed[position] ^= 0x80;
        damaged(records[50].first, changed);
    }
    damaged({kActiveTipKey}, Bytes(32, 1));
    damaged({kActiveTipKey}, Bytes(31, 1));
    damaged({kActiveTipKey}, std::nullopt);
    damaged({kFinalizedKey}, Bytes(32, 1));
    damaged({kFileKeyPrefix, 0, 0, 0, 0}, Bytes{1});
    damaged({kFileKeyPrefix, 0, 0, 0, 9}, Bytes(40, 0));
    damaged({kFileKeyPrefix, 0, 0, 0, 9}, Bytes(36, 0));  // a record, but not of the next file
}

TEST_F(Stores, coins_of_an_unknown_block_are_refused) {
    put(*coins, {kCoinsKeys[0].walk}, Bytes(32, 9));
    EXPECT_TRUE(mentions(open(), "unknown"));
}

TEST_F(Stores, flipped_bits_in_block_and_undo_files_are_found_when_read) {
    const ChainParams params = regtest_params();
    const WorkRules rules(params);
    InlineScriptVerifier verifier;
    NullLog log;
    auto chain = std::move(*Chainstate::open(params, rules, *blocks, *coins, verifier, log, {}));
    const HeaderNode& node = chain->index().tip();
    ASSERT_TRUE(chain->read_block(node));
    ASSERT_TRUE(chain->read_undo(node));
    for (const uint64_t offset : {uint64_t{0}, uint64_t{5}, uint64_t{30}}) {
        flip(*blocks, kFirstUndoFile, node.undo_position.offset + offset);
        const auto undo = chain->read_undo(node);
        ASSERT_FALSE(undo.has_value()) << offset;
        EXPECT_EQ(undo.error().code, StorageError::Code::corruption);
        flip(*blocks, kFirstUndoFile, node.undo_position.offset + offset);
    }
    for (const uint64_t offset : {uint64_t{10}, uint64_t{80}, uint64_t{200}}) {
        flip(*blocks, kFirstBlockFile, node.block_position.offset + offset);
        const auto block = chain->read_block(node);
        ASSERT_FALSE(block.has_value()) << offset;
        EXPECT_EQ(block.error().code, StorageError::Code::corruption);
        flip(*blocks, kFirstBlockFile, node.block_position.offset + offset);
    }
    // A reorganisation that needs the damaged undo data stops, and says so.
    flip(*blocks, kFirstUndoFile, node.undo_position.offset);
    const BlockHash tip = node.hash;
    ASSERT_TRUE(chain->invalidate(tip));
    const auto update = chain->activate_best_chain();
    EXPECT_FALSE(update.changed());
    ASSERT_TRUE(chain->failure().has_value());
    EXPECT_EQ(chain->index().tip().hash, tip);
    chain->flush(Durability::synced);  // must not write incomplete state
    flip(*blocks, kFirstUndoFile, node.undo_position.offset);
    chain.reset();
    EXPECT_EQ(open(), "");
}

TEST_F(Stores, failing_disk_is_a_failure_and_no_verdict_about_a_block) {
    auto failing = std::make_shared<ObservedStorage>(*coins);
    TestChain chain(regtest_params(), {}, blocks, failing);
    failing->failing = true;
    BlockPlan plan;
    plan.transactions = {spend_true({coinbase_outpoint(chain.block(Height{2}))}, Amount{1})};
    const auto result = chain.accept(chain.build(chain->index().tip(), plan));
    ASSERT_EQ(result.state, BlockResult::State::accepted);
    const auto update = chain.activate();
    EXPECT_TRUE(update.invalid.empty());
    EXPECT_FALSE(update.changed());
    ASSERT_TRUE(chain->failure().has_value());
    EXPECT_EQ(chain->failure()->message, "disk on fire");
    EXPECT_EQ(result.node->status, BlockStatus::stored);
    failing->failing = false;
    chain.restart();
    EXPECT_EQ(chain->index().tip().height, Height{107}) << "the block was good all the time";
}

TEST_F(Stores, coins_that_a_block_spends_are_looked_up_together) {
    auto observed = std::make_shared<ObservedStorage>(*coins);
    TestChain chain(regtest_params(), {}, blocks, observed);
    const OutPoint second = coinbase_outpoint(chain.block(Height{2}));
    const OutPoint third = coinbase_outpoint(chain.block(Height{3}));
    BlockPlan plan;
    plan.transactions = {spend_true({third}, Amount{1}), spend_true({second}, Amount{1})};
    // Made in the same block: no store has it.
    const OutPoint made{plan.transactions[0]->txid(), 0};
    plan.transactions.push_back(spend_true({made}, Amount{1}));
    chain.add(chain.build(chain->index().tip(), plan));
    EXPECT_EQ(observed->batches, 1u);
    std::vector<Bytes> expected{coin_key(second), coin_key(third)};
    std::sort(expected.begin(), expected.end());
    EXPECT_EQ(observed->batch_keys, expected);
    for (const Bytes& key : expected) EXPECT_EQ(observed->asked.count(key), 0u);
}

TEST_F(Stores, block_file_has_the_layout_of_bitcoinds_tools) {
    const ChainParams params = regtest_params();
    const Bytes head = *blocks->read_file(kFirstBlockFile, 0, 8);
    Reader reader(head);
    EXPECT_EQ(to_bytes(reader.bytes(4)), to_bytes(params.magic));
    const auto size = reader.le<uint32_t>();
    EXPECT_EQ(size, params.genesis->size());
    EXPECT_EQ(*blocks->read_file(kFirstBlockFile, 8, size), params.genesis->serialize());
    EXPECT_EQ(to_bytes(*blocks->read_file(kFirstBlockFile, 8 + size, 4)), to_bytes(params.magic));
    // Undo of block 1: no transaction but the coinbase.
    Bytes message = to_bytes(params.genesis_hash.span());
    message.push_back(0);
    Bytes expected = to_bytes(params.magic);
    append(expected, Bytes{1, 0, 0, 0, 0});
    append(expected, sha256d(message).span());
    EXPECT_EQ(*blocks->read_file(kFirstUndoFile, 0, expected.size()), expected);
}

TEST(BlockStore, full_file_is_followed_by_the_next) {
    MemoryStorage storage;
    BlockStore store(storage, {1, 2, 3, 4}, 1'000);
    WriteBatch batch;
    std::vector<FilePosition> positions;
    for (uint8_t i = 0; i < 5; ++i)
        positions.push_back(store.append_block(batch, Bytes(400, i), Height{i}, 100u + i));
    positions.push_back(store.append_block(batch, Bytes(5'000, 9), Height{5}, 105));
    const auto undo = store.append_undo(batch, 0, Bytes(50, 7), BlockHash{});
    storage.commit(std::move(batch), Durability::written);
    EXPECT_EQ(positions[0], (FilePosition{0, 8, 400}));
    EXPECT_EQ(positions[1], (FilePosition{0, 416, 400}));
    EXPECT_EQ(positions[2], (FilePosition{1, 8, 400}));
    EXPECT_EQ(positions[4], (FilePosition{2, 8, 400}));
    EXPECT_EQ(positions[5], (FilePosition{3, 8, 5'000})) << "larger than a file: one of its own";
    for (uint8_t i = 0; i < 5; ++i) EXPECT_EQ(*store.read_block(positions[i]), Bytes(400, i));
    EXPECT_EQ(*store.read_undo(undo, BlockHash{}), Bytes(50, 7));
    EXPECT_FALSE(store.read_undo(undo, BlockHash{Hash256{{1}}})) << "of another block";
    const auto changed = store.take_changed();
    ASSERT_EQ(changed.size(), 4u);
    EXPECT_EQ(changed.at(0).blocks, 2u);
    EXPECT_EQ(changed.at(0).block_bytes, 816u);
    EXPECT_EQ(changed.at(0).undo_bytes, 90u);
    EXPECT_EQ(changed.at(1).height_first, Height{2});
    EXPECT_EQ(changed.at(1).time_last, 103u);
    EXPECT_TRUE(store.take_changed().empty());
    EXPECT_EQ(store.size_on_disk(), 5u * 408 + 5'008 + 90);
}

TEST(BlockStore, file_is_prunable_by_its_highest_block_and_never_while_it_grows) {
    MemoryStorage storage;
    BlockStore store(storage, {1, 2, 3, 4}, 1'000);
    WriteBatch batch;
    // In the order of their arrival, two in each file.
    for (const int32_t height : {5, 4, 6, 9, 8, 7})
        store.append_block(batch, Bytes(400, 1), Height{height},
                           100u + static_cast<uint32_t>(height));
    ASSERT_EQ(store.count(), 3u);
    const auto changed = store.take_changed();
    EXPECT_EQ(changed.at(0).height_first, Height{4});
    EXPECT_EQ(changed.at(0).height_last, Height{5});
    EXPECT_EQ(changed.at(2).time_first, 107u);
    EXPECT_EQ(changed.at(2).time_last, 108u);
    EXPECT_FALSE(store.is_prunable(0, Height{4}));
    EXPECT_TRUE(store.is_prunable(0, Height{5}));
    EXPECT_FALSE(store.is_prunable(1, Height{8}));
    EXPECT_TRUE(store.is_prunable(1, Height{9}));
    EXPECT_FALSE(store.is_prunable(2, Height{100})) << "the next block goes there";
    store.append_block(batch, Bytes(400, 1), Height{10}, 110);
    EXPECT_TRUE(store.is_prunable(2, Height{8}));
}

TEST(BlockStore, block_in_the_middle_of_a_file_does_not_shorten_it) {
    MemoryStorage storage;
    BlockStore store(storage, {1, 2, 3, 4}, 1'000);
    store.begin_behind(1);
    store.adopt_block({0, 508, 100}, Height{2}, 102);
    store.adopt_block({0, 8, 100}, Height{1}, 101);
    EXPECT_EQ(store.take_changed().at(0).block_bytes, 608u);
    EXPECT_EQ(store.size_on_disk(), 608u);
}

TEST(IndexRecord, header_must_hash_to_its_key) {
    HeaderNode node;
    node.header.time = 9;
    node.hash = node.header.hash();
    const auto reads = [&] {
        WriteBatch batch;
        put_header(batch, node);
        const auto& record = std::get<WriteBatch::Put>(batch.operations()[0]);
        return parse_header_record(record.key, record.value).has_value();
    };
    EXPECT_TRUE(reads());
    node.header.time = 10;
    EXPECT_FALSE(reads());
}

TEST(IndexRecord, every_field_survives) {
    HeaderNode node;
    node.header.version = 7;
    node.header.time = 9;
    node.hash = node.header.hash();
    node.height = Height{300};
    node.score = U256{1} << 200;
    node.seal = Bytes(1'000, 3);
    node.status = BlockStatus::invalid;
    node.invalidated = true;
    node.sequence = 1'234'567'890'123;
    node.transactions = 42;
    node.block_position = {1, 2, 3};
    node.undo_position = {4, 5, 6};
    WriteBatch batch;
    put_header(batch, node);
    const auto& record = std::get<WriteBatch::Put>(batch.operations()[0]);
    const auto parsed = parse_header_record(record.key, record.value);
    ASSERT_TRUE(parsed.has_value());
    EXPECT_EQ(parsed->header, node.header);
    EXPECT_EQ(parsed->hash, node.hash);
    EXPECT_EQ(parsed->height, node.height);
    EXPECT_EQ(parsed->score, node.score);
    EXPECT_EQ(parsed->seal, node.seal);
    EXPECT_EQ(parsed->status, node.status);
    EXPECT_EQ(parsed->invalidated, node.invalidated);
    EXPECT_EQ(parsed->sequence, node.sequence);
    EXPECT_EQ(parsed->transactions, node.transactions);
    EXPECT_EQ(parsed->block_position, node.block_position);
    EXPECT_EQ(parsed->undo_position, node.undo_position);
}

}  // namespace
}  // namespace parley
