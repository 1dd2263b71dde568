#include "net/addresses/address_book.h"

#include <algorithm>

#include "base/crypto/hash.h"

namespace parley {

namespace {

constexpr int64_t kSecondsPerDay = 24 * 60 * 60;
/// Addresses not seen for this long are dropped (bitcoind's ADDRMAN_HORIZON).
constexpr int64_t kHorizon = 30 * kSecondsPerDay;
/// Timestamps further in the future than this are not credible.
constexpr int64_t kFutureMax = 10 * 60;
/// Failures after which an address is given up: one that never worked, and one that did.
constexpr int kRetriesMax = 3;
constexpr int kFailuresMax = 10;
/// The same address is not dialled more often than this.
constexpr Duration kRetryDelay = std::chrono::minutes{10};
/// An update of a known address is only relayed if it is at least this much newer.
constexpr int64_t kNewsAge = 20 * 60;
/// Random picks before a selection gives up.
constexpr int kSelectTriesMax = 64;

}  // namespace

AddressBook::AddressBook(Random& random)
    : random_(random), key0_(random.next()), key1_(random.next()), buckets_(kBuckets) {}

size_t AddressBook::bucket_of(const IpAddress& ip, const IpAddress& source) const {
    // A source reaches at most eight buckets for one group of addresses, whatever it says.
    constexpr uint64_t kBucketsPerSource = 8;
    Writer inner;
    inner.bytes(source.group()).bytes(ip.group());
    const uint64_t slot = siphash24(key0_, key1_, inner.data()) % kBucketsPerSource;
    Writer outer;
    outer.bytes(source.group()).le(slot);
    return siphash24(key0_, key1_, outer.data()) % kBuckets;
}

bool AddressBook::is_terrible(const Entry& entry, TimePoint now) const {
    const int64_t unix_now = to_unix_seconds(now);
    if (entry.seen > unix_now + kFutureMax || entry.seen < unix_now - kHorizon) return true;
    const bool never_answered = entry.last_success == TimePoint{};
    return entry.failures >= (never_answered ? kRetriesMax : kFailuresMax);
}

void AddressBook::erase(const Key& key) {
    const auto found = entries_.find(key);
    std::erase(buckets_[found->second.bucket], key);
    entries_.erase(found);
}

void AddressBook::make_room(std::vector<Key>& bucket, TimePoint now) {
    if (bucket.size() < kBucketSizeMax) return;
    const auto terrible = std::find_if(bucket.begin(), bucket.end(), [&](const Key& key) {
        return is_terrible(entries_.at(key), now);
    });
    const Key victim =
        terrible != bucket.end() ? *terrible : bucket[random_.uniform(bucket.size())];
    erase(victim);
}

bool AddressBook::add(const NetAddress& address, int64_t seen, const IpAddress& source,
                      TimePoint now) {
    const int64_t unix_now = to_unix_seconds(now);
    if (seen <= 100'000'000 || seen > unix_now + kFutureMax) seen = unix_now - 5 * kSecondsPerDay;
    const Key key{address.ip, address.port};
    if (const auto found = entries_.find(key); found != entries_.end()) {
        found->second.services |= address.services;
        const bool news = seen >= found->second.seen + kNewsAge;
        found->second.seen = std::max(found->second.seen, seen);
        return news;
    }
    Entry entry;
    entry.services = address.services;
    entry.seen = seen;
    entry.bucket = bucket_of(address.ip, source);
    if (is_terrible(entry, now)) return false;
    make_room(buckets_[entry.bucket], now);
    buckets_[entry.bucket].push_back(key);
    entries_.emplace(key, entry);
    return true;
}

void AddressBook::attempted(const IpAddress& ip, uint16_t port, TimePoint now) {
    const auto found = entries_.find({ip, port});
    if (found == entries_.end()) return;
    found->second.last_try = now;
    ++found->second.failures;  // until it succeeds
}

void AddressBook::succeeded(const IpAddress& ip, uint16_t port, ServiceFlags services,
                            TimePoint now) {
    const auto found = entries_.find({ip, port});
    if (found == entries_.end()) return;
    found->second.failures = 0;
    found->second.last_success = now;
    found->second.services = services;
    found->second.seen = to_unix_seconds(now);
}

std::optional<NetAddress> AddressBook::select(
    TimePoint now, const std::function<bool(const NetAddress&)>& suitable) {
    if (entries_.empty()) return std::nullopt;
    for (int attempt = 0; attempt < kSelectTriesMax; ++attempt) {
        // First a bucket, then an entry in it, so that filling one bucket gains nothing.
        size_t index = random_.uniform(kBuckets);
        while (buckets_[index].empty()) index = (index + 1) % kBuckets;
        const auto& bucket = buckets_[index];
        const Key& key = bucket[random_.uniform(bucket.size())];
        const Entry& entry = entries_.at(key);
        const NetAddress address{entry.services, key.ip, key.port};
        const bool rested = entry.last_try == TimePoint{} || entry.last_try + kRetryDelay <= now;
        if (rested && !is_terrible(entry, now) && suitable(address)) return address;
    }
    return std::nullopt;
}

std::vector<message::AddressEntry> AddressBook::sample(size_t count_max, TimePoint now) {
    std::vector<message::AddressEntry> result;
    for (const auto& [key, entry] : entries_) {
        if (is_terrible(entry, now)) continue;
        result.push_back(
            {static_cast<uint32_t>(entry.seen), NetAddress{entry.services, key.ip, key.port}});
    }
    const size_t count = std::min(count_max, result.size());
    for (size_t i = 0; i < count; ++i)  // the first steps of a Fisher-Yates shuffle
        std::swap(result[i], result[i + random_.uniform(result.size() - i)]);
    result.resize(count);
    return result;
}

std::vector<KnownAddress> AddressBook::list(size_t count_max) const {
    std::vector<KnownAddress> result;
    for (const auto& [key, entry] : entries_) {
        if (result.size() >= count_max) break;
        result.push_back({Endpoint{key.ip.to_string(), key.port}, entry.services, entry.seen,
                          entry.last_success != TimePoint{}});
    }
    return result;
}

}  // namespace parley
