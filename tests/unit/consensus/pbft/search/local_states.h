// LocalStates: the states in which single replicas of a search were seen, and what each input made
// of them. A state of the whole network consists of local states and messages under way, so the
// engine runs once for each pair of local state and input, however many states of the network have
// them in common.
//
// A state is known by its digest (LocalReplica::digest()). An engine cannot be copied: a state
// whose engine has gone on is made again from the inputs that led to it. When two histories lead to
// equal digests, some of the second ones are followed on, to see that they behave alike; if not,
// the digest lacks something, and problems() says so.
//
// For tests.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "tests/unit/consensus/pbft/search/local_replica.h"

namespace parley::pbft::testing {

using LocalId = uint32_t;
using MessageNumber = uint32_t;

struct LocalInput {
    enum class Kind : uint8_t { message, timer, restart };
    Kind kind = Kind::message;
    uint8_t from = 0;
    MessageNumber message = 0;
    uint32_t waited_ms = 0;  ///< how long nothing happened to the replica before this

    auto operator<=>(const LocalInput&) const = default;
};

struct LocalState {
    uint8_t validator = 0;
    std::vector<BlockHash> chain;
    View view = 0;
    std::optional<uint32_t> due_ms;  ///< until its next timer
    bool view_timer = false;         ///< it runs
    std::string problem;             ///< empty: it has kept the rules
};

class LocalStates {
 public:
    struct Sent {
        uint8_t to = 0;
        MessageNumber message = 0;
        bool operator==(const Sent&) const = default;
    };
    struct Transition {
        LocalId next = 0;
        std::vector<Sent> sent;
    };

    explicit LocalStates(LoneReplica::Options options)
        : options_(options), committee_(options.validators) {}

    /// The first state of a validator, and what it sends at once.
    Transition begin(uint8_t validator, Persona persona);
    /// The reference is valid until the next call.
    const Transition& step(LocalId from, const LocalInput& input);
    const LocalState& state(LocalId id) const { return nodes_[id].state; }
    const Bytes& message(MessageNumber number) const { return messages_[number]; }

    size_t size() const { return nodes_.size(); }
    /// How many inputs engines have handled.
    size_t engine_steps() const { return engine_steps_; }
    /// How many histories were followed on beside another one with the same digest.
    size_t audits() const { return audits_; }
    const std::vector<std::string>& problems() const { return problems_; }

 private:
    struct Node {
        LocalState state;
        Hash256 digest;
        Persona persona = Persona::correct;
        std::optional<LocalId> parent;
        LocalInput input;
        std::map<LocalInput, Transition> transitions;
    };
    using LiveReplica = std::unique_ptr<LocalReplica>;

    LiveReplica take_live(LocalId id);
    void keep_live(LocalId id, LiveReplica replica);
    std::vector<Sent> apply(LocalReplica& replica, const LocalInput& input);
    std::vector<Sent> numbered(const std::vector<LocalReplica::Sent>& sent);
    LocalId intern(const LocalReplica& replica, Node node, bool& known);
    void audit(LocalId id, LocalReplica& other);

    /// Engines that are kept for going on, of the most recent states.
    static constexpr size_t kLiveMax = 256;
    /// One in so many merged histories is followed on.
    static constexpr size_t kAuditEvery = 16;

    const LoneReplica::Options options_;
    const Committee committee_;
    std::deque<Node> nodes_;
    std::map<std::pair<uint8_t, Hash256>, LocalId> known_;
    std::deque<Bytes> messages_;
    std::unordered_map<Hash256, MessageNumber> numbers_;
    std::map<LocalId, LiveReplica> live_;
    std::deque<LocalId> live_order_;
    size_t engine_steps_ = 0;
    size_t merges_ = 0;
    size_t audits_ = 0;
    std::vector<std::string> problems_;
};

}  // namespace parley::pbft::testing
