#include "node/daemon/block_import.h"

#include <bzlib.h>
#include <fmt/format.h>
#include <pthread.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <map>
#include <utility>

#include "chain/rules/block_error.h"
#include "node/node.h"

namespace parley {
namespace {

constexpr size_t kBlockBytesMax = 4'000'000;
constexpr size_t kBlockBytesMin = BlockHeader::kSize + 1;
constexpr size_t kPrefixBytes = 8;  // magic and length
constexpr size_t kImportReadBytes = 1 << 20;
// The amount imported per step of the node; RPC requests run between two steps.
constexpr size_t kBatchBlocksMax = 64;
constexpr size_t kBatchBytesMax = 4 << 20;
// Memory for blocks that precede their parents in the file; further such blocks are skipped.
constexpr size_t kWaitingBytesMax = 64 << 20;

}  // namespace

class BlockFileReader::Source {
 public:
    explicit Source(std::FILE* file) : file_(file) {
        char head[3] = {};
        const bool compressed =
            std::fread(head, 1, sizeof head, file_) == sizeof head && !std::memcmp(head, "BZh", 3);
        std::rewind(file_);
        int error = BZ_OK;
        if (compressed) decoder_ = BZ2_bzReadOpen(&error, file_, 0, 0, nullptr, 0);
    }
    ~Source() {
        int error = BZ_OK;
        if (decoder_ != nullptr) BZ2_bzReadClose(&error, decoder_);
        std::fclose(file_);
    }
    Source(const Source&) = delete;
    Source& operator=(const Source&) = delete;

    // Returns 0 at the end of the file or on an error.
    size_t read(MutableByteSpan target, std::string& problem) {
        if (decoder_ == nullptr) {
            const size_t count = std::fread(target.data(), 1, target.size(), file_);
            if (count == 0 && std::ferror(file_)) problem = "the file cannot be read";
            return count;
        }
        if (ended_) return 0;
        int error = BZ_OK;
        const int count =
            BZ2_bzRead(&error, decoder_, target.data(), static_cast<int>(target.size()));
        ended_ = error != BZ_OK;
        if (ended_ && error != BZ_STREAM_END) problem = "its bzip2 compression is damaged";
        return error == BZ_OK || error == BZ_STREAM_END ? static_cast<size_t>(count) : 0;
    }

