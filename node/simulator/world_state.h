// The state of a World: its nodes, the ends of connections, and the event queue. Internal to
// node/simulator: included only by World's implementation. One thread.
#pragma once

#include <algorithm>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/random.h"
#include "chain/script/script_check.h"
#include "node/host/effect_runner.h"
#include "node/simulator/world.h"

namespace parley::sim {

/// One end of a connection.
struct World::ConnectionEnd {
    NodeIndex remote = 0;
    PeerId remote_peer;
    uint64_t dial = 0;         ///< of its Dial; 0: the other side dialled
    bool established = false;  ///< this node has been informed of it
    bool drained_owed = false;
    bool broken = false;                       ///< data sent is lost; Closed is on its way
    Duration path{0};                          ///< additional delay of this connection
    TimePoint last_arrival{};                  ///< keeps the stream in order
    std::vector<event::Received> held_back{};  ///< sent during a partition
};

struct World::Item {
    TimePoint time;
    NodeIndex node = 0;
    uint64_t incarnation = 0;
    ItemKind kind = ItemKind::event;
    Event event;
    /// The sender of these bytes (Received): it is informed if nobody accepts them.
    std::optional<std::pair<NodeIndex, PeerId>> origin;
};

struct World::SimNode {
    SimNode(NodeSpec node_spec, uint64_t seed, NodeIndex index)
        : spec(std::move(node_spec)), disk(SeededRandom::stream(seed, index, "disk")) {}

    NodeSpec spec;
    FaultDisk disk;
    InlineScriptVerifier scripts;
    NullLog no_log;
    std::unique_ptr<SeededRandom> random;
    std::unique_ptr<SeededRandom> secrets;
    std::unique_ptr<SeededRandom> mining;
    std::unique_ptr<Node> node;  ///< null: crashed, or a scripted peer
    std::optional<ScriptedPeer> scripted;
    bool powered = true;  ///< false: the machine does not respond
    uint64_t power_cuts = 0;
    /// Connections that sent data to the machine while it was off: they are reset once it is back.
    std::set<std::pair<NodeIndex, PeerId>> unheard;
    std::string stop_reason;
    uint64_t incarnation = 0;
    std::map<PeerId, ConnectionEnd> ends;
    std::optional<EffectRunner> effects;  ///< since its last start
    /// Barriers not reached yet; one release item for each.
    std::deque<std::pair<CommitId, Durability>> barriers;
    TimePoint sync_begin{}, sync_end{};  ///< of the last sync requested
    uint64_t commits_to_crash = 0;       ///< see crash_at_commit(); 0: no order
    CommitPoint crash_point = CommitPoint::unfinished;
    Crash crash_how = Crash::power_cut;
    uint64_t search_job = 0;
    TimePoint armed = kNever;
    TimePoint paused_until{};  ///< see pause()
    std::deque<Item> held;     ///< reached it during a pause
    TimePoint last_timer{};
    uint64_t timers_at_once = 0;  ///< consecutive TimerDue at one time, to detect a loop
    Traffic sent;

    bool alive() const { return node != nullptr || scripted.has_value(); }
};

/// A binary heap of small keys, with the events in reusable slots, because events are large and a
/// heap moves its elements often.
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
