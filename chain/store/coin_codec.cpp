#include "chain/store/coin_codec.h"

#include <algorithm>
#include <limits>

namespace parley {
namespace {

// Kinds of compressed scripts; larger values are the size of an uncompressed script plus
// kScriptKinds. bitcoind has two more kinds, 4 and 5, for uncompressed keys. They are never written
// here: expanding them needs a square root on the curve, and such coins are rare.
constexpr uint64_t kKindKeyHash = 0;
constexpr uint64_t kKindScriptHash = 1;
constexpr uint64_t kKindKeyEven = 2;
constexpr uint64_t kKindKeyOdd = 3;
constexpr uint64_t kScriptKinds = 6;

// A block of maximum weight cannot contain a longer script.
constexpr uint64_t kStoredScriptSizeMax = 4'000'000;

Hash160 read_hash160(Reader& reader) {
    Hash160 hash{};
    const ByteSpan raw = reader.bytes(hash.size());
    std::copy(raw.begin(), raw.end(), hash.begin());
    return hash;
}

void write_height_code(Writer& writer, const Coin& coin) {
    write_varint(writer, static_cast<uint64_t>(coin.height.value()) * 2 + (coin.coinbase ? 1 : 0));
}

void read_height_code(Reader& reader, Coin& coin) {
    const uint64_t code = read_varint(reader);
    if (code / 2 > static_cast<uint64_t>(std::numeric_limits<int32_t>::max())) reader.fail();
    coin.height = Height{static_cast<int32_t>(code / 2)};
    coin.coinbase = code % 2 != 0;
}

void write_compressed_output(Writer& writer, const TxOutput& output) {
    write_varint(writer, compress_amount(static_cast<uint64_t>(output.value.value())));
    write_compressed_script(writer, output.script_pubkey);
}

void read_compressed_output(Reader& reader, TxOutput& output) {
    output.value = Amount{static_cast<int64_t>(decompress_amount(read_varint(reader)))};
    if (!money_range(output.value)) reader.fail();
    output.script_pubkey = read_compressed_script(reader);
    // Unspendable outputs are never coins.
    if (output.script_pubkey.is_unspendable()) reader.fail();
}

}  // namespace

void write_varint(Writer& writer, uint64_t value) {
    uint8_t groups[10];
    size_t count = 0;
    for (;; ++count) {
        groups[count] = static_cast<uint8_t>((value & 0x7f) | (count != 0 ? 0x80 : 0));
        if (value <= 0x7f) break;
        value = (value >> 7) - 1;
    }
    for (size_t i = count + 1; i-- > 0;) writer.u8(groups[i]);
}

uint64_t read_varint(Reader& reader) {
    uint64_t value = 0;
    while (reader.ok()) {
        if (value > std::numeric_limits<uint64_t>::max() >> 7) {
            reader.fail();
            break;
        }
        const uint8_t group = reader.u8();
        value = value << 7 | (group & 0x7f);
        if ((group & 0x80) == 0) return value;
        if (value == std::numeric_limits<uint64_t>::max()) {
            reader.fail();
            break;
        }
        ++value;
    }
    return 0;
}

// With the amount n = 10^e * d * k (e at most 9, d the last non-zero digit): 0 is 0; e < 9 gives
// 1 + 10 * (9 * (n / 10^(e+1)) + d - 1) + e, and e = 9 gives 1 + 10 * (n / 10^9 - 1) + 9.
uint64_t compress_amount(uint64_t satoshi) {
    if (satoshi == 0) return 0;
    uint64_t exponent = 0;
    while (satoshi % 10 == 0 && exponent < 9) {
        satoshi /= 10;
        ++exponent;
    }
    if (exponent == 9) return 1 + 10 * (satoshi - 1) + 9;
    return 1 + 10 * (9 * (satoshi / 10) + satoshi % 10 - 1) + exponent;
}

uint64_t decompress_amount(uint64_t compressed) {
    if (compressed == 0) return 0;
    --compressed;
    uint64_t exponent = compressed % 10;
    uint64_t rest = compressed / 10;
    uint64_t satoshi = 0;
    if (exponent < 9) {
        const uint64_t digit = rest % 9 + 1;
        satoshi = rest / 9 * 10 + digit;
    } else {
        satoshi = rest + 1;
    }
    for (; exponent > 0; --exponent) satoshi *= 10;
    return satoshi;
}

void write_compressed_script(Writer& writer, const Script& script) {
    if (const auto hash = match_p2pkh(script)) {
        write_varint(writer, kKindKeyHash);
        writer.bytes(*hash);
    } else if (const auto script_hash = match_p2sh(script)) {
        write_varint(writer, kKindScriptHash);
        writer.bytes(*script_hash);
    } else if (const auto key = match_p2pk(script);
               key && key->size() == 33 && ((*key)[0] == 2 || (*key)[0] == 3)) {
        writer.bytes(*key);  // the key's first byte is the kind
    } else {
        write_varint(writer, script.size() + kScriptKinds);
        writer.bytes(script.bytes());
    }
}

Script read_compressed_script(Reader& reader) {
    const uint64_t kind = read_varint(reader);
    if (kind == kKindKeyHash) return p2pkh_script(read_hash160(reader));
    if (kind == kKindScriptHash) return p2sh_script(read_hash160(reader));
    if (kind == kKindKeyEven || kind == kKindKeyOdd) {
        Bytes key{static_cast<uint8_t>(kind)};
        append(key, reader.bytes(32));
        return ScriptBuilder{}.push(key).op(OP_CHECKSIG).build();
    }
    if (kind < kScriptKinds || kind - kScriptKinds > kStoredScriptSizeMax) {
        reader.fail();
        return {};
    }
    return Script{reader.bytes(static_cast<size_t>(kind - kScriptKinds))};
}

void write_coin(Writer& writer, const Coin& coin) {
    write_height_code(writer, coin);
    write_compressed_output(writer, coin.output);
}

Coin read_coin(Reader& reader) {
    Coin coin;
    read_height_code(reader, coin);
    read_compressed_output(reader, coin.output);
    return coin;
}

Bytes serialize_hashed_coin(const OutPoint& outpoint, const Coin& coin) {
    Writer writer;
    writer.hash(outpoint.txid).le(outpoint.index);
    writer.le((static_cast<uint32_t>(coin.height.value()) << 1) | (coin.coinbase ? 1u : 0u));
    writer.le(coin.output.value.value()).var_bytes(coin.output.script_pubkey.bytes());
    return writer.take();
}

StorageError malformed_coin() {
    return {StorageError::Code::corruption,
            "chainstate: the record of an unspent output is malformed"};
}

void write_undo_coin(Writer& writer, const Coin& coin) {
    write_height_code(writer, coin);
    if (coin.height > Height{0}) writer.u8(0);
    write_compressed_output(writer, coin.output);
}

Coin read_undo_coin(Reader& reader) {
    Coin coin;
    read_height_code(reader, coin);
    if (coin.height > Height{0}) reader.u8();
    read_compressed_output(reader, coin.output);
    return coin;
}

Bytes serialize_undo(const BlockUndo& undo) {
    Writer writer;
    writer.compact_size(undo.spent.size());
    for (const auto& coins : undo.spent) {
        writer.compact_size(coins.size());
        for (const auto& coin : coins) write_undo_coin(writer, coin);
    }
    return writer.take();
}

std::optional<BlockUndo> parse_undo(ByteSpan bytes) {
    // Height code, amount, script kind: no coin is shorter.
    constexpr size_t kCoinSizeMin = 3;
    Reader reader(bytes);
    BlockUndo undo;
    undo.spent.resize(reader.count(1));
    for (auto& coins : undo.spent) {
        coins.resize(reader.count(kCoinSizeMin));
        for (auto& coin : coins) coin = read_undo_coin(reader);
    }
    if (!reader.done()) return std::nullopt;
    return undo;
}

}  // namespace parley
