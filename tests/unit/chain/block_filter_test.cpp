// Compact block filters: the set and its code, the published vectors, and the index.
#include "chain/state/indexes/block_filter.h"

#include <gtest/gtest.h>
#include <simdjson.h>

#include "chain/state/indexes/filter_index.h"
#include "tests/unit/chain/test_chain.h"
#include "tests/unit/vectors.h"

namespace parley {
namespace {

BlockHash block_number(uint8_t number) {
    BlockHash hash;
    hash.bytes()[0] = number;
    return hash;
}

std::vector<Bytes> numbered_scripts(uint32_t first, uint32_t count) {
    std::vector<Bytes> scripts;
    for (uint32_t i = first; i < first + count; ++i) {
        Writer writer;
        writer.le(i);
        scripts.push_back(writer.take());
    }
    return scripts;
}

TEST(BlockFilter, matches_every_script_in_it_and_hardly_any_other) {
    const BlockHash block = block_number(7);
    const auto inside = numbered_scripts(0, 500);
    const Bytes filter = basic_filter(block, inside);
    for (const Bytes& script : inside)
        EXPECT_EQ(filter_matches(filter, block, std::vector<Bytes>{script}), true);
    EXPECT_EQ(filter_matches(filter, block, numbered_scripts(1'000, 100)), false);
    // One that is in it is found among others.
    auto mixed = numbered_scripts(1'000, 100);
    mixed.push_back(inside[3]);
    EXPECT_EQ(filter_matches(filter, block, mixed), true);
    // The key is the block's: in another block's filter the same scripts are elsewhere.
    EXPECT_NE(basic_filter(block_number(8), inside), filter);
    EXPECT_EQ(filter_matches(filter, block, {}), false);
}

TEST(BlockFilter, order_and_repetition_of_scripts_make_no_difference) {
    auto scripts = numbered_scripts(0, 20);
    const Bytes filter = basic_filter(block_number(1), scripts);
    std::ranges::reverse(scripts);
    scripts.push_back(scripts[4]);
    EXPECT_EQ(basic_filter(block_number(1), scripts), filter);
}

TEST(BlockFilter, empty_set_is_one_byte_and_damaged_filters_are_told_apart) {
    const BlockHash block = block_number(1);
    EXPECT_EQ(basic_filter(block, {}), Bytes{0});
    EXPECT_EQ(filter_matches(Bytes{0}, block, numbered_scripts(0, 3)), false);
    Bytes cut = basic_filter(block, numbered_scripts(0, 50));
    cut.resize(cut.size() / 2);
    EXPECT_EQ(filter_matches(cut, block, numbered_scripts(0, 3)), std::nullopt);
    EXPECT_EQ(filter_matches({}, block, numbered_scripts(0, 3)), std::nullopt);
    EXPECT_EQ(filter_matches(Bytes(20, 0xff), block, numbered_scripts(0, 3)), std::nullopt);
}

TEST(BlockFilterVectors, all_match) {
    const auto text = read_vectors("blockfilters.json");
    if (!text) GTEST_SKIP() << "blockfilters.json not found: 10 cases left out";
    simdjson::dom::parser parser;
    int cases = 0;
    for (const auto row : parser.parse(*text).get_array()) {
        if (row.get_array().size() < 8) continue;  // the names of the columns
        const auto field = [&](size_t i) { return std::string_view(row.at(i)); };
        const auto bytes = from_hex(field(2));
        Reader reader(*bytes);
        const Block block = read_block(reader);
        ASSERT_TRUE(reader.done());
        ASSERT_EQ(block.header.hash().to_string(), field(1));
        BlockUndo undo{{{}}};
        for (const std::string_view script : row.at(3).get_array())
            undo.spent[0].push_back({{Amount{0}, Script{*from_hex(script)}}, Height{0}, false});
        const Bytes filter = basic_filter(block, undo);
        EXPECT_EQ(to_hex(filter), field(5)) << field(7);
        EXPECT_EQ(filter_header(filter, *Hash256::from_string(field(4))).to_string(), field(6));
        ++cases;
    }
    expect_cases("blockfilters.json", cases, 10);
}

class FilterIndexTest : public ::testing::Test {
 protected:
    FilterIndexTest() { chain.mine(130); }

    static void catch_up(FilterIndex& index) {
        while (!index.synced() && !index.failure()) index.step();
    }

    TestChain chain;
    MemoryStorage store;
    NullLog log;
};

TEST_F(FilterIndexTest, headers_form_a_chain_from_the_genesis_block_on) {
    FilterIndex index(store, *chain, log);
    ASSERT_TRUE(index.open());
    catch_up(index);
    ASSERT_FALSE(index.failure());
    Hash256 previous;
    for (int32_t height = 0; height <= 130; ++height) {
        const HeaderNode& node = *chain->index().at_height(Height{height});
        const auto record = index.find(node).value();
        ASSERT_TRUE(record.has_value()) << height;
        EXPECT_EQ(record->header, filter_header(record->filter, previous)) << height;
        previous = record->header;
    }
}

TEST_F(FilterIndexTest, has_the_scripts_that_a_block_spends_and_follows_a_reorganisation) {
    FilterIndex index(store, *chain, log);
    ASSERT_TRUE(index.open());
    catch_up(index);
    const HeaderNode& fork = chain->index().tip();
    const auto spent = chain.block(Height{1})->transactions[0]->outputs()[0].script_pubkey;
    BlockPlan plan;
    plan.transactions = {spend_true({coinbase_outpoint(chain.block(Height{1}))}, Amount{1})};
    const auto left = chain.build(fork, plan);
    chain.add(left);
    catch_up(index);
    const HeaderNode& stale = chain->index().tip();
    const Bytes filter = index.find(stale).value()->filter;
    EXPECT_EQ(filter_matches(filter, stale.hash, std::vector<Bytes>{to_bytes(spent.bytes())}),
              true);
    plan.extra_nonce = 1;
    const auto joined = chain.build(fork, plan);
    chain.accept(joined);
    chain.extend(*chain->index().find(joined->header.hash()), 1);
    chain.activate();
    catch_up(index);
    const HeaderNode& first = *chain->index().find(joined->header.hash());
    const auto before = index.find(fork).value();
    const auto record = index.find(first).value();
    ASSERT_TRUE(record.has_value());
    EXPECT_EQ(record->header, filter_header(record->filter, before->header));
    // The filter of a stale block stays.
    EXPECT_TRUE(index.find(stale).value().has_value());
    // A second index over the same store continues where the first one stopped.
    FilterIndex again(store, *chain, log);
    ASSERT_TRUE(again.open());
    EXPECT_TRUE(again.synced());
    chain.mine(1);
    catch_up(again);
    const HeaderNode& tip = chain->index().tip();
    EXPECT_EQ(
        again.find(tip).value()->header,
        filter_header(again.find(tip).value()->filter, again.find(*tip.parent).value()->header));
}

TEST_F(FilterIndexTest, lost_record_is_reported_as_damage) {
    {
        FilterIndex index(store, *chain, log);
        ASSERT_TRUE(index.open());
        catch_up(index);
    }
    WriteBatch batch;
    Writer key;
    key.u8('f').hash(chain->index().tip().hash);
    batch.erase(key.take());
    store.commit(std::move(batch), Durability::written);
    FilterIndex index(store, *chain, log);
    ASSERT_TRUE(index.open());
    chain.mine(1);
    index.step();
    ASSERT_TRUE(index.failure().has_value());
    EXPECT_NE(index.failure()->message.find("indexes/blockfilter/basic is damaged"),
              std::string::npos);
}

}  // namespace
}  // namespace parley
