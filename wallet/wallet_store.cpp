#include "wallet/wallet_store.h"

#include <fmt/format.h>

#include "base/serialize.h"
#include "chain/rules/params.h"

namespace parley {
namespace {

constexpr uint32_t kFormatVersion = 1;

constexpr uint8_t kMetaKey = 'V';
constexpr uint8_t kDescriptorKey = 'D';
constexpr uint8_t kTransactionKey = 'T';
constexpr uint8_t kLabelKey = 'A';
constexpr uint8_t kLockKey = 'L';
constexpr uint8_t kTrailKey = 'B';

Bytes key_of(uint8_t kind, ByteSpan rest = {}) {
    Bytes key{kind};
    append(key, rest);
    return key;
}

Bytes outpoint_bytes(const OutPoint& outpoint) {
    return Writer{36}.hash(outpoint.txid).le(outpoint.index).take();
}

void write_text(Writer& writer, const std::string& text) {
    writer.var_bytes(as_bytes(text));
}

std::string read_text(Reader& reader) {
    return std::string{as_text(reader.var_bytes())};
}

bool read_flag(Reader& reader) {
    const uint8_t value = reader.u8();
    if (value > 1) reader.fail();
    return value == 1;
}

void write_txid(Writer& writer, const std::optional<Txid>& txid) {
    writer.u8(txid ? 1 : 0);
    if (txid) writer.hash(*txid);
}

std::optional<Txid> read_txid(Reader& reader) {
    if (!read_flag(reader)) return std::nullopt;
    return Txid{reader.hash()};
}

std::optional<WalletMeta> parse_meta(ByteSpan value, uint32_t& version) {
    Reader reader(value);
    version = reader.le<uint32_t>();
    WalletMeta meta;
    meta.chain = read_text(reader);
    meta.private_keys = read_flag(reader);
    meta.blank = read_flag(reader);
    meta.birth_time = reader.le<int64_t>();
    return reader.done() ? std::optional{meta} : std::nullopt;
}

std::optional<DescriptorRecord> parse_descriptor(ByteSpan key, ByteSpan value,
                                                 const ChainParams& params) {
    Reader number(key.subspan(1));
    Reader reader(value);
    auto descriptor = Descriptor::parse(read_text(reader), params, true);
    if (!descriptor) return std::nullopt;
    DescriptorRecord record{std::move(*descriptor)};
    record.number = number.be<uint32_t>();
    record.timestamp = reader.le<int64_t>();
    record.active = read_flag(reader);
    record.internal = read_flag(reader);
    record.range_begin = reader.le<uint32_t>();
    record.range_end = reader.le<uint32_t>();
    record.next_index = reader.le<uint32_t>();
    if (!reader.done() || !number.done() || record.range_begin > record.range_end ||
        record.range_end > kHardened)
        return std::nullopt;
    return record;
}

std::optional<LedgerTx> parse_transaction(ByteSpan key, ByteSpan value) {
    Reader reader(value);
    LedgerTx result;
    result.transaction = read_shared_transaction(reader);
    const uint8_t state = reader.u8();
    if (state > static_cast<uint8_t>(LedgerTx::State::abandoned)) return std::nullopt;
    result.state = static_cast<LedgerTx::State>(state);
    result.block.hash = BlockHash{reader.hash()};
    result.block.height = Height{reader.le<int32_t>()};
    result.block.index = reader.le<uint32_t>();
    result.block.time = reader.le<int64_t>();
    result.order = reader.le<int64_t>();
    result.time_received = reader.le<int64_t>();
    result.comment = read_text(reader);
    result.comment_to = read_text(reader);
    result.replaces = read_txid(reader);
    result.replaced_by = read_txid(reader);
    Reader id(key.subspan(1));
    if (!reader.done() || Txid{id.hash()} != result.transaction->txid() || !id.done())
        return std::nullopt;
    return result;
}

std::optional<OutPoint> parse_outpoint(ByteSpan bytes) {
    Reader reader(bytes);
    OutPoint outpoint{Txid{reader.hash()}, reader.le<uint32_t>()};
    return reader.done() ? std::optional{outpoint} : std::nullopt;
}

/// Reads one key-value pair into the wallet. False: malformed.
bool take(StoredWallet& wallet, ByteSpan key, ByteSpan value, const ChainParams& params) {
    Reader reader(value);
    switch (key[0]) {
        case kDescriptorKey:
            if (auto record = parse_descriptor(key, value, params)) {
                const bool in_order = record->number == wallet.descriptors.size();
                wallet.descriptors.push_back(std::move(*record));
                return in_order;
            }
            return false;
        case kTransactionKey:
            if (auto transaction = parse_transaction(key, value)) {
                wallet.transactions.push_back(std::move(*transaction));
                return true;
            }
            return false;
        case kLabelKey: {
            AddressLabel label;
            label.label = read_text(reader);
            label.send = read_flag(reader);
            wallet.labels.emplace(Script{to_bytes(key.subspan(1))}, std::move(label));
            return reader.done();
        }
        case kLockKey:
            if (const auto outpoint = parse_outpoint(key.subspan(1))) {
                wallet.locked.insert(*outpoint);
                return true;
            }
            return false;
        case kTrailKey: {
            Reader height(key.subspan(1));
            const Height at{height.be<int32_t>()};
            wallet.trail[at] = BlockHash{reader.hash()};
            return reader.done() && height.done() && at >= Height{0};
        }
        default:
            return key[0] == kMetaKey;
    }
}

WalletError damaged(std::string message) {
    return {WalletErrorCode::database, std::move(message)};
}

}  // namespace

bool WalletStore::empty() const {
    bool found = false;
    const auto scanned = storage_->scan({}, [&](ByteSpan, ByteSpan) {
        found = true;
        return false;
    });
    return scanned && !found;
}

Expected<StoredWallet, WalletError> WalletStore::load() const {
    const auto meta_bytes = storage_->get(key_of(kMetaKey));
    if (!meta_bytes) return Unexpected(damaged(meta_bytes.error().message));
    if (!*meta_bytes) return Unexpected(damaged("The store is no wallet, or a new one"));
    uint32_t version = 0;
    const auto meta = parse_meta(**meta_bytes, version);
    if (version != kFormatVersion)
        return Unexpected(damaged(
            fmt::format("The wallet has format {}, this program reads format {}; use a newer one",
                        version, kFormatVersion)));
    if (!meta) return Unexpected(damaged("The wallet's format record is damaged"));
    if (meta->chain != params_.name)
        return Unexpected(
            WalletError{WalletErrorCode::wallet,
                        fmt::format("Wallet files should not be reused across chains: this one is "
                                    "of chain '{}', the node of '{}'",
                                    meta->chain, params_.name)});
    StoredWallet wallet;
    wallet.meta = *meta;
    std::optional<Bytes> bad_key;
    const auto scanned = storage_->scan({}, [&](ByteSpan key, ByteSpan value) {
        if (key.empty() || !take(wallet, key, value, params_)) bad_key = to_bytes(key);
        return !bad_key;
    });
    if (!scanned) return Unexpected(damaged(scanned.error().message));
    if (bad_key)
        return Unexpected(
            damaged(fmt::format("Wallet corrupted: the record {} is damaged", to_hex(*bad_key))));
    return wallet;
}

Expected<WalletRecords, WalletError> WalletStore::records() const {
    WalletRecords records;
    const auto scanned = storage_->scan({}, [&](ByteSpan key, ByteSpan value) {
        records.push_back({to_bytes(key), to_bytes(value)});
        return true;
    });
    if (!scanned) return Unexpected(damaged(scanned.error().message));
    return records;
}

void WalletStore::put_meta(const WalletMeta& meta) {
    Writer writer;
    writer.le(kFormatVersion);
    write_text(writer, meta.chain);
    writer.u8(meta.private_keys).u8(meta.blank).le(meta.birth_time);
    batch_.put(key_of(kMetaKey), writer.take());
    meta_changed_ = true;
}

void WalletStore::put_descriptor(const DescriptorRecord& record) {
    Writer writer;
    write_text(writer, record.descriptor.to_string(params_, KeyForm::secret));
    writer.le(record.timestamp).u8(record.active).u8(record.internal);
    writer.le(record.range_begin).le(record.range_end).le(record.next_index);
    batch_.put(key_of(kDescriptorKey, Writer{}.be(record.number).data()), writer.take());
}

void WalletStore::put_transaction(const LedgerTx& transaction) {
    Writer writer;
    write_transaction(writer, transaction.transaction->data(), WitnessEncoding::with);
    writer.u8(static_cast<uint8_t>(transaction.state));
    writer.hash(transaction.block.hash).le(transaction.block.height.value());
    writer.le(transaction.block.index).le(transaction.block.time);
    writer.le(transaction.order).le(transaction.time_received);
    write_text(writer, transaction.comment);
    write_text(writer, transaction.comment_to);
    write_txid(writer, transaction.replaces);
    write_txid(writer, transaction.replaced_by);
    batch_.put(key_of(kTransactionKey, transaction.transaction->txid().span()), writer.take());
}

void WalletStore::erase_transaction(const Txid& txid) {
    batch_.erase(key_of(kTransactionKey, txid.span()));
}

void WalletStore::put_label(const Script& script, const AddressLabel& label) {
    Writer writer;
    write_text(writer, label.label);
    writer.u8(label.send);
    batch_.put(key_of(kLabelKey, script.bytes()), writer.take());
}

void WalletStore::put_lock(const OutPoint& outpoint) {
    batch_.put(key_of(kLockKey, outpoint_bytes(outpoint)), {});
}

void WalletStore::erase_lock(const OutPoint& outpoint) {
    batch_.erase(key_of(kLockKey, outpoint_bytes(outpoint)));
}

void WalletStore::put_trail(Height height, const BlockHash& hash) {
    batch_.put(key_of(kTrailKey, Writer{4}.be(height.value()).data()), to_bytes(hash.span()));
}

void WalletStore::erase_trail(Height height) {
    batch_.erase(key_of(kTrailKey, Writer{4}.be(height.value()).data()));
}

void WalletStore::flush(Durability durability) {
    if (batch_.empty()) return;
    if (std::exchange(meta_changed_, false)) durability = Durability::synced;
    storage_->commit(std::exchange(batch_, {}), durability);
}

}  // namespace parley
