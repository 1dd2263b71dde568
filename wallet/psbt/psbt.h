// Psbt: a partially signed transaction (BIP174, BIP370, BIP371): the transaction, and for each
// input and output what its signers need. A value. Thread-safe.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "base/expected.h"
#include "chain/primitives/transaction.h"
#include "wallet/signing/input_solution.h"

namespace parley {

/// Raw keys, each with its type, and their values, which are kept as they came.
using PsbtFields = std::map<Bytes, Bytes>;

/// What inputs and outputs have in common.
struct PsbtScripts {
    std::optional<Script> redeem_script;
    std::optional<Script> witness_script;
    std::map<PublicKey, KeyOrigin> origins;
    std::optional<XOnlyKey> taproot_internal_key;
    std::map<XOnlyKey, TapKeyOrigin> taproot_origins;
    PsbtFields musig2;  ///< BIP373: kept and shown, not used
    PsbtFields proprietary;
    PsbtFields unknown;
};

/// The four kinds of preimages, by the type of their keys.
enum class PsbtHash : uint8_t { ripemd160 = 0x0a, sha256 = 0x0b, hash160 = 0x0c, hash256 = 0x0d };

struct PsbtInput {
    OutPoint prevout;
    std::optional<uint32_t> sequence;
    std::optional<uint32_t> time_locktime;    ///< version 2
    std::optional<uint32_t> height_locktime;  ///< version 2

    TransactionRef previous;  ///< the whole transaction that is spent ("non-witness UTXO")
    std::optional<TxOutput> witness_utxo;
    KeySignatures signatures;
    std::optional<uint32_t> sighash_type;
    PsbtScripts scripts;
    Script final_script_sig;
    Witness final_witness;
    std::map<std::pair<PsbtHash, Bytes>, Bytes> preimages;

    Bytes taproot_key_signature;
    std::map<std::pair<XOnlyKey, Hash256>, Bytes> taproot_script_signatures;
    std::map<TapLeafScript, std::set<Bytes>> taproot_leaves;
    std::optional<Hash256> taproot_merkle_root;

    /// Empty: not known, or `previous` is another transaction.
    std::optional<TxOutput> spent() const;
    bool is_final() const { return !final_script_sig.empty() || !final_witness.empty(); }
};

struct PsbtOutput {
    TxOutput output;
    PsbtScripts scripts;
    std::vector<TaprootLeaf> taproot_tree;
};

struct PsbtXpub {
    Bytes key;  ///< 78 bytes, as in Base58
    KeyOrigin origin;

    /// bitcoind's order: by origins.
    bool operator<(const PsbtXpub& other) const {
        const auto order = [](const PsbtXpub& xpub) {
            const KeyOrigin& from = xpub.origin;
            return std::tuple{from.fingerprint, from.path.size(), from.path, xpub.key};
        };
        return order(*this) < order(other);
    }
    bool operator==(const PsbtXpub&) const = default;
};

struct Psbt {
    uint32_t version = 0;  ///< 0 or 2
    int32_t transaction_version = 2;
    std::optional<uint32_t> fallback_locktime;
    std::optional<uint8_t> modifiable;  ///< version 2: inputs, outputs, has SIGHASH_SINGLE
    std::set<PsbtXpub> xpubs;
    std::vector<PsbtInput> inputs;
    std::vector<PsbtOutput> outputs;
    PsbtFields proprietary;
    PsbtFields unknown;

    static Psbt of_transaction(const TransactionData& transaction, uint32_t version);

    /// Empty: the required locktimes of its inputs contradict each other (BIP370).
    std::optional<uint32_t> locktime() const;
    std::optional<TransactionData> unsigned_transaction() const;
    /// Equal for PSBTs of the same transaction.
    std::optional<Txid> unique_id() const;

    /// Adds what another signer's PSBT of the same transaction has. False: of another one.
    [[nodiscard]] bool merge(const Psbt& other);

    Bytes encode() const;
    std::string to_base64() const;
    /// The error is bitcoind's text.
    static Expected<Psbt, std::string> decode(ByteSpan bytes);
    static Expected<Psbt, std::string> from_base64(std::string_view text);
};

}  // namespace parley
