// AddressManager: known addresses of nodes, for automatic outbound connections and for replies to
// getaddr. It is bitcoind's table of addresses, with the same places under the same key, so that
// peers.dat means the same to both.
//
// Purpose: whoever floods this node with addresses must not fill it with them. The place of an
// address follows from a secret key, from its network group and, in the table of new addresses,
// from the group of its source: one source group reaches 64 of the 1,024 buckets, one group of
// addresses 8 of the 256 buckets of tried ones. An address that works is not replaced before a test
// connection to it has failed: see collision().
//
// Bounds: 1,024 x 64 places for new addresses, of which one address may take 8; 256 x 64 for tried
// ones. Core thread.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <vector>

#include "base/bytes.h"
#include "base/random.h"
#include "base/time.h"
#include "net/addresses/address_tables.h"
#include "net/peer/peer_info.h"

namespace parley {

/// What an announced address was to this node. `newer`: known, and alive an hour later than known.
enum class AddressNews : uint8_t { none, newer, added };

class AddressManager {
 public:
    explicit AddressManager(Random& random);
    AddressManager(const AddressManager&) = delete;
    AddressManager& operator=(const AddressManager&) = delete;

    /// Replaces everything. What is no longer useful at `now` is left out, and so is what does not
    /// fit its place.
    void restore(const AddressTables& tables, TimePoint now);
    AddressTables tables() const;

    /// Adds or updates an address; `seen` in Unix seconds, which is set back by `penalty` seconds
    /// because the source only heard of it.
    AddressNews add(const NetAddress& address, int64_t seen, const HostAddress& source,
                    int64_t penalty, TimePoint now);
    /// A dial was made. `counted`: a failure says something about the address (the network works).
    void attempted(const HostAddress& host, uint16_t port, bool counted, TimePoint now);
    /// A handshake was completed. False: it stays where it was, because it is unknown, tried
    /// already, or because its place is taken by one that must be tested first.
    bool succeeded(const HostAddress& host, uint16_t port, TimePoint now);
    void set_services(const HostAddress& host, uint16_t port, ServiceFlags services);
    /// A connection that had succeeded has ended: it was alive until now.
    void ended(const HostAddress& host, uint16_t port, TimePoint now);

    /// A random address that was not tried recently and satisfies `suitable`; from the new ones
    /// only, or from either table with equal probability.
    std::optional<NetAddress> select(bool only_new, TimePoint now,
                                     const std::function<bool(const NetAddress&)>& suitable);
    /// Decides collisions whose test has ended; then returns an address to be tested, which keeps
    /// its place from another one that has succeeded.
    std::optional<NetAddress> collision(TimePoint now);
    /// A random selection of at most `count_max` addresses worth relaying.
    std::vector<message::AddressEntry> sample(size_t count_max, TimePoint now);
    std::vector<KnownAddress> list(size_t count_max) const;
    std::vector<PlacedAddress> placed(bool tried) const;
    size_t size() const { return entries_.size(); }

 private:
    struct Key {
        HostAddress host;
        uint16_t port = 0;
        auto operator<=>(const Key&) const = default;
    };
    struct Entry {
        Key key;
        ServiceFlags services = 0;
        HostAddress source;
        int64_t seen = 0;
        TimePoint last_try{};
        TimePoint last_counted_try{};
        TimePoint last_success{};
        int32_t failures = 0;
        int references = 0;  ///< places in the new table
        bool tried = false;
    };
    /// By bucket, then by position: sparse, because most nodes of a simulation know few addresses.
    using Table = std::map<size_t, std::map<size_t, Entry*>>;
    struct Place {
        size_t bucket = 0;
        size_t position = 0;
    };

    Entry* find(const HostAddress& host, uint16_t port);
    Place new_place(const Entry& entry, const HostAddress& source) const;
    Place tried_place(const Entry& entry) const;
    size_t position_in(const Entry& entry, bool tried, size_t bucket) const;
    uint64_t keyed_hash(ByteSpan data) const;
    static Entry* at(const Table& table, Place place);
    static void clear(Table& table, Place place);

    bool is_terrible(const Entry& entry, TimePoint now) const;
    /// False: there is something better at the place.
    bool put_new(Entry& entry, Place place, TimePoint now);
    void leave_new_places(Entry& entry);
    /// Whoever is there goes back to the new table.
    void put_tried(Entry& entry, TimePoint now);
    void erase_if_nowhere(Entry& entry);
    Entry* draw(const Table& table) const;
    static AddressRecord record_of(const Entry& entry);

    Random& random_;
    Hash256 key_;
    std::map<Key, Entry> entries_;
    Table new_;
    Table tried_;
    std::vector<Key> collisions_;  ///< succeeded, but their places are taken
    /// Of any address. Later than "never", so that the first failure of each is counted.
    TimePoint last_success_ = from_unix_seconds(1);
};

}  // namespace parley
