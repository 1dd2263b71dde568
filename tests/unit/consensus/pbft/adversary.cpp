#include "tests/unit/consensus/pbft/adversary.h"

#include <algorithm>

#include "base/serialize.h"

namespace parley::pbft::testing {

using Node = Cluster::Node;

Corrupted::Corrupted(Cluster& cluster, Node node, uint64_t seed)
    : cluster_(cluster), node_(node), random_(SeededRandom::stream(seed, node, "adversary")) {}

std::vector<Node> Corrupted::others() const {
    std::vector<Node> result;
    for (Node node = 0; node < cluster_.size(); ++node) {
        if (node != node_ && cluster_.up(node)) result.push_back(node);
    }
    return result;
}

void Corrupted::send(Node to, Bytes message, std::string_view command) {
    ++sent_;
    cluster_.inject_later(to, node_, command, std::move(message));
}

void Corrupted::send_all(const Bytes& message) {
    for (const Node to : others()) send(to, message);
}

FinalPoint Corrupted::final_point() const {
    const HeaderNode& tip = cluster_.tip(node_);
    return {static_cast<Sequence>(tip.height.value()), tip.hash, tip.seal};
}

Bytes Corrupted::vote(MessageType type, View view, Sequence height, const BlockHash& digest) const {
    return cluster_.vote_message(type, view, height, digest, node_);
}

Bytes Corrupted::view_change(View view, const FinalPoint& point,
                             const std::optional<PreparedCertificate>& prepared) const {
    return encode_view_change(cluster_.make_view_change(view, node_, point, prepared),
                              cluster_.network());
}

Bytes Corrupted::propose(const Vote& instead_of, const Block& block) const {
    return cluster_.pre_prepare_message(instead_of.view, instead_of.height, block, node_);
}

Bytes Corrupted::new_view(NewView changed) const {
    if (changed.reproposal) {
        Reproposal& again = *changed.reproposal;
        again.signature = cluster_
                              .make_vote(MessageType::pre_prepare, changed.view, again.height,
                                         again.digest, node_)
                              .signature;
    }
    changed.signature = cluster_.key(node_).sign_compact(cluster_.authenticator().signing_hash(
        MessageType::new_view, changed.view, changed.reproposal ? changed.reproposal->height : 0,
        content_digest(changed)));
    return encode_new_view(changed, cluster_.network());
}

Adversary::Adversary(Cluster& cluster, uint64_t seed) : cluster_(cluster), seed_(seed) {
    cluster_.filter = [this](Node from, Node to, ByteSpan message) {
        return pass(from, to, message);
    };
    cluster_.world().at(cluster_.now() + kActInterval, [this] { act(); });
}

void Adversary::corrupt(Node node, std::vector<BehaviourRef> behaviours) {
    Puppet& puppet = puppets_[node];
    if (!puppet.self) puppet.self = std::make_unique<Corrupted>(cluster_, node, seed_);
    cluster_.hide_own_key(node);
    for (BehaviourRef& each : behaviours) puppet.behaviours.push_back(std::move(each));
}

void Adversary::corrupt(Node node, BehaviourRef behaviour) {
    std::vector<BehaviourRef> one;
    one.push_back(std::move(behaviour));
    corrupt(node, std::move(one));
}

size_t Adversary::interventions() const {
    size_t count = 0;
    for (const auto& [node, puppet] : puppets_) count += puppet.suppressed + puppet.self->sent();
    return count;
}

bool Adversary::pass(Node from, Node to, ByteSpan message) {
    if (const auto listener = puppets_.find(to); listener != puppets_.end()) {
        for (const BehaviourRef& each : listener->second.behaviours)
            each->overhear(*listener->second.self, to_bytes(message));
    }
    const auto speaker = puppets_.find(from);
    if (speaker == puppets_.end()) return true;
    Puppet& puppet = speaker->second;
    std::vector<Bytes> sent{to_bytes(message)};
    for (const BehaviourRef& each : puppet.behaviours) {
        std::vector<Bytes> next;
        for (const Bytes& one : sent) {
            for (Bytes& instead : each->replace(*puppet.self, to, one))
                next.push_back(std::move(instead));
        }
        sent = std::move(next);
    }
    if (sent.size() == 1 && std::ranges::equal(sent.front(), message)) return true;
    if (sent.empty()) ++puppet.suppressed;
    for (Bytes& instead : sent) puppet.self->send(to, std::move(instead));
    return false;
}

void Adversary::act() {
    for (auto& [node, puppet] : puppets_) {
        for (const BehaviourRef& each : puppet.behaviours) {
            if (cluster_.up(node) && !cluster_.world().paused(node)) each->act(*puppet.self);
        }
    }
    cluster_.world().at(cluster_.now() + kActInterval, [this] { act(); });
}

}  // namespace parley::pbft::testing
