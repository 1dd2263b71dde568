// AddressBook: addresses of nodes that were heard of, for automatic outbound connections and for
// answers to getaddr. Bounded by buckets: where an address may lie depends on its own network group
// and on the group of who told it, under a secret key, so one operator can fill only a few buckets.
// Kept in memory only. Core thread.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <vector>

#include "base/random.h"
#include "base/time.h"
#include "net/peer/peer_info.h"
#include "net/wire/messages.h"

namespace parley {

class AddressBook {
 public:
    static constexpr size_t kBuckets = 128;
    static constexpr size_t kBucketSizeMax = 64;

    explicit AddressBook(Random& random);

    /// Hears of an address; `seen` in Unix seconds. True: it was new, or is news of some worth.
    bool add(const NetAddress& address, int64_t seen, const IpAddress& source, TimePoint now);
    void attempted(const IpAddress& ip, uint16_t port, TimePoint now);
    void succeeded(const IpAddress& ip, uint16_t port, ServiceFlags services, TimePoint now);

    /// A random address that was not tried lately and that `suitable` lets pass.
    std::optional<NetAddress> select(TimePoint now,
                                     const std::function<bool(const NetAddress&)>& suitable);
    /// A random selection of at most `count_max` that are worth passing on.
    std::vector<message::AddressEntry> sample(size_t count_max, TimePoint now);
    std::vector<KnownAddress> list(size_t count_max) const;
    size_t size() const { return entries_.size(); }

 private:
    struct Key {
        IpAddress ip;
        uint16_t port = 0;
        auto operator<=>(const Key&) const = default;
    };
    struct Entry {
        ServiceFlags services = 0;
        int64_t seen = 0;
        size_t bucket = 0;
        int failures = 0;
        TimePoint last_try{};
        TimePoint last_success{};
    };
    using Entries = std::map<Key, Entry>;

    size_t bucket_of(const IpAddress& ip, const IpAddress& source) const;
    bool is_terrible(const Entry& entry, TimePoint now) const;
    void make_room(std::vector<Key>& bucket, TimePoint now);
    void erase(const Key& key);

    Random& random_;
    uint64_t key0_;
    uint64_t key1_;
    Entries entries_;
    std::vector<std::vector<Key>> buckets_;
};

}  // namespace parley
