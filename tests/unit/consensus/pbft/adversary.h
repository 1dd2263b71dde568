// Adversary: Byzantine validators of a Cluster. A corrupted validator has a real node, so that it
// knows what a correct one knows, and behaviours: they replace what the node sends, and send what
// no correct node would, signed with the validator's key. Behaviours of one validator combine: each
// gets what the one before it would send. A twin, a second node with the same key, is another
// Byzantine validator (ClusterOptions::extra).
//
// It judges nobody, and does not forge signatures of correct validators: f keys are all it has.
//
// For tests; must outlive the runs of its cluster.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "net/wire/messages.h"
#include "tests/unit/consensus/pbft/cluster.h"

namespace parley::pbft::testing {

/// What the behaviours of one corrupted validator share.
class Corrupted {
 public:
    Corrupted(Cluster& cluster, Cluster::Node node, uint64_t seed);

    Cluster& cluster() const { return cluster_; }
    Cluster::Node node() const { return node_; }
    SeededRandom& random() { return random_; }
    /// One of `sides` for each other node, always the same.
    size_t side(Cluster::Node to, size_t sides = 2) const { return to % sides; }
    /// All other nodes that run.
    std::vector<Cluster::Node> others() const;
    /// Sends it over the link to `to`, with the usual delay; lost if a partition is between.
    void send(Cluster::Node to, Bytes message, std::string_view command = message::kEngineCommand);
    void send_all(const Bytes& message);
    /// How many messages it has sent.
    size_t sent() const { return sent_; }

    View view() const { return cluster_.view(node_); }
    FinalPoint final_point() const;
    Bytes vote(MessageType type, View view, Sequence height, const BlockHash& digest) const;
    Bytes view_change(View view, const FinalPoint& point,
                      const std::optional<PreparedCertificate>& prepared = {}) const;
    /// The proposal of another block in place of this one.
    Bytes propose(const Vote& instead_of, const Block& block) const;
    /// Signed again after a change.
    Bytes new_view(NewView changed) const;

 private:
    Cluster& cluster_;
    const Cluster::Node node_;
    SeededRandom random_;
    size_t sent_ = 0;
};

class Behaviour {
 public:
    virtual ~Behaviour() = default;
    virtual std::string_view name() const = 0;
    /// What is sent to `to` instead of an engine message. Empty: nothing.
    virtual std::vector<Bytes> replace(Corrupted&, Cluster::Node /*to*/, const Bytes& message) {
        return {message};
    }
    /// An engine message is on its way to the validator.
    virtual void overhear(Corrupted&, const Bytes& /*message*/) {}
    /// Called every kActInterval while its node runs.
    virtual void act(Corrupted&) {}
};

using BehaviourRef = std::unique_ptr<Behaviour>;

/// Its process runs, listens, and says nothing.
BehaviourRef make_silent();
/// Crashes, and crashes again whenever it is restarted.
BehaviourRef make_dead();
/// As the primary it proposes two blocks for one view and height, each to half of the others, and
/// commits to both.
BehaviourRef make_equivocator();
/// Prepares and commits something else before half of the others, and both before a third.
BehaviourRef make_conflicting_voter();
/// Sends no prepares, no commits, or neither, so that it may hold the only certificate of a block;
/// it shows that in a view-change two or more views later.
BehaviourRef make_withholder();
/// Asks for a later view every now and then, without a reason.
BehaviourRef make_impatient();
/// Its new-views omit the re-proposal, invent one, have too few view-changes or ones of two
/// heights, and differ between receivers.
BehaviourRef make_bad_new_views();
/// Repeats what anybody sent in the past, to anybody.
BehaviourRef make_replayer();
/// Signs for others with its own key, and sends truncated, foreign and altered messages.
BehaviourRef make_forger();
/// Twenty view-changes for ever higher views in each interval.
BehaviourRef make_view_spammer();
/// Its proposals contain no transaction.
BehaviourRef make_censor();
/// Its proposals contain all transactions but these.
BehaviourRef make_censor_of(std::function<bool(const Transaction&)> ignored);
/// Its proposals break a rule of the chain: inflation, a wrong Merkle root, a wrong time or parent.
BehaviourRef make_invalid_proposer();
/// Claims final blocks with seals that f validators could make, and feeds headers of them.
BehaviourRef make_false_chain();

/// One of each, in the order above; the last one ignores every other transaction.
std::vector<BehaviourRef> make_all_behaviours();

class Adversary {
 public:
    static constexpr Duration kActInterval = milliseconds{500};

    /// Takes the cluster's filter.
    Adversary(Cluster& cluster, uint64_t seed);
    Adversary(const Adversary&) = delete;
    Adversary& operator=(const Adversary&) = delete;

    /// The validator at this node is Byzantine from now on. Called again, the behaviours are added.
    /// The cluster's checkers go on trusting it until Cluster::distrust().
    void corrupt(Cluster::Node node, std::vector<BehaviourRef> behaviours);
    void corrupt(Cluster::Node node, BehaviourRef behaviour);
    /// Messages that behaviours have suppressed, changed or added.
    size_t interventions() const;

 private:
    struct Puppet {
        std::unique_ptr<Corrupted> self;
        std::vector<BehaviourRef> behaviours;
        size_t suppressed = 0;
    };
    bool pass(Cluster::Node from, Cluster::Node to, ByteSpan message);
    void act();

    Cluster& cluster_;
    const uint64_t seed_;
    std::map<Cluster::Node, Puppet> puppets_;
};

}  // namespace parley::pbft::testing
