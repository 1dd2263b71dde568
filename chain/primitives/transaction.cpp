#include "chain/primitives/transaction.h"

#include <algorithm>

#include "base/crypto/sha256.h"

namespace parley {
namespace {

// Minimum sizes of the parts; they bound allocations by the size of the input.
constexpr size_t kInputSizeMin = 36 + 1 + 4;
constexpr size_t kOutputSizeMin = 8 + 1;

constexpr size_t kVersionSize = 4;
constexpr size_t kLocktimeSize = 4;
constexpr size_t kMarkerAndFlagSize = 2;  // BIP144

std::vector<TxInput> read_inputs(Reader& reader) {
    std::vector<TxInput> inputs(reader.count(kInputSizeMin));
    for (auto& input : inputs) {
        input.prevout.txid = Txid{reader.hash()};
        input.prevout.index = reader.le<uint32_t>();
        input.script_sig = Script{reader.var_bytes()};
        input.sequence = reader.le<uint32_t>();
    }
    return inputs;
}

std::vector<TxOutput> read_outputs(Reader& reader) {
    std::vector<TxOutput> outputs(reader.count(kOutputSizeMin));
    for (auto& output : outputs) {
        output.value = Amount{reader.le<int64_t>()};
        output.script_pubkey = Script{reader.var_bytes()};
    }
    return outputs;
}

}  // namespace

bool TransactionData::has_witness() const {
    return std::any_of(inputs.begin(), inputs.end(),
                       [](const TxInput& input) { return !input.witness.empty(); });
}

void write_transaction(Writer& writer, const TransactionData& transaction,
                       WitnessEncoding encoding) {
    const bool with_witness = encoding == WitnessEncoding::with && transaction.has_witness();
    writer.le(transaction.version);
    if (with_witness) writer.u8(0).u8(1);
    writer.compact_size(transaction.inputs.size());
    for (const auto& input : transaction.inputs) {
        writer.hash(input.prevout.txid).le(input.prevout.index);
        writer.var_bytes(input.script_sig.bytes()).le(input.sequence);
    }
    writer.compact_size(transaction.outputs.size());
    for (const auto& output : transaction.outputs) {
        writer.le(output.value.value()).var_bytes(output.script_pubkey.bytes());
    }
    if (with_witness) {
        for (const auto& input : transaction.inputs) input.witness.write(writer);
    }
    writer.le(transaction.locktime);
}

TransactionData read_transaction(Reader& reader, WitnessEncoding encoding) {
    TransactionData transaction;
    transaction.version = reader.le<int32_t>();
    transaction.inputs = read_inputs(reader);
    if (transaction.inputs.empty() && reader.ok() && encoding == WitnessEncoding::with) {
        // BIP144: what looks like zero inputs is the marker; the flag follows. A zero flag means
        // zero inputs and zero outputs.
        const uint8_t flag = reader.u8();
        if (flag == 1) {
            transaction.inputs = read_inputs(reader);
            transaction.outputs = read_outputs(reader);
            for (auto& input : transaction.inputs) input.witness = Witness::read(reader);
            if (!transaction.has_witness()) reader.fail();
        } else if (flag != 0) {
            reader.fail();
        }
    } else {
        transaction.outputs = read_outputs(reader);
    }
    transaction.locktime = reader.le<uint32_t>();
    return transaction;
}

Transaction::Transaction(TransactionData data)
    : data_(std::move(data)), has_witness_(data_.has_witness()) {
    const Bytes base = serialize(WitnessEncoding::without);
    base_size_ = base.size();
    total_size_ = base_size_;
    txid_ = Txid{sha256d(base)};
    wtxid_ = Wtxid{static_cast<const Hash256&>(txid_)};
    if (has_witness_) {
        const Bytes total = serialize(WitnessEncoding::with);
        total_size_ = total.size();
        wtxid_ = Wtxid{sha256d(total)};
    }
}

Transaction::Transaction(TransactionData data, ByteSpan raw)
    : data_(std::move(data)),
      total_size_(raw.size()),
      base_size_(raw.size()),
      has_witness_(data_.has_witness()) {
    const Hash256 whole = sha256d(raw);
    wtxid_ = Wtxid{whole};
    txid_ = Txid{whole};
    if (!has_witness_) return;
    // The txid leaves out the marker and the flag, and everything between outputs and locktime.
    size_t witness_size = 0;
    for (const auto& input : data_.inputs) witness_size += input.witness.encoded_size();
    base_size_ = total_size_ - kMarkerAndFlagSize - witness_size;
    Sha256 hasher;
    hasher.write(raw.first(kVersionSize));
    hasher.write(
        raw.subspan(kVersionSize + kMarkerAndFlagSize, base_size_ - kVersionSize - kLocktimeSize));
    hasher.write(raw.last(kLocktimeSize));
    txid_ = Txid{sha256(hasher.finish().span())};
}

TransactionRef read_shared_transaction(Reader& reader) {
    const ByteSpan input = reader.rest();
    TransactionData data = read_transaction(reader);
    // A failed reader has nothing left, and then the ids do not matter.
    if (!reader.ok()) return make_transaction(std::move(data));
    return std::make_shared<const Transaction>(std::move(data),
                                               input.first(input.size() - reader.left()));
}

Bytes Transaction::serialize(WitnessEncoding encoding) const {
    Writer writer(total_size_);
    write_transaction(writer, data_, encoding);
    return writer.take();
}

}  // namespace parley
