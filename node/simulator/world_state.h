// What a World is made of: its nodes, the ends of connections, and the queue of what is to come.
// Internal to node/simulator: included by the parts of World only. One thread.
#pragma once

#include <algorithm>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "base/random.h"
#include "base/storage/memory_storage.h"
#include "chain/script/script_check.h"
#include "node/simulator/world.h"

namespace parley::sim {

/// One end of a connection.
struct World::ConnectionEnd {
    NodeIndex remote = 0;
    PeerId remote_peer;
    uint64_t dial = 0;         ///< of the Dial that made it; 0: the other side dialled
    bool established = false;  ///< this node was told of it
    bool drained_owed = false;
    bool broken = false;       ///< what is sent reaches nobody; the end of it is on its way
    Duration path{0};          ///< this connection's way is so much longer
    TimePoint last_arrival{};  ///< streams do not overtake themselves
    std::vector<event::Received> held_back{};  ///< sent during a partition
};

struct World::SimNode {
    explicit SimNode(NodeSpec node_spec) : spec(std::move(node_spec)) {}

    NodeSpec spec;
    MemoryStorage blocks;
    MemoryStorage coins;
    MemoryStorageDirectory wallets;
    InlineScriptVerifier scripts;
    NullLog no_log;
    std::unique_ptr<SeededRandom> random;
    std::unique_ptr<SeededRandom> secrets;
    std::unique_ptr<SeededRandom> mining;
    std::unique_ptr<Node> node;  ///< null: crashed
    uint64_t incarnation = 0;
    std::map<PeerId, ConnectionEnd> ends;
    std::deque<Effect> waiting;  ///< behind a barrier
    bool barrier = false;
    uint64_t search_job = 0;
    TimePoint armed = kNever;
    TimePoint last_timer{};
    uint64_t timers_at_once = 0;  ///< TimerDue in a row without a step of the clock
    Traffic sent;
};

struct World::Item {
    TimePoint time;
    NodeIndex node = 0;
    uint64_t incarnation = 0;
    ItemKind kind = ItemKind::event;
    Event event;
    /// Whose bytes these are (Received): it hears when nobody takes them.
    std::optional<std::pair<NodeIndex, PeerId>> origin;
};

/// A binary heap of small keys over slots that are used again: events are large, and a heap moves
/// its elements often.
struct World::Queue {
    struct Key {
        TimePoint time;
        uint64_t sequence;
        size_t slot;
        bool operator<(const Key& other) const {  // the earliest is the heap's greatest
            return time != other.time ? time > other.time : sequence > other.sequence;
        }
    };
    std::vector<Key> heap;
    std::vector<Item> slots;
    std::vector<size_t> free;

    bool empty() const { return heap.empty(); }
    TimePoint next() const { return heap.front().time; }
    void push(uint64_t sequence, Item item) {
        size_t slot = slots.size();
        if (free.empty()) {
            slots.push_back(std::move(item));
        } else {
            slot = free.back();
            free.pop_back();
            slots[slot] = std::move(item);
        }
        heap.push_back(Key{slots[slot].time, sequence, slot});
        std::push_heap(heap.begin(), heap.end());
    }
    Item pop() {
        std::pop_heap(heap.begin(), heap.end());
        const size_t slot = heap.back().slot;
        heap.pop_back();
        free.push_back(slot);
        return std::move(slots[slot]);
    }
};

}  // namespace parley::sim
