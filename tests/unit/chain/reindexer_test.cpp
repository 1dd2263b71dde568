#include "chain/state/reindexer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "tests/unit/chain/chain_parts.h"

namespace parley {
namespace {

// Block files with whatever a test writes into them, and a chain that accepts what fits.
class Files : public ::testing::Test {
 protected:
    // Appends magic, length and the block.
    FilePosition write(const BlockRef& block, uint32_t file = 0) {
        const Bytes bytes = block->serialize();
        Writer writer;
        writer.bytes(params.magic).le(static_cast<uint32_t>(bytes.size())).bytes(bytes);
        const uint64_t offset = end(file);
        append(writer.take(), file);
        return {file, offset + 8, static_cast<uint32_t>(bytes.size())};
    }
    void append(const Bytes& bytes, uint32_t file = 0) {
        WriteBatch batch;
        batch.write_file({FileId::Kind::block, file}, end(file), bytes);
        storage.commit(std::move(batch), Durability::written);
    }
    uint64_t end(uint32_t file) const { return *storage.file_size({FileId::Kind::block, file}); }

    // A chain of blocks on genesis.
    std::vector<BlockRef> chain(int count) {
        std::vector<BlockRef> blocks;
        BlockIndex index(params, rules);
        const HeaderNode* node = &index.genesis();
        for (int i = 0; i < count; ++i) {
            blocks.push_back(build_block(params, rules, *node));
            const BlockHeader& header = blocks.back()->header;
            node = &index.add(header, header.hash(), *node, {}, *node->score + Score{1});
        }
        return blocks;
    }
    Reindexer reindexer(uint32_t files = 1) { return {storage, store, params.magic, files, log}; }
    Reindexer::Accept accept() {
        known.insert(params.genesis_hash);
        return [this](const BlockRef& block, const FilePosition& position) {
            const BlockHash hash = block->header.hash();
            if (hash == refused) return Reindexer::Verdict::refused;
            if (!known.contains(block->header.previous) && hash != params.genesis_hash)
                return Reindexer::Verdict::missing_parent;
            known.insert(hash);
            accepted.emplace_back(hash, position);
            return Reindexer::Verdict::known;
        };
    }
    int run(Reindexer& reindexer) {
        int steps = 0;
        for (; !reindexer.done(); ++steps) {
            EXPECT_TRUE(reindexer.step(accept()).has_value());
            if (steps > 1'000) break;
        }
        return steps;
    }

    const ChainParams params = regtest_params();
    const WorkRules rules{params};
    MemoryStorage storage;
    BlockStore store{storage, params.magic};
    NullLog log;
    std::set<BlockHash> known;
    std::vector<std::pair<BlockHash, FilePosition>> accepted;
    BlockHash refused;
};

TEST_F(Files, blocks_are_found_among_garbage_with_their_positions) {
    const auto blocks = chain(2);
    append(Bytes(37, 0xab));
    append(to_bytes(params.magic));  // a magic without a block
    const FilePosition first = write(blocks[0]);
    append(Bytes(5, 0));
    const FilePosition second = write(blocks[1]);
    Reindexer reading = reindexer();
    run(reading);
    ASSERT_EQ(accepted.size(), 2u);
    EXPECT_EQ(accepted[0], (std::pair{blocks[0]->header.hash(), first}));
    EXPECT_EQ(accepted[1], (std::pair{blocks[1]->header.hash(), second}));
    EXPECT_EQ(reading.waiting(), 0u);
}

TEST_F(Files, child_before_its_parent_waits_across_files) {
    const auto blocks = chain(3);
    const FilePosition third = write(blocks[2], 0);
    write(blocks[1], 0);
    write(blocks[0], 1);
    Reindexer reading = reindexer(2);
    while (accepted.empty() && !reading.done()) {
        EXPECT_TRUE(reading.step(accept()).has_value());
        if (accepted.empty()) {
            EXPECT_EQ(reading.waiting(), 2u);
        }
    }
    run(reading);
    ASSERT_EQ(accepted.size(), 3u);
    EXPECT_EQ(accepted[0].first, blocks[0]->header.hash());
    EXPECT_EQ(accepted[2], (std::pair{blocks[2]->header.hash(), third}));
    EXPECT_EQ(reading.waiting(), 0u);
}

TEST_F(Files, refused_parent_leaves_its_children_waiting) {
    const auto blocks = chain(2);
    write(blocks[1]);
    write(blocks[0]);
    refused = blocks[0]->header.hash();
    Reindexer reading = reindexer();
    run(reading);
    EXPECT_TRUE(accepted.empty());
    EXPECT_EQ(reading.waiting(), 1u);
}

TEST_F(Files, torn_block_at_the_end_is_no_block) {
    const auto blocks = chain(2);
    write(blocks[0]);
    const FilePosition torn = write(blocks[1]);
    WriteBatch batch;
    batch.write_file({FileId::Kind::block, 1}, 0,
                     *storage.read_file({FileId::Kind::block, 0}, 0, torn.offset + torn.size - 1));
    storage.commit(std::move(batch), Durability::written);
    BlockStore store_of_copy(storage, params.magic);
    known.insert(params.genesis_hash);
    Reindexer reading = reindexer(2);
    run(reading);
    // Both from the first file; of the second one, the whole block only, again.
    ASSERT_EQ(accepted.size(), 3u);
    EXPECT_EQ(accepted[2].first, blocks[0]->header.hash());
    EXPECT_EQ(accepted[2].second.file, 1u);
}

TEST_F(Files, one_step_takes_a_bounded_number_of_blocks) {
    const auto blocks = chain(100);
    for (const auto& block : blocks) write(block);
    Reindexer reading = reindexer();
    ASSERT_TRUE(reading.step(accept()).has_value());
    EXPECT_EQ(accepted.size(), 64u);
    EXPECT_FALSE(reading.done());
    run(reading);
    EXPECT_EQ(accepted.size(), 100u);
}

TEST_F(Files, files_are_counted_up_to_the_first_gap) {
    EXPECT_EQ(*Reindexer::count_files(storage), 0u);
    append(Bytes{1}, 0);
    append(Bytes{1}, 1);
    append(Bytes{1}, 3);
    EXPECT_EQ(*Reindexer::count_files(storage), 2u);
}

TEST_F(Files, without_files_it_is_done_at_once) {
    Reindexer reading = reindexer(0);
    EXPECT_TRUE(reading.done());
    EXPECT_DEATH((void)reading.step(accept()), "done");
}

TEST_F(Files, failing_disk_is_an_error_and_the_piece_is_read_again) {
    CommitTrail trail;
    TrailStorage disk('b', trail);
    const auto blocks = chain(1);
    const Bytes bytes = blocks[0]->serialize();
    Writer writer;
    writer.bytes(params.magic).le(static_cast<uint32_t>(bytes.size())).bytes(bytes);
    WriteBatch batch;
    batch.write_file({FileId::Kind::block, 0}, 0, writer.take());
    disk.commit(std::move(batch), Durability::written);
    BlockStore files(disk, params.magic);
    Reindexer reading(disk, files, params.magic, 1, log);
    disk.failing = true;
    EXPECT_FALSE(reading.step(accept()).has_value());
    EXPECT_FALSE(Reindexer::count_files(disk).has_value());
    EXPECT_FALSE(reading.done());
    disk.failing = false;
    run(reading);
    EXPECT_EQ(accepted.size(), 1u);
}

}  // namespace
}  // namespace parley
