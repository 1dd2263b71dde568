// Wallet: addresses, labels, descriptors and rescans.
#include <fmt/format.h>

#include <algorithm>

#include "base/check.h"
#include "chain/primitives/address.h"
#include "chain/rules/params.h"
#include "wallet/wallet_impl.h"

namespace parley {
namespace {

// bitcoind's limit. A million scripts take about 100 MB.
constexpr uint32_t kRangeSizeMax = 1'000'000;

constexpr uint32_t kPurposeBech32 = 84;  // BIP84
constexpr uint32_t kPurposeLegacy = 44;  // BIP44

WalletError error(WalletErrorCode code, std::string message) {
    return {code, std::move(message)};
}

/// SLIP-44: 0 for the main chain, 1 for all test chains.
uint32_t coin_type(const ChainParams& params) {
    return params.name == "main" ? 0 : 1;
}

WalletError keypool_empty() {
    return error(WalletErrorCode::keypool_ran_out,
                 "Error: Keypool ran out, please call keypoolrefill first");
}

}  // namespace

// Creates four descriptors: receiving and change for each address type, with the paths of BIP44 and
// BIP84.
void Wallet::Impl::add_seed(ByteSpan seed, int64_t timestamp) {
    const auto master = HdPrivateKey::from_seed(seed);
    CHECK(master.has_value());
    for (const auto& [kind, purpose] : {std::pair{Descriptor::Kind::wpkh, kPurposeBech32},
                                        {Descriptor::Kind::pkh, kPurposeLegacy}}) {
        for (const uint32_t change : {0u, 1u}) {
            DescriptorKey key;
            key.key = *master;
            key.path = {purpose | kHardened, coin_type(context.params) | kHardened, kHardened,
                        change};
            key.wildcard = DescriptorKey::Wildcard::plain;
            DescriptorRecord record{Descriptor::of_key(kind, std::move(key))};
            record.timestamp = timestamp;
            record.active = true;
            record.internal = change == 1;
            record.number = static_cast<uint32_t>(keys.records().size());
            keys.add(std::move(record));
        }
    }
}

Expected<Script, WalletError> Wallet::Impl::next_script(AddressType type, bool internal) {
    if (keys.active(type, internal) == nullptr) {
        const std::string_view name = type == AddressType::bech32 ? "bech32" : "legacy";
        return Unexpected(error(WalletErrorCode::wallet,
                                fmt::format("Error: This wallet has no available {} keys", name)));
    }
    auto script = keys.next_script(type, internal);
    if (!script) return Unexpected(keypool_empty());
    return std::move(*script);
}

bool Wallet::Impl::is_change(const Script& script) const {
    return keys.is_mine(script) && !labels.contains(script);
}

std::optional<std::string> Wallet::Impl::label_of(const Script& script) const {
    const auto it = labels.find(script);
    return it == labels.end() ? std::nullopt : std::optional{it->second.label};
}

std::optional<std::string> Wallet::Impl::address_of(const Script& script) const {
    std::string address = encode_address(context.params.address_prefixes, script);
    return address.empty() ? std::nullopt : std::optional{std::move(address)};
}

std::optional<std::string> Wallet::Impl::script_descriptor(const Script& script) const {
    const auto data = keys.solving_data(script, false);
    if (!data) return std::nullopt;
    return infer_descriptor(context.params, script, *data).to_string(context.params);
}

std::vector<std::string> Wallet::Impl::parent_descriptors(const Script& script) const {
    const auto place = keys.place(script);
    if (!place) return {};
    return {*keys.public_text(place->record)};
}

AddressInfo Wallet::Impl::address_info(const Script& script) const {
    AddressInfo info;
    info.label = label_of(script);
    const auto place = keys.place(script);
    if (!place) return info;
    const DescriptorRecord& record = keys.records()[place->record];
    info.is_mine = true;
    info.is_change = is_change(script);
    info.solvable = record.descriptor.is_solvable();
    info.descriptor =
        info.solvable ? script_descriptor(script) : record.descriptor.to_string(context.params);
    info.parent_descriptor = *keys.public_text(place->record);
    info.timestamp = record.timestamp;
    if (const auto key = keys.key_of(script)) {
        info.public_key = to_bytes(key->public_key.bytes());
        info.key_path = key->origin.path;
        info.master_fingerprint = key->origin.fingerprint;
    }
    return info;
}

// --- importing -----------------------------------------------------------------------------------

namespace {

Expected<void, WalletError> check_import(const DescriptorImport& request,
                                         const Descriptor& descriptor, const WalletMeta& meta) {
    const auto invalid = [](std::string message) {
        return Unexpected(error(WalletErrorCode::invalid_parameter, std::move(message)));
    };
    if (request.active && !descriptor.is_range())
        return invalid("Active descriptors must be ranged");
    if (request.active && !address_type_of(descriptor))
        return Unexpected(
            error(WalletErrorCode::wallet, "Only wpkh and pkh descriptors can be active"));
    if (request.internal && request.label)
        return invalid("Internal addresses should not have a label");
    if (request.range && !descriptor.is_range())
        return invalid("Range should not be specified for an un-ranged descriptor");
    if (descriptor.is_range() && request.label)
        return invalid("Ranged descriptors should not have a label");
    if (request.range) {
        const auto [begin, end] = *request.range;
        if (end < begin)
            return invalid("Range specified as [begin,end] must not have begin after end");
        if (end >= kHardened) return invalid("End of range is too high");
        if (end - begin >= kRangeSizeMax) return invalid("Range is too large");
        if (request.next_index && (*request.next_index < begin || *request.next_index > end))
            return invalid("next_index is out of range");
    }
    if (descriptor.scripts(request.range ? request.range->first : 0).empty())
        return Unexpected(error(WalletErrorCode::wallet,
                                "Cannot expand descriptor. Probably because of hardened "
                                "derivations without private keys provided"));
    if (!meta.private_keys && descriptor.has_secret())
        return Unexpected(
            error(WalletErrorCode::wallet,
                  "Cannot import private keys to a wallet with private keys disabled"));
    if (meta.private_keys && !descriptor.has_secret())
        return Unexpected(error(
            WalletErrorCode::wallet,
            "Cannot import descriptor without private keys to a wallet with private keys enabled"));
    return {};
}

}  // namespace

Expected<void, WalletError> Wallet::Impl::import_descriptor(const DescriptorImport& request,
                                                            TimePoint now) {
    auto descriptors = Descriptor::parse_all(request.descriptor, context.params, true);
    if (!descriptors)
        return Unexpected(error(WalletErrorCode::invalid_address_or_key, descriptors.error()));
    const bool multipath = descriptors->size() > 1;
    if (multipath && request.internal)
        return Unexpected(
            error(WalletErrorCode::invalid_parameter,
                  "Cannot have multipath descriptor while also specifying 'internal'"));
    if (multipath && request.label)
        return Unexpected(error(WalletErrorCode::invalid_parameter,
                                "Multipath descriptors should not have a label"));
    for (const Descriptor& descriptor : *descriptors)
        if (auto checked = check_import(request, descriptor, meta); !checked) return checked;
    for (size_t i = 0; i < descriptors->size(); ++i) {
        DescriptorImport part = request;
        // Of two paths, the second one is for change (BIP389).
        if (descriptors->size() == 2) part.internal = i == 1;
        add_import(part, std::move((*descriptors)[i]), now);
    }
    ledger.scripts_added();
    return {};
}

void Wallet::Impl::add_import(const DescriptorImport& request, Descriptor descriptor,
                              TimePoint now) {
    DescriptorRecord record{std::move(descriptor)};
    record.timestamp = request.timestamp.value_or(to_unix_seconds(now));
    record.active = request.active;
    record.internal = request.internal;
    if (record.descriptor.is_range()) {
        // Without a range, add() derives the lookahead.
        if (request.range) {
            record.range_begin = request.range->first;
            record.range_end = request.range->second + 1;
        }
        record.next_index = request.next_index.value_or(record.range_begin);
    }
    if (request.label) {
        for (const Script& script : record.descriptor.scripts(0)) {
            labels[script] = {*request.label, false};
            store.put_label(script, labels[script]);
        }
    }
    meta.birth_time = std::min(meta.birth_time, record.timestamp);
    meta.blank = false;
    store.put_meta(meta);
    if (const auto known = keys.find(record.descriptor)) {
        keys.replace(*known, std::move(record));
    } else {
        record.number = static_cast<uint32_t>(keys.records().size());
        keys.add(std::move(record));
    }
}

Expected<RescanResult, WalletError> Wallet::Impl::rescan(Height begin, Height end) {
    context.log.info(LogCategory::wallet, "[{}] Rescanning blocks {} to {}", name, begin.value(),
                     end.value());
    for (Height height = begin; height <= end; ++height) {
        const BlockHash hash = context.node.hash_at(height);
        const auto block = context.node.read_block(hash);
        if (!block)
            return Unexpected(
                error(WalletErrorCode::misc, fmt::format("Rescan failed at height {}: {}",
                                                         height.value(), block.error().message)));
        if (ledger.rescan(**block, hash, height)) save();
    }
    save();
    return RescanResult{begin, end};
}

// --- Wallet --------------------------------------------------------------------------------------

Expected<std::string, WalletError> Wallet::new_address(const std::string& label,
                                                       std::optional<AddressType> type) {
    const auto script =
        impl_->next_script(type.value_or(impl_->context.options.address_type), false);
    if (!script) return Unexpected(script.error());
    impl_->labels[*script] = {label, false};
    impl_->store.put_label(*script, impl_->labels[*script]);
    impl_->save();
    return encode_address(impl_->context.params.address_prefixes, *script);
}

Expected<std::string, WalletError> Wallet::new_change_address(std::optional<AddressType> type) {
    const auto script =
        impl_->next_script(type.value_or(impl_->context.options.type_of_change()), true);
    if (!script) return Unexpected(script.error());
    impl_->save();
    return encode_address(impl_->context.params.address_prefixes, *script);
}

AddressInfo Wallet::address_info(const Script& script) const {
    return impl_->address_info(script);
}

bool Wallet::is_mine(const Script& script) const {
    return impl_->keys.is_mine(script);
}

Expected<void, WalletError> Wallet::set_label(const std::string& address,
                                              const std::string& label) {
    const auto script = decode_address(impl_->context.params.address_prefixes, address);
    if (!script)
        return Unexpected(
            error(WalletErrorCode::invalid_address_or_key, "Invalid Bitcoin address"));
    const AddressLabel entry{label, !is_mine(*script)};
    impl_->labels[*script] = entry;
    impl_->store.put_label(*script, entry);
    impl_->save();
    return {};
}

std::vector<LabelledAddress> Wallet::labelled_addresses() const {
    std::vector<LabelledAddress> list;
    for (const auto& [script, entry] : impl_->labels) {
        if (auto address = impl_->address_of(script))
            list.push_back({std::move(*address), entry.label, entry.send});
    }
    return list;
}

std::vector<Expected<void, WalletError>> Wallet::import_descriptors(
    const std::vector<DescriptorImport>& imports, TimePoint now) {
    std::vector<Expected<void, WalletError>> results;
    std::optional<int64_t> earliest;
    for (const DescriptorImport& request : imports) {
        results.push_back(impl_->import_descriptor(request, now));
        if (results.back() && request.timestamp)
            earliest = std::min(earliest.value_or(*request.timestamp), *request.timestamp);
    }
    impl_->save();
    const Height tip = impl_->context.node.tip_height();
    const Height begin = earliest ? height_for_timestamp(*earliest) : tip + 1;
    if (begin <= tip) {
        const auto scanned = impl_->rescan(begin, tip);
        if (!scanned) {
            for (auto& result : results)
                if (result) result = Unexpected(scanned.error());
        }
    }
    impl_->look_at_mempool(to_unix_seconds(now));
    return results;
}

std::vector<DescriptorInfo> Wallet::list_descriptors(bool with_secrets) const {
    std::vector<DescriptorInfo> list;
    for (const DescriptorRecord& record : impl_->keys.records()) {
        DescriptorInfo info;
        info.descriptor = with_secrets
                              ? record.descriptor.to_string(impl_->context.params, KeyForm::secret)
                              : *impl_->keys.public_text(record.number);
        info.timestamp = record.timestamp;
        info.active = record.active;
        if (record.active) info.internal = record.internal;
        info.is_range = record.descriptor.is_range();
        info.range_begin = record.range_begin;
        info.range_end = record.range_end;
        info.next_index = record.next_index;
        list.push_back(std::move(info));
    }
    std::sort(list.begin(), list.end(), [](const DescriptorInfo& a, const DescriptorInfo& b) {
        return a.descriptor < b.descriptor;
    });
    return list;
}

namespace {

/// The extended key of an expression, without its secret. Empty: it is a constant key.
std::optional<HdPublicKey> extended_key(const DescriptorKey& key) {
    if (const auto* open = std::get_if<HdPublicKey>(&key.key)) return *open;
    if (const auto* secret = std::get_if<HdPrivateKey>(&key.key)) return secret->neuter();
    return std::nullopt;
}

}  // namespace

std::vector<HdKeyInfo> Wallet::hd_keys(bool active_only) const {
    const ChainParams& params = impl_->context.params;
    std::map<std::string, HdKeyInfo> keys;
    for (const DescriptorRecord& record : impl_->keys.records()) {
        if (active_only && !record.active) continue;
        for (const DescriptorKey& key : record.descriptor.keys()) {
            const auto open = extended_key(key);
            if (!open) continue;
            const std::string text =
                open->to_base58(params.address_prefixes.base58.extended_public_key);
            HdKeyInfo& info = keys[text];
            info.public_key = text;
            if (const auto* secret = std::get_if<HdPrivateKey>(&key.key))
                info.private_key =
                    secret->to_base58(params.address_prefixes.base58.extended_secret_key);
            info.descriptors.emplace(*impl_->keys.public_text(record.number), record.active);
        }
    }
    std::vector<HdKeyInfo> list;
    for (auto& [text, info] : keys) list.push_back(std::move(info));
    return list;
}

void Wallet::refill_keys(uint32_t size) {
    const size_t before = impl_->keys.script_count();
    impl_->keys.refill(size);
    if (impl_->keys.script_count() != before) impl_->ledger.scripts_added();
    impl_->save();
}

}  // namespace parley
