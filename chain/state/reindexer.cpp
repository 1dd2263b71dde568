#include "chain/state/reindexer.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "base/check.h"
#include "chain/primitives/consensus_limits.h"

namespace parley {
namespace {

constexpr size_t kPrefixSize = 8;  // magic and length
constexpr size_t kBlockSizeMax = static_cast<size_t>(kBlockWeightMax.value());
constexpr size_t kBlockSizeMin = BlockHeader::kSize + 1;
// Limits of one step: a few blocks of the maximum size, or many small ones.
constexpr size_t kStepBytes = size_t{4} << 20;
constexpr size_t kStepBlocks = 64;
static_assert(kStepBytes >= kBlockSizeMax + kPrefixSize);
// Blocks that precede their parents in the files. Only positions are kept, which limits the memory
// to about 100 MB.
constexpr size_t kWaitingMax = 1'000'000;

}  // namespace

Expected<uint32_t, StorageError> Reindexer::count_files(const Storage& storage) {
    uint32_t count = 0;
    while (true) {
        const auto size = storage.file_size({FileId::Kind::block, count});
        if (!size) return Unexpected(size.error());
        if (*size == 0) return count;
        ++count;
    }
}

Expected<void, StorageError> Reindexer::step(const Accept& accept) {
    CHECK(!done());
    const FileId file{FileId::Kind::block, file_};
    const auto size = storage_.file_size(file);
    if (!size) return Unexpected(size.error());
    if (offset_ == 0)
        log_.info(LogCategory::general, "Reindexing block file blk{:05}.dat ({}% complete)...",
                  file_, 100 * file_ / files_);
    const size_t left = static_cast<size_t>(*size - std::min(*size, offset_));
    const auto chunk = storage_.read_file(file, offset_, std::min(left, kStepBytes));
    if (!chunk) return Unexpected(chunk.error());
    const size_t used = read_chunk(*chunk, left > kStepBytes, accept);
    offset_ += used;
    // Only an incomplete block can follow the last complete one.
    if (used == 0 || offset_ >= *size) {
        log_.info(LogCategory::general, "Reindexed block file blk{:05}.dat", file_);
        ++file_;
        offset_ = 0;
    }
    return {};
}

// Returns the number of bytes that are done; 0 at the end of the file.
size_t Reindexer::read_chunk(ByteSpan chunk, bool more_follow, const Accept& accept) {
    size_t at = 0;
    size_t blocks = 0;
    while (blocks < kStepBlocks) {
        const auto begin = chunk.begin() + static_cast<ptrdiff_t>(at);
        const auto found = std::search(begin, chunk.end(), magic_.begin(), magic_.end());
        at = static_cast<size_t>(found - chunk.begin());
        if (chunk.size() - at < kPrefixSize) {
            // The buffer may end with the first bytes of a magic.
            return more_follow ? chunk.size() - (kPrefixSize - 1) : chunk.size();
        }
        const auto size = Reader{chunk.subspan(at + magic_.size())}.le<uint32_t>();
        if (size < kBlockSizeMin || size > kBlockSizeMax) {
            ++at;
            continue;
        }
        if (chunk.size() - at - kPrefixSize < size) {
            if (more_follow) return at;
            ++at;  // the length exceeds the file, so this is not a block
            continue;
        }
        Reader reader(chunk.subspan(at + kPrefixSize, size));
        auto block = std::make_shared<Block>(read_block(reader));
        if (!reader.done()) {
            ++at;
            continue;
        }
        offer(std::move(block), {file_, offset_ + at + kPrefixSize, size}, accept);
        at += kPrefixSize + size;
        ++blocks;
    }
    return at;
}

// Accepts a block that was found, and then the blocks that wait for it.
void Reindexer::offer(BlockRef block, const FilePosition& position, const Accept& accept) {
    std::vector<std::pair<BlockRef, FilePosition>> ready;
    ready.emplace_back(std::move(block), position);
    while (!ready.empty()) {
        const auto [each, at] = std::move(ready.back());
        ready.pop_back();
        const Verdict verdict = accept(each, at);
        if (verdict == Verdict::missing_parent && waiting_.size() < kWaitingMax) {
            log_.debug(LogCategory::validation,
                       "LoadExternalBlockFile: Out of order block {}, parent {} not known",
                       each->header.hash().to_string(), each->header.previous.to_string());
            waiting_.emplace(each->header.previous, at);
        }
        if (verdict != Verdict::known) continue;
        const auto [first, last] = waiting_.equal_range(each->header.hash());
        for (auto child = first; child != last; ++child) {
            const auto bytes = store_.read_block(child->second);
            if (!bytes) continue;
            Reader reader(*bytes);
            ready.emplace_back(std::make_shared<Block>(read_block(reader)), child->second);
            log_.debug(LogCategory::validation,
                       "LoadExternalBlockFile: Processing out of order child {} of {}",
                       ready.back().first->header.hash().to_string(),
                       each->header.hash().to_string());
        }
        waiting_.erase(first, last);
    }
}

}  // namespace parley
