// World: several PeerManagers in one process, joined by byte pipes with a delay, in virtual time.
// Bytes arrive cut at random places. Links can be cut and mended.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <vector>

#include "base/log.h"
#include "base/random.h"
#include "fake_backend.h"

namespace parley::test {

inline constexpr TimePoint kStart = from_unix_seconds(1'800'000'000);

class World {
 public:
    struct Node {
        Node(const NetOptions& options, uint64_t seed, bool sealed)
            : backend(sealed), random(seed), manager(options, backend, random, log) {}
        FakeBackend backend;
        SeededRandom random;
        NullLog log;
        PeerManager manager;
    };

    explicit World(uint64_t seed) : seed_(seed), random_(seed) {}

    /// Nodes are numbered from 0; node i is dialled as host "node<i>".
    Node& add_node(NetOptions options = {}, bool sealed = false);
    Node& node(size_t index) { return *nodes_.at(index); }
    size_t size() const { return nodes_.size(); }
    /// `from` keeps a connection to `to`.
    void connect(size_t from, size_t to);
    void connect_all();

    /// No byte passes between the two any more, and new dials fail; the pipes stay open unless
    /// `reset`.
    void cut(size_t a, size_t b, bool reset);
    void mend(size_t a, size_t b);

    /// Runs everything that happens within this time.
    void run(Duration duration);
    bool same_tip() const;

    TimePoint now() const { return now_; }
    Duration delay = std::chrono::milliseconds{1};
    uint64_t bytes_delivered = 0;
    uint64_t events = 0;

 private:
    struct End {
        size_t node = 0;
        PeerId peer;
        auto operator<=>(const End&) const = default;
    };
    struct Delivery {
        End to;
        enum class Kind : uint8_t { data, drained, closed, open } kind;
        std::shared_ptr<const Bytes> data;
        uint64_t dial = 0;
        size_t other = 0;
    };

    /// What the test did to a node.
    void collect(size_t node);
    void step(size_t node, NetInput input);
    void carry_out(size_t node, NetOutputs outputs);
    void schedule(Duration after, Delivery delivery);
    void deliver(const Delivery& delivery);
    void deliver_bytes(const Delivery& delivery);
    void open(size_t from, size_t to, uint64_t dial);
    bool is_cut(size_t a, size_t b) const;
    void start_late_nodes();

    uint64_t seed_;
    SeededRandom random_;
    TimePoint now_ = kStart;
    std::vector<std::unique_ptr<Node>> nodes_;
    size_t started_ = 0;
    std::map<End, End> links_;  ///< both directions
    std::map<std::pair<TimePoint, uint64_t>, Delivery> queue_;
    uint64_t next_event_ = 0;
    uint64_t next_peer_ = 1;
    std::set<std::pair<size_t, size_t>> cut_;
};

}  // namespace parley::test
