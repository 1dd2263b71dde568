#include "node/daemon/network/zmq_publisher.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string_view>
#include <type_traits>
#include <utility>
#include <zmq.hpp>

#include "base/bytes.h"
#include "base/serialize.h"

namespace parley {
namespace {

enum class Topic : uint8_t { hash_block, hash_tx, raw_block, raw_tx, sequence };

struct TopicRow {
    Topic topic;
    std::string_view name;
    std::vector<std::string> ZmqOptions::*addresses;
    int ZmqOptions::*high_water_mark;
};

constexpr TopicRow kTopics[] = {
    {Topic::hash_block, "hashblock", &ZmqOptions::hash_block, &ZmqOptions::hash_block_hwm},
    {Topic::hash_tx, "hashtx", &ZmqOptions::hash_tx, &ZmqOptions::hash_tx_hwm},
    {Topic::raw_block, "rawblock", &ZmqOptions::raw_block, &ZmqOptions::raw_block_hwm},
    {Topic::raw_tx, "rawtx", &ZmqOptions::raw_tx, &ZmqOptions::raw_tx_hwm},
    {Topic::sequence, "sequence", &ZmqOptions::sequence, &ZmqOptions::sequence_hwm},
};

/// The order in which RPC shows a hash.
Bytes shown(const Hash256& hash) {
    Bytes bytes(hash.span().begin(), hash.span().end());
    std::ranges::reverse(bytes);
    return bytes;
}

Bytes sequence_body(const Hash256& hash, char label) {
    Bytes body = shown(hash);
    body.push_back(static_cast<uint8_t>(label));
    return body;
}

Bytes sequence_body(const Hash256& hash, char label, uint64_t sequence) {
    Writer writer;
    writer.bytes(sequence_body(hash, label)).le(sequence);
    return writer.take();
}

std::string endpoint_of(std::string address) {
    constexpr std::string_view kUnix = "unix:";
    if (address.starts_with(kUnix)) address.replace(0, kUnix.size(), "ipc://");
    return address;
}

}  // namespace

struct ZmqPublisher::Impl {
    struct Publication {
        const TopicRow* row = nullptr;
        std::string address;
        int high_water_mark = 0;
        zmq::socket_t* socket = nullptr;
        uint32_t next_number = 0;
    };

    void listen(const TopicRow& row, const std::string& address, int high_water_mark);
    /// Calls `body` once, if somebody may want it.
    template <class Body>
    void send(Topic topic, const Body& body);
    void send_transaction(const TransactionRef& transaction);
    void send_transactions(const Block& block) {
        for (const TransactionRef& each : block.transactions) send_transaction(each);
    }

    void publish(const notice::BlockConnected& notice);
    void publish(const notice::BlockDisconnected& notice);
    void publish(const notice::NewTip& notice);
    void publish(const notice::TransactionAdded& notice);
    void publish(const notice::TransactionRemoved& notice);

    zmq::context_t context;
    std::map<std::string, zmq::socket_t> sockets;  ///< by address; several topics may share one
    std::vector<Publication> publications;
};

void ZmqPublisher::Impl::listen(const TopicRow& row, const std::string& address,
                                int high_water_mark) {
    auto found = sockets.find(address);
    if (found == sockets.end()) {
        zmq::socket_t socket(context, zmq::socket_type::pub);
        socket.set(zmq::sockopt::sndhwm, high_water_mark);
        socket.set(zmq::sockopt::tcp_keepalive, 1);
        socket.set(zmq::sockopt::linger, 0);
        socket.set(zmq::sockopt::ipv6, address.starts_with("tcp://[") ? 1 : 0);
        socket.bind(address);
        found = sockets.emplace(address, std::move(socket)).first;
    }
    publications.push_back({&row, address, high_water_mark, &found->second, 0});
}

template <class Body>
void ZmqPublisher::Impl::send(Topic topic, const Body& body) {
    std::optional<Bytes> bytes;
    for (Publication& each : publications) {
        if (each.row->topic != topic) continue;
        if (!bytes) bytes = body();
        const std::string_view name = each.row->name;
        Writer number;
        number.le(each.next_number++);
        const Bytes counter = number.take();
        constexpr auto kMore = zmq::send_flags::sndmore;
        (void)each.socket->send(zmq::buffer(name.data(), name.size()), kMore);
        (void)each.socket->send(zmq::buffer(bytes->data(), bytes->size()), kMore);
        (void)each.socket->send(zmq::buffer(counter.data(), counter.size()));
    }
}

void ZmqPublisher::Impl::send_transaction(const TransactionRef& transaction) {
    send(Topic::hash_tx, [&] { return shown(transaction->txid()); });
    send(Topic::raw_tx, [&] { return transaction->serialize(); });
}

void ZmqPublisher::Impl::publish(const notice::BlockConnected& notice) {
    send_transactions(*notice.block);
    send(Topic::sequence, [&] { return sequence_body(notice.hash, 'C'); });
}

void ZmqPublisher::Impl::publish(const notice::BlockDisconnected& notice) {
    send_transactions(*notice.block);
    send(Topic::sequence, [&] { return sequence_body(notice.hash, 'D'); });
}

void ZmqPublisher::Impl::publish(const notice::NewTip& notice) {
    send(Topic::hash_block, [&] { return shown(notice.hash); });
    send(Topic::raw_block, [&] { return notice.block->serialize(); });
}

void ZmqPublisher::Impl::publish(const notice::TransactionAdded& notice) {
    send_transaction(notice.transaction);
    send(Topic::sequence,
         [&] { return sequence_body(notice.transaction->txid(), 'A', notice.sequence); });
}

void ZmqPublisher::Impl::publish(const notice::TransactionRemoved& notice) {
    send(Topic::sequence,
         [&] { return sequence_body(notice.transaction->txid(), 'R', notice.sequence); });
}

ZmqPublisher::ZmqPublisher(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
ZmqPublisher::~ZmqPublisher() = default;

Expected<std::unique_ptr<ZmqPublisher>, std::string> ZmqPublisher::open(const ZmqOptions& options) {
    auto impl = std::make_unique<Impl>();
    for (const TopicRow& row : kTopics) {
        for (const std::string& address : options.*row.addresses) {
            try {
                impl->listen(row, endpoint_of(address), options.*row.high_water_mark);
            } catch (const zmq::error_t& error) {
                return Unexpected(fmt::format(
                    "-zmqpub{}={}: {}. No ZeroMQ notifications are published. An address is "
                    "tcp://<host>:<port> or unix:<path>.",
                    row.name, address, error.what()));
            }
        }
    }
    return std::unique_ptr<ZmqPublisher>(new ZmqPublisher(std::move(impl)));
}

std::vector<ZmqPublisher::Notification> ZmqPublisher::notifications() const {
    std::vector<Notification> result;
    for (const Impl::Publication& each : impl_->publications)
        result.push_back(
            {fmt::format("pub{}", each.row->name), each.address, each.high_water_mark});
    return result;
}

void ZmqPublisher::publish(const Notice& notice) {
    std::visit([this](const auto& each) { impl_->publish(each); }, notice);
}

}  // namespace parley
