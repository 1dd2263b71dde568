#include "chain/state/indexes/block_filter.h"

#include <algorithm>
#include <limits>
#include <optional>

#include "base/crypto/hash.h"
#include "base/crypto/sha256.h"
#include "base/serialize.h"
#include "chain/primitives/opcode.h"

namespace parley {
namespace {

// The parameters of the basic filter.
constexpr unsigned kRemainderBits = 19;        // P
constexpr uint64_t kFalsePositives = 784'931;  // M: one in so many

/// Bits, the most significant of each byte first.
class BitWriter {
 public:
    void bit(bool value) {
        if (used_ == 0) bytes_.push_back(0);
        if (value) bytes_.back() |= static_cast<uint8_t>(0x80 >> used_);
        used_ = (used_ + 1) % 8;
    }
    void bits(uint64_t value, unsigned count) {
        while (count-- > 0) bit((value >> count & 1) != 0);
    }
    Bytes take() { return std::move(bytes_); }

 private:
    Bytes bytes_;
    unsigned used_ = 0;  ///< of the last byte
};

class BitReader {
 public:
    explicit BitReader(ByteSpan bytes) : bytes_(bytes) {}

    /// Sets failed() at the end.
    bool bit() {
        if (at_ == bytes_.size() * 8) {
            failed_ = true;
            return false;
        }
        const bool value = (bytes_[at_ / 8] >> (7 - at_ % 8) & 1) != 0;
        ++at_;
        return value;
    }
    uint64_t bits(unsigned count) {
        uint64_t value = 0;
        while (count-- > 0) value = value << 1 | static_cast<uint64_t>(bit());
        return value;
    }
    bool failed() const { return failed_; }

 private:
    ByteSpan bytes_;
    size_t at_ = 0;
    bool failed_ = false;
};

/// Where scripts fall, evenly, in 0 to count * M.
class Hasher {
 public:
    Hasher(const BlockHash& block, uint64_t count) : range_(count * kFalsePositives) {
        Reader reader(block.span());
        key0_ = reader.le<uint64_t>();
        key1_ = reader.le<uint64_t>();
    }
    uint64_t operator()(ByteSpan script) const {
        __extension__ using Wide = unsigned __int128;
        return static_cast<uint64_t>(Wide{siphash24(key0_, key1_, script)} * range_ >> 64);
    }

 private:
    uint64_t key0_ = 0;
    uint64_t key1_ = 0;
    const uint64_t range_;
};

std::vector<uint64_t> hashed(const Hasher& hasher, std::span<const Bytes> scripts) {
    std::vector<uint64_t> values;
    values.reserve(scripts.size());
    for (const Bytes& script : scripts) values.push_back(hasher(script));
    std::ranges::sort(values);
    return values;
}

}  // namespace

Bytes basic_filter(const BlockHash& block, std::vector<Bytes> scripts) {
    std::ranges::sort(scripts);
    const auto twice = std::ranges::unique(scripts);
    scripts.erase(twice.begin(), twice.end());
    Writer writer;
    writer.compact_size(scripts.size());
    BitWriter bits;
    uint64_t previous = 0;
    for (const uint64_t value : hashed(Hasher(block, scripts.size()), scripts)) {
        const uint64_t step = value - previous;
        previous = value;
        for (uint64_t i = 0; i < step >> kRemainderBits; ++i) bits.bit(true);
        bits.bit(false);
        bits.bits(step, kRemainderBits);
    }
    return writer.bytes(bits.take()).take();
}

Bytes basic_filter(const Block& block, const BlockUndo& undo) {
    std::vector<Bytes> scripts;
    const auto add = [&](const Script& script) {
        scripts.emplace_back(script.bytes().begin(), script.bytes().end());
    };
    for (const TransactionRef& transaction : block.transactions) {
        for (const TxOutput& output : transaction->outputs()) {
            const ByteSpan script = output.script_pubkey.bytes();
            if (!script.empty() && script.front() != OP_RETURN) add(output.script_pubkey);
        }
    }
    for (const auto& coins : undo.spent) {
        for (const Coin& coin : coins) {
            if (!coin.output.script_pubkey.bytes().empty()) add(coin.output.script_pubkey);
        }
    }
    return basic_filter(block.header.hash(), std::move(scripts));
}

Hash256 filter_header(ByteSpan filter, const Hash256& previous) {
    Writer writer;
    writer.hash(sha256d(filter)).hash(previous);
    return sha256d(writer.data());
}

std::optional<bool> filter_matches(ByteSpan filter, const BlockHash& block,
                                   std::span<const Bytes> scripts) {
    Reader reader(filter);
    const uint64_t count = reader.compact_size();
    if (!reader.ok() || count > std::numeric_limits<uint32_t>::max()) return std::nullopt;
    const std::vector<uint64_t> wanted = hashed(Hasher(block, count), scripts);
    BitReader bits(reader.bytes(reader.left()));
    uint64_t value = 0;
    auto next = wanted.begin();
    bool found = false;
    for (uint64_t i = 0; i < count; ++i) {
        uint64_t quotient = 0;
        while (bits.bit()) ++quotient;
        value += quotient << kRemainderBits | bits.bits(kRemainderBits);
        if (bits.failed()) return std::nullopt;
        while (next != wanted.end() && *next < value) ++next;
        if (next != wanted.end() && *next == value) found = true;
    }
    return found;
}

}  // namespace parley
