// The peers' and the keys' part of NodeControlImpl.
#include "base/check.h"
#include "rpc/node_control.h"
#include "rpc/wallet_control.h"
#include "wallet/keys/descriptor.h"
#include "wallet/keys/signer.h"

namespace parley {
namespace {

/// Far more than anybody looks at; bounds the reply.
constexpr size_t kKnownAddressesMax = 10'000;

TimePoint or_never_happened(const std::optional<TimePoint>& time) {
    return time.value_or(TimePoint{});
}

rpc::PeerSummary summarise_peer(const PeerInfo& info) {
    rpc::PeerSummary summary;
    summary.id = info.id;
    summary.address = to_string(info.address);
    summary.bound_address = to_string(info.address_bind);
    summary.local_address = info.address_local;
    summary.services = info.services;
    summary.relay_transactions = info.relay_transactions;
    summary.inbound = info.connection_type == ConnectionType::inbound;
    summary.manual = info.connection_type == ConnectionType::manual;
    summary.connected_at = info.connected_at;
    summary.last_send = or_never_happened(info.last_send);
    summary.last_received = or_never_happened(info.last_receive);
    summary.last_transaction = or_never_happened(info.last_transaction);
    summary.last_block = or_never_happened(info.last_block);
    summary.bytes_sent = info.bytes_sent;
    summary.bytes_received = info.bytes_received;
    summary.bytes_sent_per_message = info.bytes_sent_per_message;
    summary.bytes_received_per_message = info.bytes_received_per_message;
    summary.ping_time = info.ping_time;
    summary.ping_min = info.ping_min;
    summary.ping_wait = info.ping_wait;
    summary.time_offset_seconds = info.time_offset;
    summary.version = static_cast<uint32_t>(info.version);
    summary.user_agent = info.user_agent;
    summary.handshake_complete = info.handshake_done;
    summary.starting_height = info.starting_height;
    summary.presynced_headers = info.presynced_headers;
    summary.synced_headers = info.synced_headers;
    summary.synced_blocks = info.synced_blocks;
    for (const int32_t height : info.heights_in_flight) summary.inflight.push_back(Height{height});
    summary.min_fee_filter = Amount{info.fee_filter};
    summary.addr_relay_enabled = info.address_relay;
    summary.addr_processed = info.addresses_processed;
    summary.addr_rate_limited = info.addresses_rate_limited;
    return summary;
}

}  // namespace

rpc::NetworkSummary NodeControlImpl::network() const {
    const NetOptions& options = node_.peers().options();
    const NetTotals totals = node_.peers().totals();
    rpc::NetworkSummary summary;
    summary.user_agent = options.user_agent;
    summary.local_services = options.services;
    summary.relay_transactions = !options.blocks_only;
    summary.active = node_.peers().network_active();
    summary.connections_in = static_cast<uint32_t>(node_.peers().peer_count(true));
    summary.connections_out = static_cast<uint32_t>(node_.peers().peer_count(false));
    summary.bytes_sent = totals.bytes_sent;
    summary.bytes_received = totals.bytes_received;
    return summary;
}

std::vector<rpc::PeerSummary> NodeControlImpl::peers() const {
    std::vector<rpc::PeerSummary> peers;
    for (const PeerInfo& info : node_.peers().peer_infos(node_.now()))
        peers.push_back(summarise_peer(info));
    return peers;
}

std::vector<rpc::AddedNode> NodeControlImpl::added_nodes() const {
    std::vector<rpc::AddedNode> nodes;
    for (const AddedNodeInfo& info : node_.peers().added_nodes()) {
        rpc::AddedNode node{info.added_node, std::nullopt};
        if (info.connected_to) node.connection = {to_string(*info.connected_to), info.inbound};
        nodes.push_back(std::move(node));
    }
    return nodes;
}

std::vector<rpc::KnownAddress> NodeControlImpl::known_addresses() const {
    std::vector<rpc::KnownAddress> addresses;
    for (const KnownAddress& known : node_.peers().known_addresses(kKnownAddressesMax)) {
        addresses.push_back({from_unix_seconds(known.last_seen), known.services,
                             known.endpoint.host, known.endpoint.port});
    }
    return addresses;
}

rpc::Status NodeControlImpl::add_node(const std::string& address, rpc::AddNodeAction action) {
    using Command = AddNodeCommand;
    using Done = AddNodeResult;
    const Command command = action == rpc::AddNodeAction::add      ? Command::add
                            : action == rpc::AddNodeAction::remove ? Command::remove
                                                                   : Command::one_try;
    switch (node_.add_node(address, command)) {
        case Done::done:
            return {};
        case Done::already_added:
            return rpc::failure(rpc::Code::node_already_added, "Error: Node already added");
        case Done::not_added:
            return rpc::failure(
                rpc::Code::node_not_added,
                "Error: Node could not be removed. It has not been added previously.");
        case Done::malformed:
            return rpc::failure(rpc::Code::invalid_ip_or_subnet,
                                "node: \"" + address +
                                    "\" is no address of the form host, host:port or [ip6]:port");
    }
    return {};
}

rpc::Status NodeControlImpl::disconnect_node(const std::string& address) {
    if (node_.disconnect_peer(address)) return {};
    return rpc::failure(rpc::Code::node_not_connected, "Node not found in connected nodes");
}

rpc::Status NodeControlImpl::disconnect_node(PeerId peer) {
    if (node_.disconnect_peer(peer)) return {};
    return rpc::failure(rpc::Code::node_not_connected, "Node not found in connected nodes");
}

void NodeControlImpl::ping_peers() {
    node_.ping_peers();
}

void NodeControlImpl::set_network_active(bool active) {
    node_.set_network_active(active);
}

rpc::Result<rpc::DescriptorSummary> NodeControlImpl::describe(const std::string& descriptor) const {
    const auto parsed = Descriptor::parse(descriptor, node_.config().params, false);
    if (!parsed) return rpc::failure(rpc::Code::address_or_key, parsed.error());
    const auto checksum = descriptor_checksum(descriptor.substr(0, descriptor.find('#')));
    CHECK(checksum);  // it parsed
    rpc::DescriptorSummary summary;
    summary.descriptor = parsed->to_string(node_.config().params);
    summary.checksum = *checksum;
    summary.ranged = parsed->is_range();
    summary.solvable = parsed->is_solvable();
    summary.has_private_keys = parsed->has_secret();
    return summary;
}

rpc::Result<std::vector<Script>> NodeControlImpl::expand_descriptor(const std::string& descriptor,
                                                                    uint32_t first,
                                                                    uint32_t last) const {
    // A reply of this many addresses is what bitcoind allows, too.
    constexpr uint32_t kRangeMax = 1'000'000;
    const auto parsed = Descriptor::parse(descriptor, node_.config().params, false);
    if (!parsed) return rpc::failure(rpc::Code::address_or_key, parsed.error());
    if (last < first || last - first >= kRangeMax) {
        return rpc::failure(rpc::Code::invalid_parameter, "Range is too large");
    }
    if (!parsed->is_range()) return parsed->scripts(0);
    std::vector<Script> scripts;
    for (uint32_t position = first;; ++position) {
        const auto some = parsed->scripts(position);
        if (some.empty()) {
            return rpc::failure(rpc::Code::address_or_key,
                                "Cannot derive script without private keys");
        }
        scripts.insert(scripts.end(), some.begin(), some.end());
        if (position == last) return scripts;
    }
}

rpc::SignOutcome NodeControlImpl::sign_with_keys(const TransactionData& transaction,
                                                 const std::vector<ExportedKey>& keys,
                                                 const std::vector<std::optional<TxOutput>>& spent,
                                                 uint8_t sighash_type) const {
    KeySet key_set;
    for (const ExportedKey& key : keys) key_set.add({key.key, key.compressed});
    return signed_outcome(
        sign_transaction(transaction, known_outputs(transaction, spent), key_set, sighash_type));
}

}  // namespace parley
