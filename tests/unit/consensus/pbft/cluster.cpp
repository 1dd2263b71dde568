#include "tests/unit/consensus/pbft/cluster.h"

#include <algorithm>
#include <array>

#include "base/check.h"
#include "net/wire/messages.h"

namespace parley::pbft::testing {
namespace {

/// These pass between groups, too: they keep a connection, and tell the engine nothing.
constexpr std::array<std::string_view, 7> kConnectionCommands{
    "version", "verack", "wtxidrelay", "sendaddrv2", "ping", "pong", "feefilter"};
/// Without `sendheaders`, blocks are announced by `inv`.
constexpr std::array<std::string_view, 2> kAnnouncements{"inv", "sendheaders"};

bool is_one_of(std::string_view command, const auto& list) {
    return std::find(list.begin(), list.end(), command) != list.end();
}

sim::WorldOptions world_options(const ClusterOptions& options) {
    return {.seed = options.seed,
            .latency = sim::LatencyTable::uniform(options.delay),
            .sync_delay = options.write_time};
}

}  // namespace

Cluster::Cluster(ClusterOptions options)
    : Committee(options.validators, options.payments),
      options_(std::move(options)),
      random_(SeededRandom::stream(options_.seed, 0, "cluster")),
      votes_(*this),
      world_(world_options(options_)) {
    members().options().base_timeout = options_.base_timeout;
    members().options().timeout_max = options_.timeout_max;
    members().options().empty_block_period = options_.empty_block_period;
    safety_.watch(world_);
    votes_.watch(world_);
    world_.observe_messages([this](const sim::PassingMessage& passing) {
        if (passing.command != message::kEngineCommand || !up(passing.from)) return;
        ++sent_[static_cast<MessageType>(passing.payload[1])];
    });
    world_.set_message_filter([this](const sim::PassingMessage& passing) { return fate(passing); });
    for (Node node = 0; node < options_.validators + options_.extra.size(); ++node) {
        const bool extra = node >= options_.validators;
        const size_t validator = extra ? options_.extra[node - options_.validators] : node;
        logs_.push_back(std::make_unique<BlameLog>());
        const sim::NodeSpec each = spec(validator, *logs_.back());
        if (options_.scripted.contains(node)) {
            world_.add_scripted_peer(each);
            continue;
        }
        world_.add_node(each);
        if (validator != kObserver) votes_.trust(node, validator);
        if (extra && validator != kObserver && !options_.twins_hear_each_other) {
            hide_own_key(node);
            hide_own_key(static_cast<Node>(validator));
        }
    }
    world_.connect_mesh();
    connect();
}

sim::NodeSpec Cluster::spec(size_t validator, LogSink& log) {
    sim::NodeSpec spec =
        validator == kObserver ? members().follower() : members().validator(validator);
    if (validator == kObserver && options_.relay) {
        PbftOptions relaying = engine_options(std::nullopt);
        relaying.relay = true;
        spec.config.engine = pbft_choice(relaying);
    }
    spec.log = &log;
    if (options_.clock_skew > Duration{0}) {
        const auto bound = static_cast<uint64_t>(options_.clock_skew.count());
        spec.clock_offset = Duration{static_cast<int64_t>(random_.uniform(bound))};
    }
    NetOptions& net = spec.config.net;
    spec.config.block_builder.weight_max = options_.block_weight_max;
    net.blocks_only = true;  // no transaction is announced
    // Whoever comes back is dialled soon, and who does not answer is soon given up.
    net.reconnect_delay_min = milliseconds{100};
    net.reconnect_delay_max = seconds{1};
    net.headers_timeout = seconds{1};
    net.block_timeout = seconds{1};
    // Nobody learns of blocks by being asked for them now and then.
    net.anti_entropy_interval = std::chrono::hours{24};
    return spec;
}

void Cluster::connect() {
    const auto connected = [this] {
        for (Node a = 0; a < size(); ++a) {
            for (Node b = 0; b < a; ++b) {
                const bool needed = (up(a) && up(b)) || (up(a) && options_.scripted.contains(b)) ||
                                    (up(b) && options_.scripted.contains(a));
                if (needed && !world_.connected(a, b)) return false;
            }
        }
        return true;
    };
    CHECK(world_.run_until(connected, std::chrono::minutes{1}, milliseconds{10}));
    run_for(4 * options_.delay);  // version, version and verack, verack; and what they bring
}

bool Cluster::together(Node a, Node b) const {
    return groups_.empty() ||
           std::any_of(groups_.begin(), groups_.end(), [&](const std::set<Node>& group) {
               return group.contains(a) && group.contains(b);
           });
}

bool Cluster::reveals_own_key(const sim::PassingMessage& passing) const {
    if (!deaf_.contains(passing.to)) return false;
    const size_t own = passing.to < options_.validators
                           ? passing.to
                           : options_.extra[passing.to - options_.validators];
    const auto decoded = decode_message(passing.payload, network());
    if (!decoded) return false;
    if (const auto* vote = std::get_if<Vote>(&*decoded)) return vote->validator == own;
    if (const auto* proposal = std::get_if<PrePrepare>(&*decoded))
        return proposal->vote.validator == own;
    const auto* view_change = std::get_if<ViewChange>(&*decoded);
    return view_change != nullptr && view_change->validator == own;
}

std::vector<Duration> Cluster::fate(const sim::PassingMessage& passing) {
    if (is_one_of(passing.command, kConnectionCommands)) return {Duration{0}};
    if (is_one_of(passing.command, kAnnouncements)) return {};
    if (!together(passing.from, passing.to)) return {};
    if (passing.command != message::kEngineCommand) return {Duration{0}};
    if (reveals_own_key(passing)) return {};
    if (filter && !filter(passing.from, passing.to, passing.payload)) return {};
    if (random_.uniform(100) < options_.drop_percent) return {};
    std::vector<Duration> copies(random_.uniform(100) < options_.duplicate_percent ? 2 : 1);
    for (Duration& late : copies) {
        if (options_.jitter > Duration{0}) {
            late = Duration{static_cast<int64_t>(
                random_.uniform(static_cast<uint64_t>(options_.jitter.count())))};
        }
    }
    return copies;
}

TransactionRef Cluster::submit(const std::vector<Node>& nodes) {
    const TransactionRef payment = coins().pay(payments_++);
    for (Node node = 0; node < size(); ++node) {
        if (!nodes.empty() && std::find(nodes.begin(), nodes.end(), node) == nodes.end()) continue;
        given_[node].push_back(payment);
        if (up(node)) CHECK(sim::submit(world_, node, payment).empty());
    }
    return payment;
}

bool Cluster::confirmed(const std::vector<Node>& nodes, const TransactionRef& payment) const {
    return std::ranges::all_of(
        nodes, [&](Node node) { return up(node) && sim::confirmed(world_, node, payment); });
}

void Cluster::withdraw() {
    given_.clear();
    for (Node node = 0; node < size(); ++node) crash(node);
    for (Node node = 0; node < size(); ++node) start(node);
    connect();
}

void Cluster::crash(Node node) {
    if (up(node)) world_.crash(node);
}

void Cluster::start(Node node) {
    world_.restart(node);
    CHECK(up(node));
    for (const TransactionRef& payment : given_[node]) {
        if (up(node) && !sim::confirmed(world_, node, payment)) sim::submit(world_, node, payment);
    }
}

void Cluster::forget_chain(Node node) {
    WriteBatch batch;
    for (const auto& [key, value] : records(node)) batch.put(key, value);
    world_.wipe(node);
    world_.restart(node);  // makes stores with the genesis block
    sim::FaultDisk& disk = world_.disk(node);
    disk.sync(disk.last_commit());
    world_.crash(node, sim::Crash::power_cut);  // as only a power cut loses blocks
    disk.store("blocks").commit(std::move(batch), Durability::synced);
    disk.sync(disk.last_commit());
}

void Cluster::distrust(Node node) {
    safety_.exclude(node);
    votes_.distrust(node);
}

void Cluster::inject(Node to, Node from, const Bytes& message) {
    CHECK(world_.hand_over(from, to, message::kEngineCommand, message));
}

void Cluster::inject_later(Node to, Node from, std::string_view command, Bytes message) {
    if (command == parley::message::kEngineCommand) votes_.on_message(from, message);
    world_.at(now() + options_.delay, [=, this, name = std::string(command)] {
        if (!up(to) || !together(from, to)) return;
        if (world_.paused(to)) return inject_later(to, from, name, message);
        world_.hand_over(from, to, name, message);
    });
}

void Cluster::mend_links(unsigned drop_percent) {
    options_.jitter = Duration{0};
    options_.drop_percent = drop_percent;
    options_.duplicate_percent = 0;
}

const Replica& Cluster::replica(Node node) const {
    return dynamic_cast<const Replica&>(world_.node(node).engine());
}

size_t Cluster::lowest_height(const std::vector<Node>& nodes) const {
    size_t lowest = SIZE_MAX;
    for (const Node node : nodes) lowest = std::min(lowest, up(node) ? height(node) : 0);
    return lowest;
}

BlockRef Cluster::block(Node node, const HeaderNode& header) const {
    auto block = world_.node(node).chain().read_block(header);
    CHECK(block);
    return *block;
}

std::string Cluster::info(Node node, std::string_view field) const {
    return report_field(world_.node(node).engine(), field);
}

std::map<Bytes, Bytes> Cluster::records(Node node) {
    std::map<Bytes, Bytes> result;
    const auto scanned = world_.disk(node).store("blocks").scan(
        Bytes{kEngineKeyPrefix}, [&](ByteSpan key, ByteSpan value) {
            result[to_bytes(key)] = to_bytes(value);
            return true;
        });
    CHECK(scanned);
    return result;
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

std::vector<std::string> Cluster::violations() const {
    std::vector<std::string> all = safety_.violations();
    all.insert(all.end(), votes_.violations().begin(), votes_.violations().end());
    return all;
}

BlockRef Cluster::make_block(Node node, uint8_t salt) {
    BlockRef block;
    world_.invoke(node, [&](parley::Node& made) {
        block = std::make_shared<const Block>(
            made.build_template(Script{Bytes{0x51, salt}}, std::vector<TransactionRef>{}).block);
    });
    return block;
}

}  // namespace parley::pbft::testing
