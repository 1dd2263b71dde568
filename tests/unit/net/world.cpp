#include "world.h"

#include <algorithm>
#include <optional>

namespace parley::test {

World::Node& World::add_node(NetOptions options, bool sealed) {
    options.sealed_blocks = sealed;
    nodes_.push_back(std::make_unique<Node>(options, seed_ * 1000 + nodes_.size(), sealed));
    return *nodes_.back();
}

void World::connect(size_t from, size_t to) {
    node(from).manager.add_node("node" + std::to_string(to), AddNodeCommand::add, now_);
    collect(from);
}

void World::connect_all() {
    for (size_t a = 0; a < size(); ++a) {
        for (size_t b = a + 1; b < size(); ++b) connect(a, b);
    }
}

bool World::is_cut(size_t a, size_t b) const {
    return cut_.contains({std::min(a, b), std::max(a, b)});
}

void World::cut(size_t a, size_t b, bool reset) {
    cut_.insert({std::min(a, b), std::max(a, b)});
    if (!reset) return;
    std::vector<std::pair<End, End>> gone;
    for (const auto& [from, to] : links_) {
        if ((from.node == a && to.node == b) || (from.node == b && to.node == a))
            gone.emplace_back(from, to);
    }
    for (const auto& [from, to] : gone) {
        links_.erase(from);
        schedule(Duration{0}, {from, Delivery::Kind::closed, nullptr, 0, 0});
    }
}

void World::mend(size_t a, size_t b) {
    cut_.erase({std::min(a, b), std::max(a, b)});
}

void World::schedule(Duration after, Delivery delivery) {
    queue_.emplace(std::pair{now_ + after, next_event_++}, std::move(delivery));
}

void World::collect(size_t index) {
    carry_out(index, node(index).backend.run(node(index).manager, now_));
}

void World::step(size_t index, NetInput input) {
    carry_out(index, node(index).backend.run(node(index).manager, std::move(input), now_));
}

void World::carry_out(size_t index, NetOutputs outputs) {
    for (NetOutput& output : outputs) {
        if (auto* send = std::get_if<net_output::Send>(&output)) {
            const End from{index, send->peer};
            if (send->notify) schedule(delay, {from, Delivery::Kind::drained, nullptr, 0, 0});
            const auto link = links_.find(from);
            if (link == links_.end() || is_cut(index, link->second.node)) continue;
            schedule(delay, {link->second, Delivery::Kind::data, send->data, 0, 0});
        } else if (auto* dial = std::get_if<net_output::Dial>(&output)) {
            const size_t target = std::stoul(dial->target.host.substr(4));
            schedule(delay, {{index, PeerId{}}, Delivery::Kind::open, nullptr, dial->dial, target});
        } else if (auto* close = std::get_if<net_output::Close>(&output)) {
            const End from{index, close->peer};
            const auto link = links_.find(from);
            if (link != links_.end()) {
                const End to = link->second;
                links_.erase(from);
                links_.erase(to);
                schedule(delay, {to, Delivery::Kind::closed, nullptr, 0, 0});
            }
            schedule(Duration{0}, {from, Delivery::Kind::closed, nullptr, 0, 0});
        }
    }
}

void World::open(size_t from, size_t to, uint64_t dial) {
    if (to >= size() || is_cut(from, to)) {
        step(from, net_input::DialFailed{dial, "connection refused"});
        return;
    }
    const End near{from, PeerId{next_peer_++}};
    const End far{to, PeerId{next_peer_++}};
    links_.emplace(near, far);
    links_.emplace(far, near);
    const Endpoint near_endpoint{"node" + std::to_string(from),
                                 static_cast<uint16_t>(10'000 + near.peer.value() % 50'000)};
    const Endpoint far_endpoint{"node" + std::to_string(to), 18444};
    step(to, net_input::Connected{far.peer, near_endpoint, far_endpoint, true, 0});
    step(from, net_input::Connected{near.peer, far_endpoint, near_endpoint, false, dial});
}

void World::deliver_bytes(const Delivery& delivery) {
    ByteSpan data{*delivery.data};
    bytes_delivered += data.size();
    while (!data.empty()) {
        if (!links_.contains(delivery.to)) return;
        const size_t piece = 1 + random_.uniform(std::min<size_t>(data.size(), 5000));
        step(delivery.to.node, net_input::Received{delivery.to.peer, to_bytes(data.first(piece))});
        data = data.subspan(piece);
    }
}

void World::deliver(const Delivery& delivery) {
    switch (delivery.kind) {
        case Delivery::Kind::data:
            if (links_.contains(delivery.to)) deliver_bytes(delivery);
            break;
        case Delivery::Kind::drained:
            step(delivery.to.node, net_input::Drained{delivery.to.peer});
            break;
        case Delivery::Kind::closed:
            step(delivery.to.node, net_input::Closed{delivery.to.peer, "closed"});
            break;
        case Delivery::Kind::open:
            open(delivery.to.node, delivery.other, delivery.dial);
            break;
    }
}

void World::start_late_nodes() {
    for (; started_ < size(); ++started_) {
        step(started_, net_input::Started{});
    }
}

void World::run(Duration duration) {
    const TimePoint end = now_ + duration;
    start_late_nodes();
    for (size_t i = 0; i < size(); ++i) collect(i);  // what the test itself caused
    while (true) {
        std::optional<TimePoint> next;
        std::optional<size_t> timer;
        if (!queue_.empty()) next = queue_.begin()->first.first;
        for (size_t i = 0; i < size(); ++i) {
            const auto deadline = node(i).manager.next_deadline();
            if (deadline && (!next || *deadline < *next)) {
                next = deadline;
                timer = i;
            }
        }
        if (!next || *next > end) break;
        now_ = std::max(now_, *next);
        ++events;
        if (timer) {
            step(*timer, net_input::TimerDue{});
        } else {
            const Delivery delivery = std::move(queue_.begin()->second);
            queue_.erase(queue_.begin());
            deliver(delivery);
        }
    }
    now_ = end;
}

bool World::same_tip() const {
    return std::all_of(nodes_.begin(), nodes_.end(), [&](const auto& node) {
        return node->backend.active_tip().hash == nodes_.front()->backend.active_tip().hash;
    });
}

}  // namespace parley::test
