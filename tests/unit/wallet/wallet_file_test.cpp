// The file of a wallet's backup.
#include "wallet/backup/wallet_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/crypto/sha256.h"
#include "base/serialize.h"

namespace parley {
namespace {

using ::testing::HasSubstr;

const WalletRecords kRecords{{{'A', 1}, {}}, {{'V'}, {1, 2, 3}}};

/// With the digest of such a content.
Bytes sealed(Bytes content) {
    const Hash256 digest = sha256d(content);
    append(content, digest.span());
    return content;
}

Bytes with_magic(const Writer& rest) {
    Bytes content = to_bytes(as_bytes(kWalletFileMagic));
    append(content, rest.data());
    return sealed(std::move(content));
}

TEST(WalletFile, records_areReadAsTheyWereWritten) {
    for (const WalletRecords& records : {WalletRecords{}, kRecords}) {
        const auto read = decode_wallet_file(encode_wallet_file(records));
        ASSERT_TRUE(read) << read.error();
        ASSERT_EQ(read->size(), records.size());
        for (size_t i = 0; i < records.size(); ++i) {
            EXPECT_EQ((*read)[i].key, records[i].key);
            EXPECT_EQ((*read)[i].value, records[i].value);
        }
    }
}

TEST(WalletFile, otherKinds_areToldFromDamage) {
    const Bytes file = encode_wallet_file(kRecords);
    for (size_t size = 0; size < file.size(); ++size) {
        const auto read = decode_wallet_file(ByteSpan{file}.first(size));
        ASSERT_FALSE(read) << size;
        EXPECT_THAT(read.error(), HasSubstr(size < 16 ? "not a backup" : "damaged")) << size;
    }
    for (size_t i = 0; i < file.size(); ++i) {
        Bytes changed = file;
        changed[i] ^= 1;
        const auto read = decode_wallet_file(changed);
        ASSERT_FALSE(read) << i;
        EXPECT_THAT(read.error(), HasSubstr(i < 16 ? "not a backup" : "damaged")) << i;
    }
}

TEST(WalletFile, sealedNonsense_isRefused) {
    EXPECT_TRUE(decode_wallet_file(with_magic(Writer{}.compact_size(0))));
    // No count, a count without records, a record too many, keys out of order and twice.
    EXPECT_FALSE(decode_wallet_file(with_magic(Writer{})));
    EXPECT_FALSE(decode_wallet_file(with_magic(Writer{}.compact_size(0x01ffffff))));
    const auto records = [](uint64_t count, std::initializer_list<uint8_t> keys) {
        Writer writer;
        writer.compact_size(count);
        for (const uint8_t key : keys) writer.var_bytes(Bytes{key}).var_bytes(Bytes{});
        return with_magic(writer);
    };
    EXPECT_TRUE(decode_wallet_file(records(2, {1, 2})));
    EXPECT_FALSE(decode_wallet_file(records(1, {1, 2})));
    EXPECT_FALSE(decode_wallet_file(records(2, {2, 1})));
    EXPECT_FALSE(decode_wallet_file(records(2, {1, 1})));
}

}  // namespace
}  // namespace parley
