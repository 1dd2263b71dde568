// Bitcoin's transaction: inputs that spend outpoints, outputs, and the witness (BIP144
// serialisation). TransactionData is mutable, for building; Transaction is immutable, stores its
// ids, and is shared.
#pragma once

#include <compare>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/serialize.h"
#include "chain/primitives/amount.h"
#include "chain/primitives/ids.h"
#include "chain/primitives/script.h"
#include "chain/primitives/witness.h"

namespace parley {

struct OutPoint {
    static constexpr uint32_t kNullIndex = 0xffffffff;

    Txid txid;
    uint32_t index = kNullIndex;

    bool is_null() const { return index == kNullIndex && txid.is_zero(); }
    auto operator<=>(const OutPoint&) const = default;
};

struct TxInput {
    static constexpr uint32_t kSequenceFinal = 0xffffffff;

    OutPoint prevout;
    Script script_sig;
    uint32_t sequence = kSequenceFinal;
    Witness witness;

    bool operator==(const TxInput&) const = default;
};

struct TxOutput {
    Amount value{0};
    Script script_pubkey;

    bool operator==(const TxOutput&) const = default;
};

struct TransactionData {
    int32_t version = 2;
    std::vector<TxInput> inputs;
    std::vector<TxOutput> outputs;
    uint32_t locktime = 0;

    bool has_witness() const;
    bool operator==(const TransactionData&) const = default;
};

enum class WitnessEncoding : bool { without, with };

/// Appends the transaction; `with` uses the BIP144 form if any input has a witness.
void write_transaction(Writer& writer, const TransactionData& transaction,
                       WitnessEncoding encoding);

/// Reads one transaction in either form (`with`), or in the legacy form only (`without`). On a
/// superfluous witness flag, an unknown flag, or lengths beyond the input, the reader fails and the
/// result is unspecified.
TransactionData read_transaction(Reader& reader, WitnessEncoding encoding = WitnessEncoding::with);

class Transaction {
 public:
    explicit Transaction(TransactionData data);
    /// `raw`: the bytes from which read_transaction made `data`. They are hashed as they are, and
    /// not kept.
    Transaction(TransactionData data, ByteSpan raw);

    const TransactionData& data() const { return data_; }
    int32_t version() const { return data_.version; }
    const std::vector<TxInput>& inputs() const { return data_.inputs; }
    const std::vector<TxOutput>& outputs() const { return data_.outputs; }
    uint32_t locktime() const { return data_.locktime; }

    const Txid& txid() const { return txid_; }
    const Wtxid& wtxid() const { return wtxid_; }
    bool has_witness() const { return has_witness_; }
    bool is_coinbase() const {
        return data_.inputs.size() == 1 && data_.inputs[0].prevout.is_null();
    }

    /// Sizes in bytes of the BIP144 form and of the legacy form.
    size_t total_size() const { return total_size_; }
    size_t base_size() const { return base_size_; }
    Weight weight() const { return Weight{static_cast<int64_t>(3 * base_size_ + total_size_)}; }
    /// weight / 4, rounded up: the unit of fee rates.
    int64_t virtual_size() const { return (weight().value() + 3) / 4; }

    Bytes serialize(WitnessEncoding encoding = WitnessEncoding::with) const;

 private:
    TransactionData data_;
    Txid txid_;
    Wtxid wtxid_;
    size_t total_size_ = 0;
    size_t base_size_ = 0;
    bool has_witness_ = false;
};

using TransactionRef = std::shared_ptr<const Transaction>;

inline TransactionRef make_transaction(TransactionData data) {
    return std::make_shared<const Transaction>(std::move(data));
}

/// Equivalent to make_transaction(read_transaction(reader)), but hashes the input bytes instead of
/// serialising again.
TransactionRef read_shared_transaction(Reader& reader);

}  // namespace parley

template <>
struct std::hash<parley::OutPoint> {
    size_t operator()(const parley::OutPoint& outpoint) const noexcept {
        return static_cast<size_t>(outpoint.txid.low64() ^
                                   (uint64_t{outpoint.index} * 0x9e3779b97f4a7c15));
    }
};
