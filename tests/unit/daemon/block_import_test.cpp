#include "node/daemon/block_import.h"

#include <bzlib.h>
#include <gtest/gtest.h>

#include <fstream>

#include "tests/unit/daemon/temporary_directory.h"

namespace parley {
namespace {

constexpr std::array<uint8_t, 4> kMagic{0xfa, 0xbf, 0xb5, 0xda};

BlockRef block(uint32_t nonce) {
    Block result;
    result.header.nonce = nonce;
    TransactionData coinbase;
    coinbase.inputs.resize(1);
    coinbase.outputs.resize(1);
    result.transactions.push_back(std::make_shared<const Transaction>(std::move(coinbase)));
    return std::make_shared<const Block>(std::move(result));
}

Bytes record(const BlockRef& block) {
    const Bytes body = block->serialize();
    return Writer{}.bytes(kMagic).le(static_cast<uint32_t>(body.size())).bytes(body).take();
}

class BlockFileReaderTest : public testing::Test {
 protected:
    // Nonces of the blocks that are found in a file of these bytes.
    std::vector<uint32_t> read(const Bytes& content) {
        const std::string path = directory_ / "blocks";
        std::ofstream(path, std::ios::binary) << as_text(content);
        auto reader = BlockFileReader::open(path, kMagic);
        EXPECT_TRUE(reader) << reader.error();
        std::vector<uint32_t> nonces;
        while (const BlockRef found = reader->next()) nonces.push_back(found->header.nonce);
        problem_ = reader->problem();
        skipped_ = reader->skipped_bytes();
        return nonces;
    }

    TemporaryDirectory directory_;
    std::string problem_;
    uint64_t skipped_ = 0;
};

using Nonces = std::vector<uint32_t>;

TEST_F(BlockFileReaderTest, next_finds_each_block_and_skips_damage) {
    Bytes content;
    append(content, record(block(1)));
    append(content, Bytes(100, 0));  // as bitcoind preallocates
    append(content, kMagic);         // a magic without a block
    append(content, record(block(2)));
    Bytes cut = record(block(3));
    cut.resize(cut.size() - 5);
    append(content, cut);
    append(content, record(block(4)));
    EXPECT_EQ(read(content), (Nonces{1, 2, 4}));
    EXPECT_EQ(skipped_, 100 + 4 + cut.size());
    EXPECT_EQ(problem_, "");
}

TEST_F(BlockFileReaderTest, next_across_reads_finds_every_block) {
    Bytes content;
    Nonces expected;
    while (content.size() < (5u << 20)) {
        expected.push_back(static_cast<uint32_t>(expected.size()));
        append(content, record(block(expected.back())));
        content.push_back(kMagic[0]);
    }
    EXPECT_EQ(read(content), expected);
}

TEST_F(BlockFileReaderTest, next_of_nothing_and_of_garbage_ends) {
    EXPECT_EQ(read({}), Nonces{});
    EXPECT_EQ(read(Bytes(3 << 20, 0xfa)), Nonces{});
    EXPECT_EQ(skipped_, 3u << 20);
}

TEST_F(BlockFileReaderTest, next_reads_bzip2_and_reports_damage_in_it) {
    Bytes content;
    Nonces expected;
    for (uint32_t i = 0; i < 1000; ++i) {
        expected.push_back(i);
        append(content, record(block(i)));
    }
    Bytes compressed(content.size() + 10'000);
    auto size = static_cast<unsigned>(compressed.size());
    ASSERT_EQ(BZ2_bzBuffToBuffCompress(reinterpret_cast<char*>(compressed.data()), &size,
                                       reinterpret_cast<char*>(content.data()),
                                       static_cast<unsigned>(content.size()), 9, 0, 0),
              BZ_OK);
    compressed.resize(size);
    EXPECT_EQ(read(compressed), expected);
    EXPECT_EQ(problem_, "");
    compressed.resize(size / 2);
    EXPECT_LT(read(compressed).size(), expected.size());
    EXPECT_NE(problem_, "");
}

TEST(BlockFileReader, open_absent_file_is_an_error) {
    EXPECT_FALSE(BlockFileReader::open("/nonexistent/blocks", kMagic));
}

}  // namespace
}  // namespace parley
