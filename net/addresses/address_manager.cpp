#include "net/addresses/address_manager.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

#include "base/check.h"
#include "base/crypto/sha256.h"
#include "base/serialize.h"

namespace parley {

namespace {

// The numbers are bitcoind's, so that tables move between the two.

/// Buckets of the new table that addresses of one source group reach.
constexpr uint64_t kNewBucketsPerSourceGroup = 64;
/// Buckets of the tried table that addresses of one group reach.
constexpr uint64_t kTriedBucketsPerGroup = 8;
/// Places in the new table that one address may take.
constexpr int kReferencesMax = 8;
/// Successful addresses whose place is taken and that wait for the test of its owner.
constexpr size_t kCollisionsMax = 10;

constexpr int64_t kSecondsPerHour = 60 * 60;
constexpr int64_t kSecondsPerDay = 24 * kSecondsPerHour;
/// Addresses that were not seen for this long are useless.
constexpr int64_t kHorizon = 30 * kSecondsPerDay;
/// Timestamps further in the future than this are not credible.
constexpr int64_t kFutureMax = 10 * 60;
/// Failures after which an address is given up: one that never worked, and one that did not in the
/// last week.
constexpr int kRetriesMax = 3;
constexpr int kFailuresMax = 10;
constexpr Duration kFailingMin = std::chrono::hours{24 * 7};
/// What was tried within this time is not judged yet.
constexpr Duration kJudgedAfter = std::chrono::minutes{1};
/// The same address is not dialled more often than this.
constexpr Duration kRetryDelay = std::chrono::minutes{10};
/// Each failure lowers the chance to be selected to 66 percent, down to a floor.
constexpr int kDeprioritisedMax = 8;
constexpr uint64_t kCertain = 1'000'000;
/// A connection this recent proves an address; one that failed in this time does not.
constexpr Duration kTestValid = std::chrono::hours{4};
/// A collision that could not be decided for this long is decided for the newcomer.
constexpr Duration kTestWindow = std::chrono::minutes{40};
/// Random draws before a selection gives up.
constexpr int kDrawsMax = 256;
/// An ended connection refreshes the time of its address if it is this much older.
constexpr int64_t kRefreshAge = 20 * 60;

/// As bitcoind's: IPv4 is written as IPv6.
Bytes place_key(const HostAddress& host, uint16_t port) {
    Writer writer;
    const auto ip = host.ip();
    writer.bytes(ip ? ByteSpan{ip->bytes()} : host.bytes()).be(port);
    return writer.take();
}

TimePoint time_of(int64_t unix_seconds) {
    return unix_seconds == 0 ? TimePoint{} : from_unix_seconds(unix_seconds);
}

}  // namespace

AddressManager::AddressManager(Random& random) : random_(random) {
    random.fill(key_.bytes());
}

// --- places

uint64_t AddressManager::keyed_hash(ByteSpan data) const {
    const Hash256 hash = sha256d(Writer().hash(key_).bytes(data).data());
    return Reader(hash.span()).le<uint64_t>();
}

size_t AddressManager::position_in(const Entry& entry, bool tried, size_t bucket) const {
    Writer writer;
    writer.u8(tried ? 'K' : 'N').le(static_cast<int32_t>(bucket));
    writer.var_bytes(place_key(entry.key.host, entry.key.port));
    return keyed_hash(writer.data()) % kBucketPositions;
}

AddressManager::Place AddressManager::new_place(const Entry& entry,
                                                const HostAddress& source) const {
    const Bytes told_by = source.group();
    Writer groups;
    groups.var_bytes(entry.key.host.group()).var_bytes(told_by);
    Writer choice;
    choice.var_bytes(told_by).le(keyed_hash(groups.data()) % kNewBucketsPerSourceGroup);
    const size_t bucket = keyed_hash(choice.data()) % kNewBuckets;
    return {bucket, position_in(entry, false, bucket)};
}

AddressManager::Place AddressManager::tried_place(const Entry& entry) const {
    Writer address;
    address.var_bytes(place_key(entry.key.host, entry.key.port));
    Writer choice;
    choice.var_bytes(entry.key.host.group());
    choice.le(keyed_hash(address.data()) % kTriedBucketsPerGroup);
    const size_t bucket = keyed_hash(choice.data()) % kTriedBuckets;
    return {bucket, position_in(entry, true, bucket)};
}

AddressManager::Entry* AddressManager::at(const Table& table, Place place) {
    const auto bucket = table.find(place.bucket);
    if (bucket == table.end()) return nullptr;
    const auto found = bucket->second.find(place.position);
    return found == bucket->second.end() ? nullptr : found->second;
}

void AddressManager::clear(Table& table, Place place) {
    const auto bucket = table.find(place.bucket);
    bucket->second.erase(place.position);
    if (bucket->second.empty()) table.erase(bucket);
}

AddressManager::Entry* AddressManager::find(const HostAddress& host, uint16_t port) {
    const auto found = entries_.find({host, port});
    return found == entries_.end() ? nullptr : &found->second;
}

void AddressManager::erase_if_nowhere(Entry& entry) {
    if (entry.references > 0 || entry.tried) return;
    std::erase(collisions_, entry.key);
    entries_.erase(Key{entry.key});
}

bool AddressManager::put_new(Entry& entry, Place place, TimePoint now) {
    Entry* owner = at(new_, place);
    if (owner == &entry) return false;
    if (owner != nullptr) {
        const bool gives_way =
            is_terrible(*owner, now) || (owner->references > 1 && entry.references == 0);
        if (!gives_way) return false;
        --owner->references;
        erase_if_nowhere(*owner);
    }
    new_[place.bucket][place.position] = &entry;
    ++entry.references;
    return true;
}

void AddressManager::leave_new_places(Entry& entry) {
    for (size_t bucket = 0; bucket < kNewBuckets && entry.references > 0; ++bucket) {
        const Place place{bucket, position_in(entry, false, bucket)};
        if (at(new_, place) != &entry) continue;
        clear(new_, place);
        --entry.references;
    }
    CHECK(entry.references == 0);
}

void AddressManager::put_tried(Entry& entry, TimePoint now) {
    leave_new_places(entry);
    entry.tried = true;
    const Place place = tried_place(entry);
    Entry* owner = at(tried_, place);
    tried_[place.bucket][place.position] = &entry;
    std::erase(collisions_, entry.key);
    if (owner == nullptr) return;
    owner->tried = false;
    const Place back = new_place(*owner, owner->source);
    // It has worked: whoever is at its place gives way.
    if (Entry* other = at(new_, back)) {
        --other->references;
        clear(new_, back);
        erase_if_nowhere(*other);
    }
    CHECK(put_new(*owner, back, now));
}

// --- what happens to addresses

bool AddressManager::is_terrible(const Entry& entry, TimePoint now) const {
    if (entry.last_try != TimePoint{} && now - entry.last_try <= kJudgedAfter) return false;
    const int64_t unix_now = to_unix_seconds(now);
    if (entry.seen > unix_now + kFutureMax || entry.seen < unix_now - kHorizon) return true;
    if (entry.last_success == TimePoint{}) return entry.failures >= kRetriesMax;
    return now - entry.last_success > kFailingMin && entry.failures >= kFailuresMax;
}

AddressNews AddressManager::add(const NetAddress& address, int64_t seen, const HostAddress& source,
                                int64_t penalty, TimePoint now) {
    if (address.host == source) penalty = 0;  // it speaks of itself
    const int64_t told = std::max<int64_t>(0, seen - penalty);
    AddressNews news = AddressNews::none;
    Entry* entry = find(address.host, address.port);
    if (entry != nullptr) {
        const bool online = to_unix_seconds(now) - seen < kSecondsPerDay;
        const bool newer_than_known = seen > entry->seen;
        if (entry->seen < told - (online ? kSecondsPerHour : kSecondsPerDay)) {
            entry->seen = told;
            news = AddressNews::newer;
        }
        entry->services |= address.services;
        // Each place makes the next one half as likely.
        if (!newer_than_known || entry->tried || entry->references == kReferencesMax ||
            random_.uniform(uint64_t{1} << entry->references) != 0)
            return news;
    } else {
        Entry fresh;
        fresh.key = {address.host, address.port};
        fresh.services = address.services;
        fresh.source = source;
        fresh.seen = told;
        if (is_terrible(fresh, now)) return AddressNews::none;
        entry = &entries_.emplace(fresh.key, fresh).first->second;
    }
    if (put_new(*entry, new_place(*entry, source), now)) return AddressNews::added;
    erase_if_nowhere(*entry);
    return news;
}

void AddressManager::attempted(const HostAddress& host, uint16_t port, bool counted,
                               TimePoint now) {
    Entry* entry = find(host, port);
    if (entry == nullptr) return;
    entry->last_try = now;
    // Once for each time that another address worked: a dead network is not their fault.
    if (!counted || entry->last_counted_try >= last_success_) return;
    entry->last_counted_try = now;
    ++entry->failures;  // until it succeeds
}

bool AddressManager::succeeded(const HostAddress& host, uint16_t port, TimePoint now) {
    last_success_ = now;
    Entry* entry = find(host, port);
    if (entry == nullptr) return false;
    entry->last_success = now;
    entry->last_try = now;
    entry->failures = 0;
    if (entry->tried) return false;
    if (at(tried_, tried_place(*entry)) != nullptr) {
        const bool waits =
            std::find(collisions_.begin(), collisions_.end(), entry->key) != collisions_.end();
        if (!waits && collisions_.size() < kCollisionsMax) collisions_.push_back(entry->key);
        return false;
    }
    put_tried(*entry, now);
    return true;
}

void AddressManager::set_services(const HostAddress& host, uint16_t port, ServiceFlags services) {
    if (Entry* entry = find(host, port)) entry->services = services;
}

void AddressManager::ended(const HostAddress& host, uint16_t port, TimePoint now) {
    Entry* entry = find(host, port);
    const int64_t unix_now = to_unix_seconds(now);
    if (entry != nullptr && unix_now - entry->seen > kRefreshAge) entry->seen = unix_now;
}

// --- selection

AddressManager::Entry* AddressManager::draw(const Table& table) const {
    // First a bucket, then an address in it, so that filling one bucket gains nothing.
    const auto bucket =
        std::next(table.begin(), static_cast<std::ptrdiff_t>(random_.uniform(table.size())));
    const auto& positions = bucket->second;
    auto found = positions.lower_bound(random_.uniform(kBucketPositions));
    if (found == positions.end()) found = positions.begin();
    return found->second;
}

std::optional<NetAddress> AddressManager::select(
    bool only_new, TimePoint now, const std::function<bool(const NetAddress&)>& suitable) {
    uint64_t chance = kCertain;
    for (int draws = 0; draws < kDrawsMax; ++draws) {
        const bool from_tried =
            !only_new && !tried_.empty() && (new_.empty() || random_.uniform(2) == 0);
        const Table& table = from_tried ? tried_ : new_;
        if (table.empty()) return std::nullopt;
        const Entry& entry = *draw(table);
        const bool rested = entry.last_try == TimePoint{} || entry.last_try + kRetryDelay <= now;
        uint64_t wanted = chance;
        for (int i = 0; i < std::min(entry.failures, kDeprioritisedMax); ++i)
            wanted = wanted * 66 / 100;
        chance = std::min(chance + chance / 5, 100 * kCertain);
        if (!rested || is_terrible(entry, now) || random_.uniform(kCertain) >= wanted) continue;
        const NetAddress address{entry.services, entry.key.host, entry.key.port};
        if (suitable(address)) return address;
    }
    return std::nullopt;
}

std::optional<NetAddress> AddressManager::collision(TimePoint now) {
    const std::vector<Key> waiting = collisions_;
    for (const Key& key : waiting) {
        Entry* newcomer = find(key.host, key.port);
        if (newcomer == nullptr || newcomer->tried) {
            std::erase(collisions_, key);
            continue;
        }
        Entry* owner = at(tried_, tried_place(*newcomer));
        const auto within = [&](TimePoint time, Duration duration) {
            return time != TimePoint{} && now - time < duration;
        };
        if (owner == nullptr) {
            put_tried(*newcomer, now);
        } else if (within(owner->last_success, kTestValid)) {
            std::erase(collisions_, key);
        } else if (within(owner->last_try, kTestValid)) {
            // The test needs a moment; afterwards it has failed.
            if (now - owner->last_try > kJudgedAfter) put_tried(*newcomer, now);
        } else if (!within(newcomer->last_success, kTestWindow)) {
            put_tried(*newcomer, now);
        }
    }
    if (collisions_.empty()) return std::nullopt;
    const Key& key = collisions_[random_.uniform(collisions_.size())];
    const Entry* owner = at(tried_, tried_place(*find(key.host, key.port)));
    return NetAddress{owner->services, owner->key.host, owner->key.port};
}

std::vector<message::AddressEntry> AddressManager::sample(size_t count_max, TimePoint now) {
    std::vector<message::AddressEntry> result;
    for (const auto& [key, entry] : entries_) {
        if (is_terrible(entry, now)) continue;
        result.push_back({static_cast<uint32_t>(entry.seen), record_of(entry).address});
    }
    const size_t count = std::min(count_max, result.size());
    for (size_t i = 0; i < count; ++i)  // the first steps of a Fisher-Yates shuffle
        std::swap(result[i], result[i + random_.uniform(result.size() - i)]);
    result.resize(count);
    return result;
}

// --- reports

AddressRecord AddressManager::record_of(const Entry& entry) {
    const bool succeeded = entry.last_success != TimePoint{};
    return {{entry.services, entry.key.host, entry.key.port},
            entry.source,
            entry.seen,
            succeeded ? to_unix_seconds(entry.last_success) : 0,
            entry.failures};
}

std::vector<KnownAddress> AddressManager::list(size_t count_max) const {
    std::vector<KnownAddress> result;
    for (const auto& [key, entry] : entries_) {
        if (result.size() >= count_max) break;
        result.push_back({Endpoint{key.host.to_string(), key.port}, key.host.network(),
                          entry.services, entry.seen, entry.tried});
    }
    return result;
}

std::vector<PlacedAddress> AddressManager::placed(bool tried) const {
    std::vector<PlacedAddress> result;
    for (const auto& [bucket, positions] : tried ? tried_ : new_) {
        for (const auto& [position, entry] : positions)
            result.push_back({bucket, position, record_of(*entry)});
    }
    return result;
}

AddressTables AddressManager::tables() const {
    AddressTables tables;
    tables.key = key_;
    tables.buckets.resize(kNewBuckets);
    std::map<Key, uint32_t> numbers;
    for (const auto& [key, entry] : entries_) {
        if (!entry.tried) numbers.emplace(key, static_cast<uint32_t>(numbers.size()));
        (entry.tried ? tables.tried : tables.untried).push_back(record_of(entry));
    }
    for (const auto& [bucket, positions] : new_) {
        for (const auto& [position, entry] : positions)
            tables.buckets[bucket].push_back(numbers.at(entry->key));
    }
    return tables;
}

void AddressManager::restore(const AddressTables& tables, TimePoint now) {
    entries_.clear();
    new_.clear();
    tried_.clear();
    collisions_.clear();
    key_ = tables.key;
    const auto insert = [&](const AddressRecord& record) -> Entry* {
        Entry entry;
        entry.key = {record.address.host, record.address.port};
        entry.services = record.address.services;
        entry.source = record.source;
        entry.seen = record.seen;
        entry.last_success = time_of(record.last_success);
        entry.failures = record.failures;
        if (is_terrible(entry, now)) return nullptr;
        const auto [position, added] = entries_.emplace(entry.key, entry);
        return added ? &position->second : nullptr;
    };
    for (const AddressRecord& record : tables.tried) {
        Entry* entry = insert(record);
        if (entry == nullptr) continue;
        const Place place = tried_place(*entry);
        if (at(tried_, place) == nullptr) {
            entry->tried = true;
            tried_[place.bucket][place.position] = entry;
        }
        erase_if_nowhere(*entry);
    }
    std::vector<Entry*> untried;
    for (const AddressRecord& record : tables.untried) untried.push_back(insert(record));
    for (size_t bucket = 0; bucket < std::min(tables.buckets.size(), kNewBuckets); ++bucket) {
        for (const uint32_t number : tables.buckets[bucket]) {
            Entry* entry = number < untried.size() ? untried[number] : nullptr;
            if (entry == nullptr || entry->references == kReferencesMax) continue;
            const Place place{bucket, position_in(*entry, false, bucket)};
            if (at(new_, place) != nullptr) continue;
            new_[bucket][place.position] = entry;
            ++entry->references;
        }
    }
    for (Entry* entry : untried) {
        if (entry == nullptr) continue;
        if (entry->references == 0) put_new(*entry, new_place(*entry, entry->source), now);
        erase_if_nowhere(*entry);
    }
}

}  // namespace parley
