// AddressBook: known addresses of nodes, for automatic outbound connections and for replies to
// getaddr. Bounded by buckets: the bucket of an address depends on its network group and on its
// source's group, under a secret key, so one operator can only fill a few buckets. Kept in memory
// only. Core thread.
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

    /// Adds or updates an address; `seen` in Unix seconds. True: it was new, or significantly
    /// newer.
    bool add(const NetAddress& address, int64_t seen, const IpAddress& source, TimePoint now);
    void attempted(const IpAddress& ip, uint16_t port, TimePoint now);
    void succeeded(const IpAddress& ip, uint16_t port, ServiceFlags services, TimePoint now);

    /// A random address that was not tried recently and satisfies `suitable`.
    std::optional<NetAddress> select(TimePoint now,
                                     const std::function<bool(const NetAddress&)>& suitable);
    /// A random selection of at most `count_max` addresses worth relaying.
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
