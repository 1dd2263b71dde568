#include "tests/unit/consensus/pbft/cluster.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/check.h"
#include "chain/primitives/compact_target.h"

namespace parley::pbft::testing {
namespace {

constexpr uint8_t kInvalidMark = 0xbd;

PeerId peer_of(size_t node) {
    return PeerId{node + 1};
}

size_t node_of(PeerId peer) {
    return static_cast<size_t>(peer.value()) - 1;
}

// The coinbase carries the transactions' numbers: all that these tests need of a block.
BlockRef build_block(const HeaderNode& parent, int64_t time, uint32_t bits, ByteSpan content) {
    TransactionData coinbase;
    coinbase.inputs.resize(1);
    coinbase.inputs[0].script_sig = Script{to_bytes(content)};
    coinbase.outputs.push_back(TxOutput{Amount{0}, Script{}});
    auto block = std::make_shared<Block>();
    block->transactions.push_back(make_transaction(coinbase));
    block->header.version = 4;
    block->header.previous = parent.hash;
    block->header.merkle_root = block_merkle_root(*block);
    block->header.time = static_cast<uint32_t>(std::max(time, parent.median_time_past() + 1));
    block->header.bits = bits;
    return block;
}

Bytes content_of(const Block& block) {
    return to_bytes(block.transactions[0]->inputs()[0].script_sig.bytes());
}

std::string text_of(const EngineReport& report) {
    const auto joined = [](const auto& items, auto text) {
        std::string result;
        for (const auto& item : items) result += (result.empty() ? "" : ",") + text(item);
        return result;
    };
    return std::visit(
        [&]<class T>(const T& value) -> std::string {
            if constexpr (std::is_same_v<T, EngineReport::Nothing>)
                return "null";
            else if constexpr (std::is_same_v<T, bool>)
                return value ? "true" : "false";
            else if constexpr (std::is_same_v<T, std::string>)
                return "\"" + value + "\"";
            else if constexpr (std::is_same_v<T, std::chrono::milliseconds>)
                return fmt::format("{}.{:03}", value.count() / 1000, value.count() % 1000);
            else if constexpr (std::is_same_v<T, EngineReport::List>)
                return "[" + joined(value, text_of) + "]";
            else if constexpr (std::is_same_v<T, EngineReport::Object>)
                return "{" +
                       joined(value,
                              [](const auto& member) {
                                  return "\"" + member.first + "\":" + text_of(member.second);
                              }) +
                       "}";
            else
                return std::to_string(value);
        },
        report.value());
}

}  // namespace

Cluster::Cluster(ClusterOptions options)
    : options_(std::move(options)),
      params_(regtest_params()),
      random_(options_.seed),
      start_(from_unix_seconds(1'700'000'000)),
      now_(start_) {
    SeededRandom key_source = SeededRandom::stream(7, options_.validators, "keys");
    std::vector<PublicKey> publics;
    for (size_t i = 0; i < options_.validators; ++i) {
        keys_.push_back(SecretKey::generate(key_source));
        publics.push_back(keys_.back().public_key());
    }
    auto set = ValidatorSet::create(publics);
    CHECK(set);
    authenticator_ = std::make_unique<Authenticator>(*set, params_.genesis_hash);
    for (size_t i = 0; i < options_.validators + options_.extra.size(); ++i) {
        auto node = std::make_unique<NodeState>();
        node->validator = i < options_.validators ? i : options_.extra[i - options_.validators];
        auto genesis = std::make_unique<HeaderNode>();
        genesis->header = params_.genesis->header;
        genesis->hash = params_.genesis_hash;
        genesis->score = Score{0};
        node->chain.push_back(std::move(genesis));
        node->blocks.push_back(params_.genesis);
        nodes_.push_back(std::move(node));
    }
    for (Node i = 0; i < nodes_.size(); ++i) start(i);
}

PbftOptions Cluster::engine_options(Node node) const {
    PbftOptions options;
    for (const SecretKey& key : keys_) options.validators.push_back(key.public_key());
    if (nodes_[node]->validator != kObserver) options.key = keys_[nodes_[node]->validator];
    options.base_timeout = options_.base_timeout;
    options.timeout_max = options_.timeout_max;
    options.empty_block_period = options_.empty_block_period;
    return options;
}

void Cluster::start(Node id) {
    NodeState& node = *nodes_[id];
    CHECK(!node.engine);
    auto engine = make_pbft_engine(engine_options(id), params_, *node.disk, log_);
    node.start_error = engine ? "" : engine.error();
    if (!engine) return;
    node.engine = std::move(*engine);
    node.replica = static_cast<Replica*>(node.engine.get());
    node.write_done = now_;
    step(id, engine_input::Started{node.chain.back().get()});
    for (Node other = 0; other < nodes_.size(); ++other) {
        if (other == id || !up(other)) continue;
        step(id, engine_input::PeerReady{peer_of(other)});
        step(other, engine_input::PeerReady{peer_of(id)});
    }
    send_demand(id);
}

void Cluster::crash(Node id) {
    NodeState& node = *nodes_[id];
    if (!node.engine) return;
    finish_writes(id);
    node.writes.clear();
    node.engine.reset();
    node.replica = nullptr;
    node.crashed_at = now_;
    ++node.epoch;
    node.crash_countdown = 0;
    node.chain.resize(node.durable_chain);
    node.blocks.resize(node.durable_chain);
    for (Node other = 0; other < nodes_.size(); ++other) {
        if (other == id || !up(other)) continue;
        step(other, engine_input::PeerGone{peer_of(id)});
    }
}

void Cluster::forget_chain(Node id) {
    CHECK(!up(id));
    nodes_[id]->chain.resize(1);
    nodes_[id]->blocks.resize(1);
    nodes_[id]->durable_chain = 1;
}

void Cluster::crash_at_persist(Node node, size_t count, CrashPoint point) {
    nodes_[node]->crash_countdown = count;
    nodes_[node]->crash_point = point;
}

void Cluster::partition(std::vector<std::set<Node>> groups) {
    groups_ = std::move(groups);
}

bool Cluster::connected(Node a, Node b) const {
    if (groups_.empty()) return true;
    return std::any_of(groups_.begin(), groups_.end(), [&](const std::set<Node>& group) {
        return group.contains(a) && group.contains(b);
    });
}

void Cluster::submit(const std::vector<Node>& nodes) {
    ++last_transaction_;
    for (Node node = 0; node < nodes_.size(); ++node) {
        if (!nodes.empty() && std::find(nodes.begin(), nodes.end(), node) == nodes.end()) continue;
        nodes_[node]->pending.insert(last_transaction_);
        send_demand(node);
    }
}

void Cluster::withdraw() {
    for (Node node = 0; node < nodes_.size(); ++node) {
        nodes_[node]->pending.clear();
        send_demand(node);
    }
}

void Cluster::send_demand(Node id) {
    if (!up(id)) return;
    step(id, engine_input::DemandChanged{Demand{nodes_[id]->pending.size(), now_}});
}

void Cluster::step(Node id, const EngineInput& input) {
    finish_writes(id);
    if (!up(id)) return;
    EngineOutputs outputs = nodes_[id]->engine->handle(input, now_);
    process(id, outputs);
}

void Cluster::process(Node id, EngineOutputs& outputs) {
    const uint64_t epoch = nodes_[id]->epoch;
    for (EngineOutput& output : outputs) {
        NodeState& node = *nodes_[id];
        if (!up(id) || node.epoch != epoch) return;  // it crashed on the way
        if (auto* send = std::get_if<engine_output::SendMessage>(&output)) {
            transmit(id, node_of(send->peer),
                     std::make_shared<const Bytes>(std::move(send->message)));
        } else if (auto* broadcast = std::get_if<engine_output::Broadcast>(&output)) {
            const auto shared = std::make_shared<const Bytes>(std::move(broadcast->message));
            for (Node to = 0; to < nodes_.size(); ++to) {
                if (to != id) transmit(id, to, shared);
            }
        } else if (auto* write = std::get_if<engine_output::Record>(&output)) {
            persist(id, std::move(write->batch));
        } else if (auto* request = std::get_if<engine_output::BuildProposal>(&output)) {
            build(id, *request);
        } else if (auto* check = std::get_if<engine_output::CheckProposal>(&output)) {
            const Bytes content = content_of(*check->block);
            const bool valid = check->block->header.previous == node.chain.back()->hash &&
                               (content.empty() || content[0] != kInvalidMark);
            step(id, engine_input::ProposalChecked{check->block, valid ? "" : "bad-block"});
        } else if (auto* publication = std::get_if<engine_output::Publish>(&output)) {
            publish(id, publication->block, publication->seal);
        } else if (auto* final_block = std::get_if<engine_output::Finalize>(&output)) {
            if (node.chain.back()->hash != final_block->hash) violation("finalised another block");
        } else if (auto* blame = std::get_if<engine_output::Blame>(&output)) {
            node.blames.push_back(blame->reason);
        } else if (auto* lag = std::get_if<engine_output::CatchUp>(&output)) {
            ++node.catch_ups;
            // There and back.
            Delivery delivery{
                node_of(lag->peer), id, nodes_[node_of(lag->peer)]->epoch, now_, true, false, {}};
            deliveries_[{now_ + 2 * options_.delay, ++sequence_}] = std::move(delivery);
        }
    }
}

void Cluster::persist(Node id, WriteBatch batch) {
    NodeState& node = *nodes_[id];
    ++node.persists;
    const bool crashes = node.crash_countdown > 0 && --node.crash_countdown == 0;
    if (crashes && node.crash_point == CrashPoint::before_write) return crash(id);
    node.write_done = std::max(node.write_done, now_) + options_.write_time;
    node.writes.push_back(PendingWrite{node.write_done, std::move(batch), 0});
    if (crashes) {
        for (PendingWrite& write : node.writes) write.done = now_;
        crash(id);
    }
    finish_writes(id);
}

void Cluster::finish_writes(Node id) {
    NodeState& node = *nodes_[id];
    while (!node.writes.empty() && node.writes.front().done <= now_) {
        PendingWrite write = std::move(node.writes.front());
        node.writes.erase(node.writes.begin());
        if (write.chain_size > 0) {
            node.durable_chain = write.chain_size;
        } else {
            node.disk->commit(std::move(write.batch), Durability::synced);
        }
    }
}

void Cluster::transmit(Node from, Node to, const std::shared_ptr<const Bytes>& message) {
    const NodeState& node = *nodes_[from];
    const auto type = static_cast<MessageType>((*message)[1]);
    ++sent_[type];
    const bool lost = !connected(from, to) || (filter && !filter(from, to, *message)) ||
                      random_.uniform(100) < options_.drop_percent;
    const TimePoint released = node.writes.empty() ? now_ : std::max(now_, node.write_done);
    const size_t copies = random_.uniform(100) < options_.duplicate_percent ? 2 : 1;
    for (size_t i = 0; i < copies; ++i) {
        const Duration jitter{options_.jitter > Duration::zero()
                                  ? random_.uniform(static_cast<uint64_t>(options_.jitter.count()))
                                  : 0};
        deliveries_[{released + options_.delay + jitter, ++sequence_}] =
            Delivery{from, to, node.epoch, released, false, lost, message};
    }
}

void Cluster::deliver(const Delivery& delivery) {
    const NodeState& sender = *nodes_[delivery.from];
    if (sender.epoch != delivery.epoch && delivery.released > sender.crashed_at) return;
    // It left the node, so it counts, whether it arrives or not.
    if (delivery.message) check_sent(delivery.from, *delivery.message);
    if (delivery.lost || !up(delivery.to)) return;
    if (delivery.is_catch_up) return catch_up(delivery.to, delivery.from);
    if (!up(delivery.from)) return;  // its connections went with it
    step(delivery.to, engine_input::PeerMessage{peer_of(delivery.from), *delivery.message});
}

void Cluster::inject(Node to, Node from, Bytes message) {
    step(to, engine_input::PeerMessage{peer_of(from), std::move(message)});
}

void Cluster::catch_up(Node id, Node from) {
    if (!up(from) || !connected(id, from)) return;
    const NodeState& source = *nodes_[from];
    // Each block may lead the engine to publish the next by itself.
    while (up(id) && nodes_[id]->chain.size() < source.chain.size()) {
        const size_t height = nodes_[id]->chain.size();
        publish(id, source.blocks[height], source.chain[height]->seal);
        if (nodes_[id]->chain.size() == height) return;  // it was refused
    }
}

void Cluster::publish(Node id, const BlockRef& block, const Bytes& seal) {
    NodeState& node = *nodes_[id];
    const HeaderNode& parent = *node.chain.back();
    if (block->header.previous != parent.hash) return violation("published beside the tip");
    const auto score =
        node.engine->verify_header(block->header, block->header.hash(), seal, parent);
    if (!score || !*score || **score != *parent.score + 1)
        return violation("published a block without a valid seal");
    auto child = std::make_unique<HeaderNode>();
    child->header = block->header;
    child->hash = block->header.hash();
    child->height = parent.height + 1;
    child->parent = &parent;
    child->score = *score;
    child->seal = seal;
    const Bytes content = content_of(*block);
    Reader reader(content);
    reader.bytes(9);
    while (reader.ok() && reader.left() >= 8) node.pending.erase(reader.le<uint64_t>());
    check_block(id, *child);
    node.chain.push_back(std::move(child));
    node.blocks.push_back(block);
    node.write_done = std::max(node.write_done, now_) + options_.write_time;
    node.writes.push_back(PendingWrite{node.write_done, {}, node.chain.size()});
    step(id, engine_input::TipChanged{node.chain.back().get()});
    send_demand(id);
}

BlockRef Cluster::make_block(Node id, uint64_t salt, bool valid) const {
    Writer content;
    content.u8(valid ? 1 : kInvalidMark).le(salt);
    return build_block(*nodes_[id]->chain.back(), to_unix_seconds(now_),
                       compact_from_target(params_.pow_limit), content.data());
}

void Cluster::build(Node id, const engine_output::BuildProposal& request) {
    NodeState& node = *nodes_[id];
    BlockRef block;
    if (request.parent == node.chain.back()->hash &&
        (!node.pending.empty() || request.allow_empty)) {
        Writer content;
        content.u8(node.builds_invalid ? kInvalidMark : 1).le(++sequence_);
        for (const uint64_t transaction : node.pending) content.le(transaction);
        block = build_block(*node.chain.back(), request.time,
                            compact_from_target(params_.pow_limit), content.data());
    }
    step(id, engine_input::ProposalBuilt{request.parent, block});
}

bool Cluster::advance_to_next(TimePoint limit) {
    TimePoint next = deliveries_.empty() ? kNever : deliveries_.begin()->first.first;
    Node due = nodes_.size();
    for (Node i = 0; i < nodes_.size(); ++i) {
        if (!up(i)) continue;
        const auto deadline = nodes_[i]->engine->next_deadline();
        if (deadline && *deadline < next) {
            next = *deadline;
            due = i;
        }
    }
    if (next > limit) {
        now_ = std::max(now_, limit);
        return false;
    }
    now_ = std::max(now_, next);
    if (due < nodes_.size()) {
        step(due, engine_input::TimerDue{});
    } else {
        const Delivery delivery = std::move(deliveries_.begin()->second);
        deliveries_.erase(deliveries_.begin());
        deliver(delivery);
    }
    return true;
}

void Cluster::run_for(Duration duration) {
    const TimePoint limit = now_ + duration;
    while (advance_to_next(limit)) {
    }
}

bool Cluster::run_until(const std::function<bool()>& condition, Duration limit) {
    const TimePoint end = now_ + limit;
    while (!condition()) {
        if (!advance_to_next(end)) return condition();
    }
    return true;
}

size_t Cluster::lowest_height(const std::vector<Node>& nodes) const {
    size_t lowest = SIZE_MAX;
    for (const Node node : nodes) lowest = std::min(lowest, height(node));
    return lowest;
}

std::string Cluster::info(Node node, std::string_view field) const {
    CHECK(up(node));
    for (const auto& [name, value] : nodes_[node]->engine->report()) {
        if (name == field) return text_of(value);
    }
    return "";
}

size_t Cluster::sent(MessageType type) const {
    const auto found = sent_.find(type);
    return found == sent_.end() ? 0 : found->second;
}

size_t Cluster::sent() const {
    size_t total = 0;
    for (const auto& [type, count] : sent_) total += count;
    return total;
}

Vote Cluster::make_vote(MessageType type, View view, Sequence height, const BlockHash& digest,
                        size_t validator) const {
    Vote vote{type, view, height, digest, static_cast<ValidatorIndex>(validator), {}};
    vote.signature =
        keys_[validator].sign_compact(authenticator_->signing_hash(type, view, height, digest));
    return vote;
}

void Cluster::check_sent(Node from, ByteSpan message) {
    const NodeState& node = *nodes_[from];
    if (!node.correct || node.validator == kObserver) return;
    const auto decoded = decode_message(message, authenticator_->network());
    if (!decoded) return violation("a correct node sent what cannot be decoded");
    const auto note = [&](size_t validator, MessageType type, View view, Sequence height,
                          const Hash256& digest) {
        if (validator != node.validator) return;  // relayed
        const auto [entry, added] = signed_.try_emplace({validator, type, view, height}, digest);
        if (!added && entry->second != digest)
            violation("validator " + std::to_string(validator) + " signed two digests in view " +
                      std::to_string(view) + " at height " + std::to_string(height));
    };
    if (const auto* vote = std::get_if<Vote>(&*decoded))
        note(vote->validator, vote->type, vote->view, vote->height, vote->digest);
    if (const auto* first = std::get_if<PrePrepare>(&*decoded))
        note(first->vote.validator, first->vote.type, first->vote.view, first->vote.height,
             first->vote.digest);
    if (const auto* change = std::get_if<ViewChange>(&*decoded))
        note(change->validator, MessageType::view_change, change->view, 0, content_digest(*change));
    if (const auto* start = std::get_if<NewView>(&*decoded)) {
        note(start->validator, MessageType::new_view, start->view, 0, content_digest(*start));
        if (start->reproposal)
            note(start->validator, MessageType::pre_prepare, start->view, start->reproposal->height,
                 start->reproposal->digest);
    }
}

void Cluster::check_block(Node id, const HeaderNode& block) {
    const auto height = static_cast<size_t>(block.height.value());
    if (!authenticator_->verify_final(FinalPoint{height, block.hash, block.seal}))
        violation("a block without a certificate");
    if (!nodes_[id]->correct) return;
    const auto [entry, added] = committed_.try_emplace(height, block.hash);
    if (!added && entry->second != block.hash)
        violation("two blocks committed at height " + std::to_string(height));
}

void Cluster::violation(std::string text) {
    violations_.push_back(std::move(text));
}

}  // namespace parley::pbft::testing
