// A witness keeps its items, in one piece, as a vector of them would.
#include "chain/primitives/witness.h"

#include <gtest/gtest.h>

#include "base/random.h"
#include "tests/unit/seed.h"

namespace parley {
namespace {

TEST(Witness, without_items_is_empty_and_one_byte_on_the_wire) {
    const Witness none;
    EXPECT_TRUE(none.empty());
    EXPECT_EQ(none.size(), 0u);
    EXPECT_EQ(none.heap_bytes(), 0u);
    EXPECT_EQ(none.encoded_size(), 1u);
    EXPECT_TRUE(none.copy().empty());
    EXPECT_EQ(none, Witness(std::vector<Bytes>{}));
    const Witness one_empty_item = {Bytes{}};
    EXPECT_FALSE(one_empty_item.empty());
    EXPECT_NE(none, one_empty_item);
}

TEST(Witness, items_come_back_through_every_door) {
    SeededRandom random(test_seed());
    for (int round = 0; round < 500; ++round) {
        std::vector<Bytes> items(random.uniform(6));
        Witness pushed;
        for (auto& item : items) {
            item.resize(random.uniform(4) == 0 ? random.uniform(70'000) : random.uniform(80));
            for (auto& byte : item) byte = static_cast<uint8_t>(random.uniform(256));
            pushed.push_back(item);
        }
        const Witness witness = items;
        EXPECT_EQ(witness.copy(), items);
        EXPECT_EQ(pushed, witness);
        Writer writer;
        witness.write(writer);
        EXPECT_EQ(witness.encoded_size(), writer.size());
        Reader reader(writer.data());
        EXPECT_EQ(Witness::read(reader), witness);
        EXPECT_TRUE(reader.done());
        size_t i = 0;
        for (const ByteSpan item : witness) EXPECT_EQ(to_bytes(item), items.at(i++));
        EXPECT_EQ(i, items.size());
    }
}

TEST(Witness, first_items_are_a_part_of_it) {
    const Witness witness = {Bytes{1}, Bytes{}, Bytes{2, 3}};
    const WitnessItems two = witness.items().first(2);
    EXPECT_EQ(two.size(), 2u);
    EXPECT_EQ(to_bytes(two.front()), Bytes{1});
    EXPECT_TRUE(two.back().empty());
    EXPECT_TRUE(two.first(0).empty());
    EXPECT_EQ(std::distance(two.begin(), two.end()), 2);
}

TEST(Witness, an_item_of_its_own_can_be_pushed) {
    Witness witness = {Bytes{7, 8}};
    witness.push_back(witness[0]);
    EXPECT_EQ(witness.copy(), (std::vector<Bytes>{{7, 8}, {7, 8}}));
}

TEST(Witness, lengths_beyond_the_input_fail_and_keep_nothing) {
    for (const Bytes& bad : {Bytes{}, Bytes{1}, Bytes{2, 1, 9}, Bytes{1, 3, 1, 2},
                             Bytes{0xfe, 0xff, 0xff, 0xff, 0xff}, Bytes{1, 0xfd, 1, 0, 9}}) {
        Reader reader(bad);
        const Witness witness = Witness::read(reader);
        EXPECT_FALSE(reader.ok()) << to_hex(bad);
        EXPECT_TRUE(witness.empty()) << to_hex(bad);
    }
}

}  // namespace
}  // namespace parley
