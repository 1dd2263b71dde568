// WalletKeys: the descriptors of a wallet, the scripts that they are known to make, and the keys
// behind them. It keeps `lookahead` scripts ahead of the last used one of each range. It knows no
// transactions. Part of Wallet; core thread only.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <boost/unordered/unordered_flat_map.hpp>

#include "wallet/keys/descriptor.h"
#include "wallet/keys/signer.h"
#include "wallet/wallet_types.h"

namespace parley {

struct ChainParams;

/// A descriptor as the wallet stores it.
struct DescriptorRecord {
    Descriptor descriptor;
    int64_t timestamp = 0;  ///< Unix seconds; no script of it was used before
    bool active = false;    ///< new addresses come from it
    bool internal = false;  ///< for change
    uint32_t range_begin = 0;
    uint32_t range_end = 0;  ///< exclusive; positions that are watched
    uint32_t next_index = 0;
    uint32_t number = 0;  ///< in the order of addition; names it in the store
};

struct ScriptHash {
    size_t operator()(const Script& script) const noexcept {
        return std::hash<std::string_view>{}(as_text(script.bytes()));
    }
};

class WalletKeys final : public KeyProvider {
 public:
    /// Which descriptor made a script, and where.
    struct Place {
        uint32_t record = 0;
        uint32_t position = 0;
    };

    WalletKeys(const ChainParams& params, uint32_t lookahead)
        : params_(params), lookahead_(lookahead) {}

    /// Adds the record and derives its range. An active one takes the place of the active one of
    /// its type and direction.
    void add(DescriptorRecord record);
    /// The record with the same descriptor (but for secrets), if there is one.
    std::optional<uint32_t> find(const Descriptor& descriptor) const;
    /// Replaces a record that find() found: secrets, range and state can change. Its scripts stay.
    void replace(uint32_t number, DescriptorRecord record);

    const std::vector<DescriptorRecord>& records() const { return records_; }
    const DescriptorRecord* active(AddressType type, bool internal) const;

    std::optional<Place> place(const Script& script) const;
    bool is_mine(const Script& script) const { return scripts_.contains(script); }
    std::optional<DerivedKey> key_of(const Script& script) const;
    /// For signing: by the hash of the public key.
    std::optional<SigningKey> key_of_hash(const Hash160& hash) const override;

    /// The script was seen in a transaction: moves next_index past it and looks further ahead.
    /// True when the record changed.
    bool mark_used(const Script& script);
    /// The script at next_index, which is used up by this. Empty: no active descriptor, or the
    /// range is at its end.
    std::optional<Script> next_script(AddressType type, bool internal);

    /// The record's descriptor without secrets, with checksum.
    const std::string& public_text(uint32_t number) const;

    /// Unused scripts ahead, over all active descriptors of a direction.
    size_t ahead(bool internal) const;
    size_t script_count() const { return scripts_.size(); }

    /// Numbers of the records that changed since the last call, ascending.
    std::vector<uint32_t> take_changed();

 private:
    void top_up(DescriptorRecord& record);
    void derive(const DescriptorRecord& record, uint32_t begin, uint32_t end);
    void set_active(DescriptorRecord& record);

    const ChainParams& params_;
    const uint32_t lookahead_;
    std::vector<DescriptorRecord> records_;  // position = number
    // Only looked up, never walked.
    boost::unordered_flat_map<Script, Place, ScriptHash> scripts_;
    std::map<Hash160, Place> bare_keys_;  // of pk(), which have no script made of the hash
    std::vector<Hash256> ids_;            // of records_
    mutable std::map<uint32_t, std::string> public_texts_;  // made when first asked for
    std::map<uint32_t, bool> changed_;
};

/// The type of address that a descriptor makes, if it is one that new addresses can be taken from.
std::optional<AddressType> address_type_of(const Descriptor& descriptor);

}  // namespace parley