 private:
    std::FILE* const file_;
    BZFILE* decoder_ = nullptr;
    bool ended_ = false;
};

Expected<BlockFileReader, std::string> BlockFileReader::open(const std::string& path,
                                                             const std::array<uint8_t, 4>& magic) {
    std::FILE* file = std::fopen(path.c_str(), "rbe");
    if (file == nullptr)
        return Unexpected(fmt::format("Cannot open {}: {}", path, std::strerror(errno)));
    return BlockFileReader(std::make_unique<Source>(file), magic);
}

BlockFileReader::BlockFileReader(std::unique_ptr<Source> source,
                                 const std::array<uint8_t, 4>& magic)
    : source_(std::move(source)), magic_(magic) {}
BlockFileReader::~BlockFileReader() = default;
BlockFileReader::BlockFileReader(BlockFileReader&&) noexcept = default;

bool BlockFileReader::fill(size_t bytes) {
    while (buffer_.size() - position_ < bytes) {
        buffer_.erase(buffer_.begin(), buffer_.begin() + static_cast<ptrdiff_t>(position_));
        position_ = 0;
        const size_t old = buffer_.size();
        buffer_.resize(old + kImportReadBytes);
        const size_t count = source_->read(MutableByteSpan(buffer_).subspan(old), problem_);
        buffer_.resize(old + count);
        if (count == 0) return false;
    }
    return true;
}

void BlockFileReader::skip(size_t bytes) {
    position_ += bytes;
    skipped_bytes_ += bytes;
}

BlockRef BlockFileReader::next() {
    while (fill(kPrefixBytes)) {
        const auto begin = buffer_.begin() + static_cast<ptrdiff_t>(position_);
        const auto found = std::search(begin, buffer_.end(), magic_.begin(), magic_.end());
        if (found != begin) {
            // The buffer may end with a part of the magic.
            const auto before = static_cast<size_t>(found - begin);
            skip(found == buffer_.end() ? before - (magic_.size() - 1) : before);
            continue;
        }
        const uint32_t size =
            Reader{ByteSpan(buffer_).subspan(position_ + magic_.size())}.le<uint32_t>();
        if (size < kBlockBytesMin || size > kBlockBytesMax || !fill(kPrefixBytes + size)) {
            skip(1);
            continue;
        }
        Reader reader(ByteSpan(buffer_).subspan(position_ + kPrefixBytes, size));
        Block block = read_block(reader);
        if (!reader.done()) {
            skip(1);
            continue;
        }
        position_ += kPrefixBytes + size;
        return std::make_shared<const Block>(std::move(block));
    }
    skip(buffer_.size() - position_);
    return nullptr;
}

void BlockImport::Waiting::load(Node& node, BlockRef first, LogSink& log) {
    std::vector<BlockRef> ready{std::move(first)};
    while (!ready.empty()) {
        const BlockRef block = std::move(ready.back());
        ready.pop_back();
        const BlockResult result = node.load_block(block);
        if (result.state == BlockResult::State::missing_parent) {
            keep(block);
            continue;
        }
        const BlockHash hash = block->header.hash();
        if (result.state == BlockResult::State::invalid) {
            ++invalid;
            log.warning(LogCategory::validation, "Block {} of the imported file is invalid: {}",
                        hash.to_string(), result.error ? result.error->reason : "");
            continue;
        }
        if (result.state == BlockResult::State::accepted) ++accepted;
        const auto [begin, end] = by_parent.equal_range(hash);
        for (auto child = begin; child != end; ++child) {
            bytes -= child->second->size();
            ready.push_back(child->second);
        }
        by_parent.erase(begin, end);
    }
}

void BlockImport::Waiting::keep(const BlockRef& block) {
    const size_t size = block->size();
    if (bytes + size > kWaitingBytesMax) {
        ++left_out;
        return;
    }
    bytes += size;
    by_parent.emplace(block->header.previous, block);
}

BlockImport::BlockImport(std::vector<std::string> files, const std::array<uint8_t, 4>& magic,
                         CoreLoop& loop, LogSink& log, std::function<void()> done)
    : files_(std::move(files)),
      magic_(magic),
      loop_(loop),
      log_(log),
      done_(std::move(done)),
      thread_([this] { run(); }) {}

BlockImport::~BlockImport() {
    stop_ = true;
    thread_.join();
}

void BlockImport::run() {
    ::pthread_setname_np(::pthread_self(), "initload");  // bitcoind's name, and its line
    log_.info(LogCategory::general, "initload thread start");
    bool more = true;
    while (more && !stop_) {
        const auto step = [&more](Node& node) { more = node.reindex_step(); };
        if (!loop_.call(event::ReindexStep{}, step)) break;
    }
    Waiting waiting;
    for (const std::string& path : files_) {
        if (!stop_) import(path, waiting);
    }
    done_();
}

void BlockImport::import(const std::string& path, Waiting& waiting) {
    log_.info(LogCategory::general, "Importing blocks file {}...", path);
    auto reader = BlockFileReader::open(path, magic_);
    if (!reader) return log_.error(LogCategory::general, "{}", reader.error());
    const uint64_t accepted_before = waiting.accepted;
    const uint64_t invalid_before = waiting.invalid;
    bool end = false;
    while (!end && !stop_) {
        std::vector<BlockRef> batch;
        size_t bytes = 0;
        while (batch.size() < kBatchBlocksMax && bytes < kBatchBytesMax) {
            BlockRef block = reader->next();
            end = block == nullptr;
            if (end) break;
            bytes += block->size();
            batch.push_back(std::move(block));
        }
        const bool loaded = loop_.call(event::LoadFile{batch, nullptr}, [&](Node& node) {
            for (BlockRef& block : batch) waiting.load(node, std::move(block), log_);
        });
        if (!loaded) return;  // the node is stopping
    }
    log_.info(LogCategory::general,
              "Imported {}: {} new blocks, {} invalid, {} with an unknown parent{}", path,
              waiting.accepted - accepted_before, waiting.invalid - invalid_before,
              waiting.by_parent.size() + waiting.left_out,
              reader->problem().empty() ? "" : "; it ends early: " + reader->problem());
}

}  // namespace parley
