#include <gtest/gtest.h>

#include <map>

#include "base/memory_storage.h"
#include "base/random.h"
#include "chain/coin_codec.h"
#include "chain/coins_cache.h"
#include "chain/undo.h"
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

OutPoint small_outpoint(SeededRandom& random) {
    // Few different ones, so that they meet again.
    std::array<uint8_t, 32> raw{};
    raw[0] = static_cast<uint8_t>(random.uniform(40));
    return {Txid{Hash256{raw}}, static_cast<uint32_t>(random.uniform(2))};
}

// Random operations on a cache with overlays, flushes and restarts, beside a plain map.
TEST(CoinsCache, agrees_with_a_plain_map_over_random_operations) {
    const uint64_t seed = test_seed();
    SeededRandom random(seed);
    MemoryStorage storage;
    const OutPointHash hash(1, 2);
    auto cache = std::make_unique<CoinsCache>(storage, hash);
    std::map<OutPoint, Coin> model;
    std::map<OutPoint, Coin> stored;
    for (int round = 0; round < 4'000; ++round) {
        CoinsOverlay overlay(*cache, hash);
        auto next = model;
        for (uint64_t n = random.uniform(8); n > 0; --n) {
            const OutPoint outpoint = small_outpoint(random);
            const auto expected = next.find(outpoint);
            const auto known =
                expected == next.end() ? std::nullopt : std::optional{expected->second};
            switch (random.uniform(3)) {
                case 0:
                    ASSERT_EQ(overlay.coin(outpoint), known);
                    break;
                case 1:
                    ASSERT_EQ(overlay.spend(outpoint), known);
                    next.erase(outpoint);
                    break;
                default:
                    // As blocks do: only what is not there, or was spent on the overlay, is added.
                    if (known) break;
                    next[outpoint] = random_coin(random);
                    overlay.add(outpoint, next[outpoint]);
            }
        }
        if (random.uniform(4) != 0) {
            cache->apply(std::move(overlay));
            model = std::move(next);
        }
        const OutPoint probe = small_outpoint(random);
        ASSERT_EQ(cache->coin(probe),
                  model.contains(probe) ? std::optional{model[probe]} : std::nullopt);
        const uint64_t event = random.uniform(60);
        if (event < 3) {
            cache->flush(BlockHash{}, Durability::written, event == 0);
            stored = model;
        } else if (event == 3) {
            cache = std::make_unique<CoinsCache>(storage, hash);  // a crash
            model = stored;
        }
    }
    cache->flush(BlockHash{}, Durability::written, true);
    std::map<OutPoint, Coin> final_coins;
    ASSERT_TRUE(storage.scan(Bytes{kCoinKeyPrefix}, [&](ByteSpan key, ByteSpan value) {
        Reader reader(value);
        final_coins[outpoint_of_key(key)] = read_coin(reader);
        return reader.done();
    }));
    EXPECT_EQ(final_coins, model);
}

TEST(CoinsCache, coin_that_lives_between_two_flushes_never_reaches_the_store) {
    class Counting final : public Storage {
     public:
        Expected<std::optional<Bytes>, StorageError> get(ByteSpan key) const override {
            return memory.get(key);
        }
        Expected<void, StorageError> scan(ByteSpan prefix, const Visitor& visitor) const override {
            return memory.scan(prefix, visitor);
        }
        Expected<Bytes, StorageError> read_file(FileId file, uint64_t offset,
                                                size_t size) const override {
            return memory.read_file(file, offset, size);
        }
        CommitId commit(WriteBatch batch, Durability durability) override {
            operations += batch.operations().size();
            return memory.commit(std::move(batch), durability);
        }
        MemoryStorage memory;
        size_t operations = 0;
    } storage;
    CoinsCache cache(storage, OutPointHash(1, 2));
    const OutPoint outpoint{Txid{Hash256{{1}}}, 0};
    const auto change = [&](auto operation) {
        CoinsOverlay overlay(cache, cache.hash());
        operation(overlay);
        cache.apply(std::move(overlay));
    };
    const Coin coin{TxOutput{Amount{1}, Script{Bytes{OP_TRUE}}}, Height{1}, false};
    change([&](CoinsOverlay& overlay) { overlay.add(outpoint, coin); });
    change([&](CoinsOverlay& overlay) { overlay.spend(outpoint); });
    EXPECT_FALSE(cache.has_changes());
    cache.flush(BlockHash{}, Durability::written, false);
    EXPECT_EQ(storage.operations, 1u) << "the best block only";
    change([&](CoinsOverlay& overlay) { overlay.add(outpoint, coin); });
    cache.flush(BlockHash{}, Durability::written, false);
    change([&](CoinsOverlay& overlay) { overlay.spend(outpoint); });
    EXPECT_TRUE(cache.has_changes());
    cache.flush(BlockHash{}, Durability::written, false);
    EXPECT_EQ(storage.operations, 5u) << "written, and erased again";
}

TEST(CoinsCache, usage_grows_with_coins_and_returns_when_dropped) {
    MemoryStorage storage;
    CoinsCache cache(storage, OutPointHash(1, 2));
    const size_t empty = cache.usage_bytes();
    CoinsOverlay overlay(cache, cache.hash());
    for (uint32_t i = 0; i < 1'000; ++i) {
        overlay.add({Txid{}, i},
                    Coin{TxOutput{Amount{1}, p2wpkh_script(Hash160{})}, Height{1}, false});
    }
    cache.apply(std::move(overlay));
    EXPECT_GT(cache.usage_bytes(), empty + 1'000 * (sizeof(OutPoint) + sizeof(Coin) + 22));
    cache.flush(BlockHash{}, Durability::written, true);
    EXPECT_EQ(cache.usage_bytes(), empty);
    EXPECT_TRUE(cache.coin({Txid{}, 7}).has_value());
}

TEST(CoinsCache, damaged_record_sets_the_failure) {
    MemoryStorage storage;
    const OutPoint outpoint{Txid{Hash256{{1}}}, 0};
    WriteBatch batch;
    batch.put(coin_key(outpoint), Bytes{1, 2});
    storage.commit(std::move(batch), Durability::written);
    CoinsCache cache(storage, OutPointHash(1, 2));
    EXPECT_FALSE(cache.coin({Txid{}, 0}).has_value());
    EXPECT_FALSE(cache.failure().has_value());
    EXPECT_FALSE(cache.coin(outpoint).has_value());
    ASSERT_TRUE(cache.failure().has_value());
    EXPECT_EQ(cache.failure()->code, StorageError::Code::corruption);
}

}  // namespace
}  // namespace parley
