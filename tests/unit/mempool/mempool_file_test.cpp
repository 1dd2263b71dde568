// mempool.dat: bitcoind's form, and what a damaged file does.
#include "mempool/mempool_file.h"

#include <gtest/gtest.h>

#include "base/bytes.h"
#include "base/hash256.h"

namespace parley {
namespace {

TransactionRef transaction_of(uint32_t locktime) {
    TransactionData data;
    data.inputs.resize(1);
    data.outputs.push_back({Amount{5}, Script{Bytes{0x51}}});
    data.locktime = locktime;
    return make_transaction(std::move(data));
}

MempoolFile example() {
    MempoolFile file;
    file.entries.push_back({transaction_of(1), 1'700'000'000, Amount{-7}});
    file.entries.push_back({transaction_of(2), 1'700'000'001, Amount{0}});
    file.other_deltas[transaction_of(3)->txid()] = Amount{9'999};
    file.unbroadcast.insert(transaction_of(2)->txid());
    return file;
}

void expect_equal(const MempoolFile& a, const MempoolFile& b) {
    ASSERT_EQ(a.entries.size(), b.entries.size());
    for (size_t i = 0; i < a.entries.size(); ++i) {
        EXPECT_EQ(a.entries[i].transaction->wtxid(), b.entries[i].transaction->wtxid());
        EXPECT_EQ(a.entries[i].time, b.entries[i].time);
        EXPECT_EQ(a.entries[i].fee_delta, b.entries[i].fee_delta);
    }
    EXPECT_EQ(a.other_deltas, b.other_deltas);
    EXPECT_EQ(a.unbroadcast, b.unbroadcast);
}

TEST(MempoolFile, serialize_then_parse_gives_the_same_in_both_versions) {
    const MempoolFile file = example();
    for (const auto& key : {std::optional<MempoolFile::Key>{},
                            std::optional{MempoolFile::Key{9, 8, 7, 6, 5, 4, 3, 2}}}) {
        const auto parsed = MempoolFile::parse(file.serialize(key));
        ASSERT_TRUE(parsed);
        expect_equal(*parsed, file);
    }
}

// The layout as bitcoind 31 writes it: version, key with its length, then everything with the key
// over it, whose first byte belongs to the offset 0 of the file.
TEST(MempoolFile, serialize_has_bitcoinds_layout) {
    const MempoolFile empty;
    EXPECT_EQ(to_hex(empty.serialize(std::nullopt)),
              "0100000000000000"
              "0000000000000000"
              "00"
              "00");
    const MempoolFile::Key key{0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88};
    EXPECT_EQ(to_hex(empty.serialize(key)),
              "0200000000000000"
              "08"
              "1122334455667788"
              "2233445566778811"
              "22"
              "33");
}

TEST(MempoolFile, parse_of_any_prefix_or_unknown_version_is_refused) {
    const Bytes whole = example().serialize(MempoolFile::Key{1, 2, 3, 4, 5, 6, 7, 8});
    for (size_t size = 0; size < whole.size(); ++size)
        EXPECT_FALSE(MempoolFile::parse(ByteSpan{whole}.first(size))) << size;
    Bytes unknown = whole;
    unknown[0] = 3;
    EXPECT_FALSE(MempoolFile::parse(unknown));
    Bytes short_key = whole;
    short_key[8] = 7;
    EXPECT_FALSE(MempoolFile::parse(short_key));
}

}  // namespace
}  // namespace parley
