#include <gtest/gtest.h>

#include <map>

#include "base/random.h"
#include "base/storage/memory_storage.h"
#include "chain/state/coins_cache.h"
#include "chain/store/coin_codec.h"
#include "tests/unit/seed.h"

namespace parley {
namespace {

TEST(Varint, known_encodings_and_random_round_trips) {
    const auto encode = [](uint64_t value) {
        Writer writer;
        write_varint(writer, value);
        return to_hex(writer.data());
    };
    EXPECT_EQ(encode(0), "00");
    EXPECT_EQ(encode(0x7f), "7f");
    EXPECT_EQ(encode(0x80), "8000");
    EXPECT_EQ(encode(0x1234), "a334");
    EXPECT_EQ(encode(0xffff), "82fe7f");
    EXPECT_EQ(encode(0x123456), "c7e756");
    EXPECT_EQ(encode(0x80123456), "86ffc7e756");
    EXPECT_EQ(encode(0xffffffff), "8efefefe7f");
    EXPECT_EQ(encode(0xffffffffffffffff), "80fefefefefefefefe7f");
    for (uint64_t back = 0; back < 300; ++back) {
        Writer writer;
        write_varint(writer, 0xffffffffffffffff - back);
        Reader reader(writer.data());
        ASSERT_EQ(read_varint(reader), 0xffffffffffffffff - back);
        ASSERT_TRUE(reader.done());
    }
    SeededRandom random(test_seed());
    for (int i = 0; i < 10'000; ++i) {
        const uint64_t value = random.next() >> random.uniform(64);
        Writer writer;
        write_varint(writer, value);
        Reader reader(writer.data());
        ASSERT_EQ(read_varint(reader), value);
        ASSERT_TRUE(reader.done());
    }
}

TEST(Varint, overlong_and_cut_numbers_fail) {
    for (const char* hex : {"", "80", "8080808080808080808000", "80fefefefefefefeff00"}) {
        const Bytes bytes = *from_hex(hex);
        Reader reader(bytes);
        read_varint(reader);
        EXPECT_FALSE(reader.ok()) << hex;
    }
}

TEST(CompressAmount, known_values_and_random_round_trips) {
    EXPECT_EQ(compress_amount(0), 0u);
    EXPECT_EQ(compress_amount(1), 0x1u);
    EXPECT_EQ(compress_amount(1'000'000), 0x7u);
    EXPECT_EQ(compress_amount(100'000'000), 0x9u);
    EXPECT_EQ(compress_amount(5'000'000'000), 0x32u);
    EXPECT_EQ(compress_amount(2'100'000'000'000'000), 0x1406f40u);
    SeededRandom random(test_seed());
    for (int i = 0; i < 20'000; ++i) {
        uint64_t amount = random.uniform(2'100'000'000'000'001) >> random.uniform(50);
        for (uint64_t zeros = random.uniform(8); zeros > 0; --zeros) amount -= amount % 10;
        ASSERT_EQ(decompress_amount(compress_amount(amount)), amount);
    }
    for (uint64_t code = 0; code < 100'000; ++code)
        ASSERT_EQ(compress_amount(decompress_amount(code)), code);
}

TEST(CompressedScript, sizes_of_the_common_forms) {
    const auto size = [](const Script& script) {
        Writer writer;
        write_compressed_script(writer, script);
        Reader reader(writer.data());
        EXPECT_EQ(read_compressed_script(reader), script);
        EXPECT_TRUE(reader.done());
        return writer.size();
    };
    EXPECT_EQ(size(p2pkh_script(Hash160{1})), 21u);
    EXPECT_EQ(size(p2sh_script(Hash160{1})), 21u);
    Bytes key(33, 7);
    key[0] = 3;
    EXPECT_EQ(size(ScriptBuilder{}.push(key).op(OP_CHECKSIG).build()), 33u);
    key[0] = 5;
    EXPECT_EQ(size(ScriptBuilder{}.push(key).op(OP_CHECKSIG).build()), 36u);
    EXPECT_EQ(size(p2wpkh_script(Hash160{1})), 23u);
    EXPECT_EQ(size(Script{}), 1u);
    EXPECT_EQ(size(Script{Bytes(10'000, 1)}), 10'002u);
    Bytes uncompressed(65, 7);
    uncompressed[0] = 4;
    EXPECT_EQ(size(ScriptBuilder{}.push(uncompressed).op(OP_CHECKSIG).build()), 68u);
}

TEST(CompressedScript, kinds_that_are_never_written_and_huge_sizes_fail) {
    for (const char* hex : {"04", "05", "ffffffff7f", "8080"}) {
        Bytes bytes = *from_hex(hex);
        bytes.resize(bytes.size() + 32);
        Reader reader(ByteSpan{bytes}.first(hex == std::string_view{"8080"} ? 2 : bytes.size()));
        read_compressed_script(reader);
        EXPECT_FALSE(reader.ok()) << hex;
    }
}

Coin random_coin(SeededRandom& random) {
    Coin coin;
    coin.height = Height{static_cast<int32_t>(random.uniform(1'000'000))};
    coin.coinbase = random.uniform(2) == 0;
    coin.output.value = Amount{static_cast<int64_t>(random.uniform(2'100'000'000'000'000))};
    Bytes bytes(random.uniform(60));
    random.fill(bytes);
    if (!bytes.empty() && bytes[0] == OP_RETURN) bytes[0] = OP_TRUE;
    coin.output.script_pubkey = Script{bytes};
    if (random.uniform(2) == 0) coin.output.script_pubkey = p2wpkh_script(Hash160{1, 2});
    return coin;
}

TEST(ReadCoin, amount_beyond_all_the_money_is_damage) {
    for (const uint64_t amount :
         {uint64_t{2'100'000'000'000'000}, uint64_t{2'100'000'000'000'001}}) {
        Writer writer;
        write_varint(writer, 2);  // height 1
        write_varint(writer, compress_amount(amount));
        write_compressed_script(writer, Script{});
        Reader reader(writer.data());
        read_coin(reader);
        EXPECT_EQ(reader.done(), amount == 2'100'000'000'000'000);
    }
}

TEST(ReadCoin, height_beyond_31_bits_is_damage) {
    constexpr uint64_t kHeightMax = (uint64_t{1} << 31) - 1;
    for (const uint64_t height : {kHeightMax, kHeightMax + 1, uint64_t{1} << 40}) {
        Writer writer;
        write_varint(writer, 2 * height + 1);
        write_varint(writer, 0);
        write_compressed_script(writer, Script{});
        Reader reader(writer.data());
        const Coin coin = read_coin(reader);
        ASSERT_EQ(reader.done(), height == kHeightMax);
        if (reader.done()) {
            EXPECT_EQ(coin.height, Height{0x7fffffff});
        }
    }
}

TEST(BlockUndo, coin_of_genesis_round_trips) {
    const Coin coin{TxOutput{Amount{1}, Script{Bytes{OP_TRUE}}}, Height{0}, false};
    const BlockUndo undo{{{coin, coin}}};
    const Bytes bytes = serialize_undo(undo);
    // Counts, then twice: height code, amount, size of the script, script.
    EXPECT_EQ(to_hex(bytes),
              "0102"
              "00010751"
              "00010751");
    EXPECT_EQ(parse_undo(bytes), undo);
}

TEST(BlockUndo, random_undo_round_trips_and_every_cut_is_refused) {
    SeededRandom random(test_seed());
    for (int i = 0; i < 50; ++i) {
        BlockUndo undo;
        undo.spent.resize(random.uniform(5));
        for (auto& coins : undo.spent) {
            for (uint64_t n = 1 + random.uniform(4); n > 0; --n)
                coins.push_back(random_coin(random));
        }
        const Bytes bytes = serialize_undo(undo);
        ASSERT_EQ(parse_undo(bytes), undo);
        for (size_t size = 0; size < bytes.size(); ++size)
            ASSERT_FALSE(parse_undo(ByteSpan{bytes}.first(size)));
        Bytes longer = bytes;
        longer.push_back(0);
        ASSERT_FALSE(parse_undo(longer));
    }
}

TEST(BlockUndo, hostile_counts_allocate_nothing) {
    EXPECT_FALSE(parse_undo(*from_hex("feffffff01")));
    EXPECT_FALSE(parse_undo(*from_hex("01feffffff01")));
}

}  // namespace
}  // namespace parley
