// WalletKeys: the descriptors of a wallet, the scripts derived from them, and their keys. For each
// range, it derives `lookahead` scripts beyond the last used one. It knows no transactions. Part of
// Wallet; core thread only.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <boost/unordered/unordered_flat_map.hpp>

#include "wallet/descriptor/descriptor.h"
#include "wallet/signing/signer.h"
#include "wallet/wallet_types.h"

namespace parley {

struct ChainParams;

/// A stored descriptor.
struct DescriptorRecord {
    Descriptor descriptor;
    int64_t timestamp = 0;  ///< Unix seconds; none of its scripts was used before
    bool active = false;    ///< source of new addresses
    bool internal = false;  ///< for change
    uint32_t range_begin = 0;
    uint32_t range_end = 0;  ///< exclusive; end of the watched positions
    uint32_t next_index = 0;
    uint32_t number = 0;  ///< in order of addition; its key in the store
};

struct ScriptHash {
    size_t operator()(const Script& script) const noexcept {
        return std::hash<std::string_view>{}(as_text(script.bytes()));
    }
};

class WalletKeys final : public KeyProvider {
 public:
    /// The descriptor of a script, and the script's position in it.
    struct Place {
        uint32_t record = 0;
        uint32_t position = 0;
    };

    WalletKeys(const ChainParams& params, uint32_t lookahead)
        : params_(params), lookahead_(lookahead) {}

    /// Adds the record and derives its range. An active one replaces the active one of the same
    /// type and direction.
    void add(DescriptorRecord record);
    /// The record with the same descriptor (ignoring secrets), if any.
    std::optional<uint32_t> find(const Descriptor& descriptor) const;
    /// Replaces a record found by find(): secrets, range and state may change. Its scripts are
    /// kept.
    void replace(uint32_t number, DescriptorRecord record);

    const std::vector<DescriptorRecord>& records() const { return records_; }
    const DescriptorRecord* active(AddressType type, bool internal) const;

    std::optional<Place> place(const Script& script) const;
    bool is_mine(const Script& script) const { return scripts_.contains(script); }
    /// Without the secret.
    std::optional<DerivedKey> key_of(const Script& script) const;
    /// What is needed to describe an output and, with the secrets, to spend it. Empty: not the
    /// wallet's, or only watched by its address or script.
    std::optional<SolvingData> solving_data(const Script& script, bool with_secrets) const;
    SolvingData solving_data(const Script& output) const override {
        return solving_data(output, true).value_or(SolvingData{});
    }
    /// The key whose public key has this hash160, with its secret if known.
    std::optional<DerivedKey> key_of_hash(const Hash160& hash) const;

    /// The script appeared in a transaction: advances next_index past it and derives further
    /// scripts. True if the record changed.
    bool mark_used(const Script& script);
    /// Derives up to `size` unused scripts of each active range; 0: the lookahead.
    void refill(uint32_t size);
    /// Takes the script at next_index. Empty: no active descriptor, or its range is exhausted.
    std::optional<Script> next_script(AddressType type, bool internal);

    /// The record's descriptor without secrets, with checksum.
    /// Shared, because lists of a wallet's history repeat it thousands of times.
    std::shared_ptr<const std::string> public_text(uint32_t number) const;

    /// Number of unused derived scripts, over all active descriptors of a direction.
    size_t ahead(bool internal) const;
    size_t script_count() const { return scripts_.size(); }

    /// Numbers of the records that changed since the last call, in ascending order.
    std::vector<uint32_t> take_changed();
    /// Whether keys or addresses have become known outside the wallet since the last call, or are
    /// about to: a new descriptor, or a script taken by next_script().
    bool take_exposed() { return std::exchange(exposed_, false); }

 private:
    void top_up(DescriptorRecord& record) { top_up(record, lookahead_); }
    void top_up(DescriptorRecord& record, uint32_t ahead);
    void derive(const DescriptorRecord& record, uint32_t begin, uint32_t end);
    void set_active(DescriptorRecord& record);

    const ChainParams& params_;
    const uint32_t lookahead_;
    std::vector<DescriptorRecord> records_;  // position = number
    // Only looked up, never walked.
    boost::unordered_flat_map<Script, Place, ScriptHash> scripts_;
    std::map<Hash160, Place> bare_keys_;  // of pk(), whose scripts contain no hash
    std::vector<Hash256> ids_;            // of records_
    mutable std::map<uint32_t, std::shared_ptr<const std::string>> public_texts_;  // on demand
    std::map<uint32_t, bool> changed_;
    bool exposed_ = false;
};

/// The address type of a descriptor that can supply new addresses.
std::optional<AddressType> address_type_of(const Descriptor& descriptor);

}  // namespace parley
