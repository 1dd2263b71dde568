// -reindex: the block files are there, and the index is made from them anew, a bounded piece at a
// time, so that the node goes on meanwhile. What the host removed before: the index, the coins, the
// undo files. New blocks go to a file behind the ones that are read.
#include <fmt/format.h>

#include <algorithm>

#include "base/check.h"
#include "chain/primitives/consensus_limits.h"
#include "chain/state/chainstate_impl.h"

namespace parley {
namespace {

constexpr size_t kPrefixSize = 8;  // magic and length
constexpr size_t kBlockSizeMax = static_cast<size_t>(kBlockWeightMax.value());
constexpr size_t kBlockSizeMin = BlockHeader::kSize + 1;
// One step: some blocks of the largest size, or many small ones.
constexpr size_t kStepBytes = size_t{4} << 20;
constexpr size_t kStepBlocks = 64;
static_assert(kStepBytes >= kBlockSizeMax + kPrefixSize);
// Blocks that stand before their parents: positions only, so that the memory is some 100 MB.
constexpr size_t kWaitingMax = 1'000'000;

}  // namespace

Expected<void, std::string> ChainstateImpl::begin_reindex(WriteBatch& batch) {
    uint32_t count = 0;
    while (true) {
        const auto size = blocks_store_.file_size({FileId::Kind::block, count});
        if (!size) return Unexpected(size.error().message);
        if (*size == 0) break;
        ++count;
    }
    files_.begin_behind(count);
    Writer writer;
    writer.le(count);
    batch.put(Bytes{kReindexKey}, writer.take());
    reindex_.emplace();
    reindex_->files = count;
    log_.info(LogCategory::general, "Reindexing {} block files", count);
    return {};
}

void ChainstateImpl::resume_reindex(uint32_t files) {
    reindex_.emplace();
    reindex_->files = files;
    log_.info(LogCategory::general, "Going on with the reindexing of {} block files", files);
}

bool ChainstateImpl::reindex_step(TimePoint now) {
    if (!reindex_ || failure()) return false;
    if (reindex_->file >= reindex_->files) {
        end_reindex();
        return false;
    }
    const FileId file{FileId::Kind::block, reindex_->file};
    const auto size = blocks_store_.file_size(file);
    if (!size) {
        fail(size.error());
        return false;
    }
    const size_t left = static_cast<size_t>(*size - std::min(*size, reindex_->offset));
    const auto chunk = blocks_store_.read_file(file, reindex_->offset, std::min(left, kStepBytes));
    if (!chunk) {
        fail(chunk.error());
        return false;
    }
    const size_t used = reindex_chunk(*chunk, left > kStepBytes, now);
    reindex_->offset += used;
    // Behind the last whole block there is nothing, or a torn one.
    if (used == 0 || reindex_->offset >= *size) {
        log_.info(LogCategory::general, "Reindexed block file blk{:05}.dat", reindex_->file);
        ++reindex_->file;
        reindex_->offset = 0;
    }
    return true;
}

// Returns how many bytes need not be looked at again; 0 at the end of the file.
size_t ChainstateImpl::reindex_chunk(ByteSpan chunk, bool more_follow, TimePoint now) {
    size_t at = 0;
    size_t blocks = 0;
    while (blocks < kStepBlocks) {
        const auto begin = chunk.begin() + static_cast<ptrdiff_t>(at);
        const auto found =
            std::search(begin, chunk.end(), params_.magic.begin(), params_.magic.end());
        at = static_cast<size_t>(found - chunk.begin());
        if (chunk.size() - at < kPrefixSize) {
            // The first bytes of a magic may stand at the end of what was read.
            return more_follow ? chunk.size() - (kPrefixSize - 1) : chunk.size();
        }
        const auto size = Reader{chunk.subspan(at + params_.magic.size())}.le<uint32_t>();
        if (size < kBlockSizeMin || size > kBlockSizeMax) {
            ++at;
            continue;
        }
        if (chunk.size() - at - kPrefixSize < size) {
            if (more_follow) return at;
            ++at;  // the length runs past the end: no block
            continue;
        }
        Reader reader(chunk.subspan(at + kPrefixSize, size));
        auto block = std::make_shared<Block>(parley::read_block(reader));
        if (!reader.done()) {
            ++at;
            continue;
        }
        adopt(std::move(block), {reindex_->file, reindex_->offset + at + kPrefixSize, size}, now);
        at += kPrefixSize + size;
        ++blocks;
    }
    return at;
}

// False: what builds on it is no use, for now at least.
bool ChainstateImpl::adopt_one(const BlockRef& block, const FilePosition& position, TimePoint now) {
    const auto accepted = accept_header(block->header, {}, now);
    if (!accepted) {
        if (accepted.error().kind == BlockErrorKind::missing_parent &&
            reindex_->waiting.size() < kWaitingMax)
            reindex_->waiting.emplace(block->header.previous, position);
        return false;
    }
    HeaderNode& node = tree_.edit(**accepted);
    if (node.has_body()) return true;  // it came from elsewhere, perhaps before its children here
    if (auto verdict = check_body(*block, node); !verdict) {
        log_.warning(LogCategory::validation, "Block {} of the block files is invalid: {}",
                     node.hash.to_string(), verdict.error().to_string());
        return false;
    }
    files_.adopt_block(position, node.height, node.header.time);
    WriteBatch batch;
    register_body(node, block, position, batch);
    blocks_store_.commit(std::move(batch), Durability::written);
    return true;
}

// A block that is in the files already, and those that wait for it.
void ChainstateImpl::adopt(BlockRef block, const FilePosition& position, TimePoint now) {
    std::vector<std::pair<BlockRef, FilePosition>> ready;
    ready.emplace_back(std::move(block), position);
    while (!ready.empty()) {
        const auto [each, at] = std::move(ready.back());
        ready.pop_back();
        const BlockHash hash = each->header.hash();
        if (hash != genesis().hash && !adopt_one(each, at, now)) continue;
        const auto [first, last] = reindex_->waiting.equal_range(hash);
        for (auto child = first; child != last; ++child) {
            const auto bytes = files_.read_block(child->second);
            if (!bytes) continue;
            Reader reader(*bytes);
            ready.emplace_back(std::make_shared<Block>(parley::read_block(reader)), child->second);
        }
        reindex_->waiting.erase(first, last);
    }
}

void ChainstateImpl::end_reindex() {
    log_.info(LogCategory::general, "Reindexing finished; {} blocks have no parent in the files",
              reindex_->waiting.size());
    reindex_.reset();
    pending_.erase(Bytes{kReindexKey});
    sync_blocks();
}

}  // namespace parley
