#include "wallet/keys/wallet_keys.h"

#include <algorithm>

#include "base/check.h"
#include "base/crypto/hash.h"

namespace parley {

std::optional<AddressType> address_type_of(const Descriptor& descriptor) {
    if (descriptor.kind() == Descriptor::Kind::wpkh) return AddressType::bech32;
    if (descriptor.kind() == Descriptor::Kind::pkh) return AddressType::legacy;
    return std::nullopt;
}

void WalletKeys::add(DescriptorRecord record) {
    CHECK(record.number == records_.size());
    ids_.push_back(record.descriptor.id(params_));
    records_.push_back(std::move(record));
    DescriptorRecord& added = records_.back();
    if (!added.descriptor.is_range()) added.range_end = 1;
    derive(added, added.range_begin, added.range_end);
    top_up(added);
    if (added.active) set_active(added);
    changed_[added.number] = true;
    exposed_ = true;
}

std::optional<uint32_t> WalletKeys::find(const Descriptor& descriptor) const {
    const Hash256 id = descriptor.id(params_);
    const auto it = std::find(ids_.begin(), ids_.end(), id);
    if (it == ids_.end()) return std::nullopt;
    return static_cast<uint32_t>(it - ids_.begin());
}

void WalletKeys::replace(uint32_t number, DescriptorRecord record) {
    DescriptorRecord& old = records_.at(number);
    record.number = number;
    if (!record.descriptor.has_secret() && old.descriptor.has_secret())
        record.descriptor = old.descriptor;
    record.timestamp = std::min(record.timestamp, old.timestamp);
    record.next_index = std::max(record.next_index, old.next_index);
    if (record.descriptor.is_range()) {
        derive(record, std::min(record.range_begin, old.range_begin), old.range_begin);
        derive(record, old.range_end, std::max(record.range_end, old.range_end));
        record.range_begin = std::min(record.range_begin, old.range_begin);
        record.range_end = std::max(record.range_end, old.range_end);
    } else {
        record.range_end = 1;
    }
    old = std::move(record);
    public_texts_.erase(number);
    top_up(old);
    if (old.active) set_active(old);
    changed_[number] = true;
    exposed_ = true;
}

void WalletKeys::set_active(DescriptorRecord& record) {
    const auto type = address_type_of(record.descriptor);
    for (DescriptorRecord& other : records_) {
        if (other.number == record.number || !other.active) continue;
        if (other.internal != record.internal || address_type_of(other.descriptor) != type)
            continue;
        other.active = false;
        changed_[other.number] = true;
    }
}

const DescriptorRecord* WalletKeys::active(AddressType type, bool internal) const {
    for (const DescriptorRecord& record : records_) {
        if (record.active && record.internal == internal &&
            address_type_of(record.descriptor) == type)
            return &record;
    }
    return nullptr;
}

std::optional<WalletKeys::Place> WalletKeys::place(const Script& script) const {
    const auto it = scripts_.find(script);
    return it == scripts_.end() ? std::nullopt : std::optional{it->second};
}

std::optional<DerivedKey> WalletKeys::key_of(const Script& script) const {
    const auto where = place(script);
    if (!where) return std::nullopt;
    return records_[where->record].descriptor.derive_public_key(where->position);
}

std::optional<SolvingData> WalletKeys::solving_data(const Script& script, bool with_secrets) const {
    const auto where = place(script);
    if (!where) return std::nullopt;
    const Descriptor& descriptor = records_[where->record].descriptor;
    SolvingData data;
    if (!descriptor.is_solvable()) return std::nullopt;
    if (descriptor.solve(where->position, data, with_secrets).empty()) return std::nullopt;
    return data;
}

std::optional<DerivedKey> WalletKeys::key_of_hash(const Hash160& hash) const {
    auto where = place(p2wpkh_script(hash));
    if (!where) where = place(p2pkh_script(hash));
    if (!where) {
        const auto it = bare_keys_.find(hash);
        if (it == bare_keys_.end()) return std::nullopt;
        where = it->second;
    }
    return records_[where->record].descriptor.derive_key(where->position);
}

bool WalletKeys::mark_used(const Script& script) {
    const auto where = place(script);
    if (!where) return false;
    DescriptorRecord& record = records_[where->record];
    if (!record.descriptor.is_range() || where->position < record.next_index) return false;
    record.next_index = where->position + 1;
    top_up(record);
    changed_[record.number] = true;
    return true;
}

std::optional<Script> WalletKeys::next_script(AddressType type, bool internal) {
    const DescriptorRecord* found = active(type, internal);
    if (!found) return std::nullopt;
    DescriptorRecord& record = records_[found->number];
    if (record.next_index >= record.range_end) return std::nullopt;
    const auto scripts = record.descriptor.scripts(record.next_index);
    if (scripts.empty()) return std::nullopt;
    if (record.descriptor.is_range()) ++record.next_index;
    top_up(record);
    changed_[record.number] = true;
    exposed_ = true;
    return scripts.front();
}

std::shared_ptr<const std::string> WalletKeys::public_text(uint32_t number) const {
    std::shared_ptr<const std::string>& text = public_texts_[number];
    if (text == nullptr)
        text =
            std::make_shared<const std::string>(records_.at(number).descriptor.to_string(params_));
    return text;
}

size_t WalletKeys::ahead(bool internal) const {
    size_t count = 0;
    for (const DescriptorRecord& record : records_) {
        if (record.active && record.internal == internal && record.descriptor.is_range())
            count += record.range_end - record.next_index;
    }
    return count;
}

std::vector<uint32_t> WalletKeys::take_changed() {
    std::vector<uint32_t> numbers;
    for (const auto& [number, changed] : changed_) numbers.push_back(number);
    changed_.clear();
    return numbers;
}

void WalletKeys::refill(uint32_t size) {
    for (DescriptorRecord& record : records_) {
        if (record.active) top_up(record, size == 0 ? lookahead_ : size);
    }
}

void WalletKeys::top_up(DescriptorRecord& record, uint32_t ahead) {
    if (!record.descriptor.is_range()) return;
    const uint64_t wanted = std::min<uint64_t>(uint64_t{record.next_index} + ahead, kHardened);
    if (wanted <= record.range_end) return;
    const uint32_t end = static_cast<uint32_t>(wanted);
    derive(record, record.range_end, end);
    record.range_end = end;
    changed_[record.number] = true;
}

void WalletKeys::derive(const DescriptorRecord& record, uint32_t begin, uint32_t end) {
    for (uint32_t position = begin; position < end; ++position) {
        for (Script& script : record.descriptor.scripts(position)) {
            if (const auto key = match_p2pk(script))
                bare_keys_.emplace(hash160(*key), Place{record.number, position});
            // The first descriptor that yields a script owns it, unless only the later one has the
            // private key.
            const auto [it, added] =
                scripts_.try_emplace(std::move(script), Place{record.number, position});
            if (added || !record.descriptor.has_secret()) continue;
            if (!records_[it->second.record].descriptor.has_secret())
                it->second = {record.number, position};
        }
    }
}

}  // namespace parley
