// The write-back cache of coins: against a plain map, its memory against the heap's, and what
// reaches the store.
#include <gtest/gtest.h>
#include <malloc.h>

#include <algorithm>
#include <map>

#include "base/random.h"
#include "base/storage/memory_storage.h"
#include "chain/state/coins_cache.h"
#include "chain/state/coins_writer.h"
#include "chain/state/index/header_tree.h"
#include "chain/store/coin_codec.h"
#include "tests/unit/chain/observed_storage.h"
#include "tests/unit/scale.h"
#include "tests/unit/seed.h"

namespace parley {
namespace {

OutPoint small_outpoint(SeededRandom& random) {
    // Few different ones, so that they meet again.
    std::array<uint8_t, 32> raw{};
    raw[0] = static_cast<uint8_t>(random.uniform(40));
    return {Txid{Hash256{raw}}, static_cast<uint32_t>(random.uniform(2))};
}

// No small_coin() is of a block above.
constexpr Height kHeightMax{1'000};

Coin small_coin(SeededRandom& random) {
    const Amount value{static_cast<int64_t>(random.uniform(1'000'000))};
    return {TxOutput{value, Script{Bytes(random.uniform(40), OP_TRUE)}},
            Height{static_cast<int32_t>(random.uniform(1'000))}, random.uniform(2) == 0};
}

// Writes a shard, or all of them, as CoinsWriter does, but without its record.
void flush(CoinsCache& cache, Storage& storage, std::optional<size_t> only, bool drop) {
    WriteBatch batch;
    for (size_t shard = 0; shard < CoinsCache::kShards; ++shard) {
        if (only && shard != *only) continue;
        cache.flush_shard(shard, drop, [&](const OutPoint& outpoint, const Coin* coin) {
            if (coin == nullptr) return batch.erase(coin_key(outpoint));
            Writer writer;
            write_coin(writer, *coin);
            batch.put(coin_key(outpoint), writer.take());
        });
    }
    storage.commit(std::move(batch), Durability::written);
}

std::map<OutPoint, Coin> stored_coins(const Storage& storage) {
    std::map<OutPoint, Coin> coins;
    EXPECT_TRUE(storage.scan(Bytes{kCoinsKeys[0].coin}, [&](ByteSpan key, ByteSpan value) {
        Reader reader(value);
        coins[outpoint_of_key(key)] = read_coin(reader);
        return reader.done();
    }));
    return coins;
}

using Model = std::map<OutPoint, Coin>;

std::optional<Coin> in_model(const Model& model, const OutPoint& outpoint) {
    const auto found = model.find(outpoint);
    return found == model.end() ? std::nullopt : std::optional{found->second};
}

// One block's worth of operations on an overlay, each with its answer compared. Returns their
// number, or 0 at the first difference. What changes is in `changes` (empty: spent).
size_t operate(CoinsOverlay& overlay, const Model& model, SeededRandom& random,
               std::map<OutPoint, std::optional<Coin>>& changes) {
    const size_t count = 1 + random.uniform(8);
    const auto state_of = [&](const OutPoint& outpoint) {
        const auto changed = changes.find(outpoint);
        return changed == changes.end() ? in_model(model, outpoint) : changed->second;
    };
    for (size_t n = 0; n < count; ++n) {
        const OutPoint outpoint = small_outpoint(random);
        const auto known = state_of(outpoint);
        const uint64_t kind = random.uniform(5);
        if (kind >= 3) {
            // Of any length, with the same ones in it, and ones that are spent or not there.
            std::vector<OutPoint> together(random.uniform(40));
            for (OutPoint& next : together) next = small_outpoint(random);
            if (kind == 3 && !overlay.load(together, kHeightMax)) return 0;
            const auto found = overlay.coins(together).value();
            for (size_t i = 0; i < together.size(); ++i) {
                if (found[i] != state_of(together[i])) return 0;
            }
            continue;
        }
        if (kind != 2 && !overlay.load(std::vector{outpoint}, kHeightMax)) return 0;
        if (kind == 0) {
            if (overlay.contains(outpoint) != known.has_value()) return 0;
            if (overlay.coin(outpoint).value() != known) return 0;
        } else if (kind == 1) {
            if (overlay.spend(outpoint) != known) return 0;
            changes[outpoint] = std::nullopt;
        } else if (!known) {
            // As blocks do: only what is not there, or was spent on the overlay, is added.
            const Coin coin = small_coin(random);
            changes[outpoint] = coin;
            overlay.add(outpoint, coin);
        }
    }
    return count;
}

TEST(CoinsCache, agrees_with_a_plain_map_over_a_million_operations) {
    constexpr size_t kOperations = 1'000'000;
    SeededRandom random(test_seed());
    MemoryStorage storage;
    const OutPointHash hash(1, 2);
    auto cache = std::make_unique<CoinsCache>(storage, hash);
    Model model;
    size_t operations = 0;
    size_t restarts = 0;
    while (operations < kOperations) {
        CoinsOverlay overlay(*cache, hash);
        std::map<OutPoint, std::optional<Coin>> changes;
        const size_t done = operate(overlay, model, random, changes);
        ASSERT_NE(done, 0u) << "after " << operations;
        operations += done + 1;
        if (random.uniform(4) != 0) {
            cache->apply(std::move(overlay));
            for (auto& [outpoint, coin] : changes) {
                if (coin)
                    model[outpoint] = *coin;
                else
                    model.erase(outpoint);
            }
        }
        const OutPoint probe = small_outpoint(random);
        ASSERT_EQ(cache->coin(probe).value(), in_model(model, probe));
        const uint64_t event = random.uniform(200);
        if (event < 10) {
            flush(*cache, storage, random.uniform(40), event < 5);
        } else if (event == 10) {
            flush(*cache, storage, std::nullopt, random.uniform(2) == 0);
            ASSERT_FALSE(cache->has_changes());
            ASSERT_EQ(stored_coins(storage), model);
            cache = std::make_unique<CoinsCache>(storage, hash);
            ++restarts;
        } else if (event == 11) {
            // What the replay after a crash does: whatever was there.
            const OutPoint outpoint = small_outpoint(random);
            cache->put(outpoint, model[outpoint] = small_coin(random));
        } else if (event == 12) {
            const OutPoint outpoint = small_outpoint(random);
            cache->erase(outpoint);
            model.erase(outpoint);
        }
    }
    EXPECT_GT(restarts, 100u);
    flush(*cache, storage, std::nullopt, true);
    EXPECT_EQ(cache->size(), 0u);
    EXPECT_EQ(stored_coins(storage), model);
}

Coin coin_of(int64_t value) {
    return {TxOutput{Amount{value}, Script{Bytes{OP_TRUE}}}, Height{1}, false};
}

TEST(CoinsCache, coin_that_lives_between_two_flushes_never_reaches_the_store) {
    MemoryStorage storage;
    CoinsCache cache(storage, OutPointHash(1, 2));
    const OutPoint outpoint{Txid{Hash256{{1}}}, 0};
    const auto change = [&](auto operation) {
        CoinsOverlay overlay(cache, cache.hash());
        operation(overlay);
        cache.apply(std::move(overlay));
    };
    const auto written = [&] {
        size_t count = 0;
        for (size_t shard = 0; shard < CoinsCache::kShards; ++shard)
            cache.flush_shard(shard, false, [&](const OutPoint&, const Coin*) { ++count; });
        return count;
    };
    const Coin coin = coin_of(1);
    change([&](CoinsOverlay& overlay) { overlay.add(outpoint, coin); });
    const auto spend = [&](CoinsOverlay& overlay) {
        ASSERT_TRUE(overlay.load(std::vector{outpoint}, kHeightMax));
        EXPECT_EQ(overlay.spend(outpoint), coin);
    };
    change(spend);
    EXPECT_FALSE(cache.has_changes());
    EXPECT_EQ(cache.size(), 0u);
    EXPECT_EQ(written(), 0u);
    change([&](CoinsOverlay& overlay) { overlay.add(outpoint, coin); });
    EXPECT_EQ(written(), 1u);
    change(spend);
    EXPECT_TRUE(cache.has_changes());
    EXPECT_EQ(written(), 1u) << "erased again";
    EXPECT_EQ(cache.size(), 0u);
}

TEST(CoinsCache, coin_in_the_place_of_a_stored_one_is_erased_with_it) {
    MemoryStorage storage;
    CoinsCache cache(storage, OutPointHash(1, 2));
    const OutPoint outpoint{Txid{Hash256{{1}}}, 0};
    CoinsOverlay first(cache, cache.hash());
    first.add(outpoint, coin_of(1));
    cache.apply(std::move(first));
    flush(cache, storage, std::nullopt, true);
    ASSERT_EQ(stored_coins(storage).size(), 1u);

    CoinsOverlay second(cache, cache.hash());
    ASSERT_TRUE(second.load(std::vector{outpoint}, kHeightMax));
    EXPECT_EQ(second.spend(outpoint), coin_of(1));
    second.add(outpoint, coin_of(2));
    flush(cache, storage, std::nullopt, true);  // the cache drops the coins that it has read
    cache.apply(std::move(second));
    EXPECT_EQ(cache.coin(outpoint).value(), coin_of(2));

    CoinsOverlay third(cache, cache.hash());
    ASSERT_TRUE(third.load(std::vector{outpoint}, kHeightMax));
    EXPECT_EQ(third.spend(outpoint), coin_of(2));
    cache.apply(std::move(third));
    EXPECT_FALSE(cache.coin(outpoint).value());
    flush(cache, storage, std::nullopt, true);
    EXPECT_TRUE(stored_coins(storage).empty());
    EXPECT_FALSE(cache.coin(outpoint).value());
}

TEST(CoinsCache, what_is_fetched_is_read_once_and_together) {
    MemoryStorage below;
    ObservedStorage storage(below);
    CoinsCache cache(storage, OutPointHash(1, 2));
    std::vector<OutPoint> outpoints;
    for (uint8_t i = 0; i < 100; ++i) outpoints.push_back({Txid{Hash256{{i}}}, 0});
    CoinsOverlay first(cache, cache.hash());
    for (size_t i = 0; i < 60; ++i) first.add(outpoints[i], coin_of(1 + static_cast<int64_t>(i)));
    cache.apply(std::move(first));
    flush(cache, below, std::nullopt, true);
    storage.asked.clear();

    CoinsOverlay overlay(cache, cache.hash());
    overlay.add(outpoints[70], coin_of(1));
    std::vector<OutPoint> wanted(outpoints.rbegin(), outpoints.rend());
    wanted.insert(wanted.end(), outpoints.begin(), outpoints.end());
    ASSERT_TRUE(overlay.load(wanted, kHeightMax));
    EXPECT_EQ(storage.batches, 1u);
    EXPECT_EQ(storage.batch_keys.size(), 99u) << "each once, and none that the overlay has";
    EXPECT_TRUE(std::is_sorted(storage.batch_keys.begin(), storage.batch_keys.end()));
    EXPECT_EQ(cache.size(), 60u);
    for (size_t i = 0; i < 60; ++i)
        EXPECT_EQ(overlay.spend(outpoints[i]), coin_of(1 + static_cast<int64_t>(i)));
    EXPECT_TRUE(storage.asked.empty());
    ASSERT_TRUE(overlay.load(outpoints, kHeightMax));
    ASSERT_TRUE(cache.coins(std::span(outpoints).first(60)));
    EXPECT_EQ(storage.batches, 1u) << "all of them are known";
    EXPECT_FALSE(overlay.contains(outpoints[60]));
    EXPECT_TRUE(overlay.contains(outpoints[70]));
}

TEST(CoinsCache, store_that_fails_is_an_error_and_no_missing_coin) {
    MemoryStorage below;
    ObservedStorage storage(below);
    CoinsCache cache(storage, OutPointHash(1, 2));
    const OutPoint outpoint{Txid{Hash256{{1}}}, 0};
    EXPECT_FALSE(cache.coin(outpoint).value());
    storage.failing = true;
    const auto found = cache.coin(outpoint);
    ASSERT_FALSE(found.has_value());
    EXPECT_EQ(found.error().message, "disk on fire");
    EXPECT_FALSE(cache.coins(std::vector{outpoint}).has_value());
    storage.failing = false;
    EXPECT_FALSE(cache.coin(outpoint).value());
}

OutPoint spread_outpoint(SeededRandom& random) {
    std::array<uint8_t, 32> raw{};
    random.fill(raw);
    return {Txid{Hash256{raw}}, 0};
}

// -dbcache is a promise about memory, so that the figure is compared with what malloc gave away.
TEST(CoinsCache, usage_is_what_the_heap_has_given_within_five_percent) {
    if (kSanitized) GTEST_SKIP() << "the sanitizers bring an allocator of their own";
    SeededRandom random(test_seed());
    MemoryStorage storage;
    const auto heap = [] { return ::mallinfo2().uordblks + ::mallinfo2().hblkhd; };
    for (const size_t script_size : {size_t{0}, size_t{22}, size_t{34}, size_t{300}}) {
        for (const size_t count : {size_t{5'000}, size_t{40'000}, size_t{70'000}}) {
            const size_t before = heap();
            CoinsCache cache(storage, OutPointHash(1, 2));
            for (size_t i = 0; i < count; i += 1'000) {
                CoinsOverlay overlay(cache, cache.hash());
                for (size_t j = 0; j < 1'000; ++j) {
                    overlay.add(spread_outpoint(random),
                                Coin{TxOutput{Amount{1}, Script{Bytes(script_size, OP_TRUE)}},
                                     Height{1}, false});
                }
                cache.apply(std::move(overlay));
            }
            const auto taken = static_cast<double>(heap() - before);
            const auto usage = static_cast<double>(cache.usage_bytes());
            EXPECT_GT(usage, 0.95 * taken) << script_size << " " << count;
            EXPECT_LT(usage, 1.05 * taken) << script_size << " " << count;
            RecordProperty("usage", static_cast<int>(usage));
        }
    }
}

// Slices keep the cache at its limit, regardless of the blocks.
TEST(CoinsWriter, cache_stays_within_a_tenth_of_its_limit) {
    SeededRandom random(test_seed());
    const HeaderTree tree{BlockHeader{}};
    for (const size_t limit : {size_t{4} << 20, size_t{16} << 20}) {
        MemoryStorage storage;
        CoinsCache cache(storage, OutPointHash(1, 2));
        CoinsWriter coins_writer(storage, cache, {limit, 1'000'000});
        coins_writer.restore({&tree.genesis()});
        coins_writer.replayed();
        size_t peak = 0;
        size_t slices = 0;
        for (int block = 0; block < 300; ++block) {
            CoinsOverlay overlay(cache, cache.hash());
            for (int i = 0; i < 1'000; ++i) {
                overlay.add(spread_outpoint(random),
                            Coin{TxOutput{Amount{1}, p2wpkh_script(Hash160{})}, Height{1}, false});
            }
            cache.apply(std::move(overlay));
            coins_writer.block_passed();
            peak = std::max(peak, cache.usage_bytes());
            for (; coins_writer.due(); ++slices) coins_writer.write_slice(tree.genesis());
            ASSERT_LE(cache.usage_bytes(), limit);
        }
        EXPECT_LT(peak, limit + limit / 10);
        EXPECT_GT(peak, limit / 2);
        EXPECT_GT(slices, 10u);
        coins_writer.write_all(tree.genesis(), Durability::written, true);
        EXPECT_EQ(stored_coins(storage).size(), 300'000u);
    }
}

TEST(CoinsWriter, walk_record_round_trips_and_other_sizes_are_refused) {
    HeaderTree tree{BlockHeader{}};
    BlockHeader header;
    header.previous = tree.genesis().hash;
    const HeaderNode& child = tree.add(header, header.hash(), tree.genesis());
    const Bytes record = serialize_coins_walk({&tree.genesis(), &child});
    EXPECT_EQ(*parse_coins_walk(record), (std::vector{tree.genesis().hash, child.hash}));
    EXPECT_FALSE(parse_coins_walk({}));
    EXPECT_FALSE(parse_coins_walk(ByteSpan{record}.first(63)));
}

TEST(CoinsCache, damaged_record_is_an_error) {
    MemoryStorage storage;
    const OutPoint outpoint{Txid{Hash256{{1}}}, 0};
    WriteBatch batch;
    batch.put(coin_key(outpoint), Bytes{1, 2});
    storage.commit(std::move(batch), Durability::written);
    const CoinsCache cache(storage, OutPointHash(1, 2));
    EXPECT_FALSE(cache.coin({Txid{}, 0}).value());
    const auto found = cache.coin(outpoint);
    ASSERT_FALSE(found.has_value());
    EXPECT_EQ(found.error().code, StorageError::Code::corruption);
    EXPECT_EQ(cache.size(), 0u);
}

TEST(CoinsOverlay, view_that_fails_leaves_it_empty) {
    MemoryStorage below;
    ObservedStorage storage(below);
    const CoinsCache cache(storage, OutPointHash(1, 2));
    const std::vector<OutPoint> outpoints{{Txid{Hash256{{1}}}, 0}, {Txid{Hash256{{2}}}, 0}};
    CoinsOverlay overlay(cache, cache.hash());
    ASSERT_TRUE(overlay.load(std::span(outpoints).first(1), kHeightMax));
    EXPECT_EQ(overlay.size(), 1u);
    storage.failing = true;
    const auto loaded = overlay.load(outpoints, kHeightMax);
    ASSERT_FALSE(loaded.has_value());
    EXPECT_EQ(loaded.error().message, "disk on fire");
    EXPECT_EQ(overlay.size(), 0u);
}

TEST(CoinsOverlay, coin_above_the_height_is_damage) {
    MemoryStorage storage;
    CoinsCache cache(storage, OutPointHash(1, 2));
    const OutPoint outpoint{Txid{Hash256{{1}}}, 0};
    Coin coin = coin_of(1);
    coin.height = Height{8};
    CoinsOverlay below(cache, cache.hash());
    below.add(outpoint, coin);
    for (const int32_t height : {7, 8}) {
        CoinsOverlay overlay(below, cache.hash());
        const auto loaded = overlay.load(std::vector{outpoint}, Height{height});
        ASSERT_EQ(loaded.has_value(), height == 8);
        if (!loaded) {
            EXPECT_EQ(loaded.error().code, StorageError::Code::corruption);
        }
    }
}

TEST(CoinsOverlay, absence_is_assumed_of_what_is_not_known_only) {
    MemoryStorage storage;
    CoinsCache cache(storage, OutPointHash(1, 2));
    const OutPoint known{Txid{Hash256{{1}}}, 0};
    const OutPoint unknown{Txid{Hash256{{2}}}, 0};
    CoinsOverlay overlay(cache, cache.hash());
    overlay.add(known, coin_of(1));
    overlay.assume_absent(known);
    overlay.assume_absent(unknown);
    EXPECT_TRUE(overlay.contains(known));
    EXPECT_FALSE(overlay.spend(unknown));
}

TEST(CoinsOverlayDeathTest, coin_that_was_not_loaded_is_our_own_bug) {
    MemoryStorage storage;
    CoinsCache cache(storage, OutPointHash(1, 2));
    const OutPoint outpoint{Txid{Hash256{{1}}}, 0};
    CoinsOverlay overlay(cache, cache.hash());
    EXPECT_DEATH(overlay.spend(outpoint), "CHECK");
    EXPECT_DEATH((void)overlay.contains(outpoint), "CHECK");
}

}  // namespace
}  // namespace parley
