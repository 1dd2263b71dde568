// PeerTable: the connections of one node, what is sent to them, and the misbehaviour policy. Shared
// by the parts of PeerManager, each of which implements its own part of the protocol. Turns sends,
// closes and asks into NetOutputs, in order. It also holds the time of the current event, so
// nothing below reads a clock. Core thread.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/log.h"
#include "base/random.h"
#include "net/peer/ban_list.h"
#include "net/peer/net_options.h"
#include "net/peer/net_output.h"
#include "net/peer/net_view.h"
#include "net/peer/peer.h"
#include "net/wire/messages.h"

namespace parley {

/// Unsent bytes to one peer beyond which large replies wait for the transport (bitcoind's
/// -maxsendbuffer).
inline constexpr size_t kSendWindow = 1'000'000;
/// Unsent bytes to one peer beyond which it is disconnected, because it does not read. Leaves room
/// for engine messages and our own blocks, which do not wait.
inline constexpr size_t kSendBufferMax = 64'000'000;

class PeerTable {
 public:
    using Peers = std::map<PeerId, Peer>;

    PeerTable(const NetOptions& options, const NetView& view, Random& random, LogSink& log);

    /// What this node offers. While blocks below a UTXO snapshot are missing, it has only recent
    /// ones.
    ServiceFlags services() const {
        const ServiceFlags missing = index().snapshot_base() != nullptr ? kServiceNetwork : 0;
        return options_.services & ~missing;
    }

    Peer* find(PeerId id);
    Peers& peers() { return peers_; }
    const Peers& peers() const { return peers_; }
    Peer& add(PeerId id);
    void remove(PeerId id) { peers_.erase(id); }

    /// Does nothing if the peer is being closed.
    void send(Peer& peer, std::string_view command, ByteSpan payload);
    /// Sends an encoded frame that several peers share.
    void send_frame(Peer& peer, std::string_view command, std::shared_ptr<const Bytes> frame);
    template <class Message>
    void send(Peer& peer, const Message& message) {
        send(peer, Message::kCommand, encode(message));
    }
    void on_drained(Peer& peer);
    void dial(uint64_t number, const Endpoint& target);

    /// Closes the connection without penalty.
    void disconnect(Peer& peer, std::string_view reason);
    /// Closes the connection and discourages the host, unless the user asked for this peer or it is
    /// on this machine.
    void punish(Peer& peer, std::string_view reason);

    /// Drops a message that was damaged or did not decode. Like bitcoind, the node keeps the peer,
    /// but only for a limited number of times.
    void drop_message(Peer& peer, std::string_view what);
    /// Decodes the payload. Empty: drop_message was called or, for lists beyond the protocol's
    /// limits, punish.
    template <class Message>
    std::optional<Message> decode_or_drop(Peer& peer, ByteSpan payload) {
        auto message = decode<Message>(payload);
        if (message) return std::move(*message);
        refuse(peer, Message::kCommand, message.error(), payload);
        return std::nullopt;
    }
    void refuse(Peer& peer, std::string_view command, DecodeError error, ByteSpan payload);

    /// Adds an ask for the node, to be answered by one input.
    template <class Ask>
    void ask(Ask ask) {
        ++open_asks_;
        outputs_.push_back(std::move(ask));
    }
    void answered();
    /// Number of unanswered asks. No message is read while there are any.
    size_t open_asks() const { return open_asks_; }
    /// Adds an output that needs no answer.
    void tell(NetOutput output) { outputs_.push_back(std::move(output)); }

    /// Counts elementary operations: a message, an entry of a list, a look-up, a peer looked at.
    void work(size_t operations) { work_ += operations; }
    uint64_t work_done() const { return work_; }

    NetOutputs take_outputs() { return std::exchange(outputs_, {}); }

    void set_now(TimePoint now, TimePoint host_now) {
        now_ = now;
        host_now_ = host_now;
    }
    TimePoint now() const { return now_; }
    /// For dialling only: does not follow setmocktime.
    TimePoint host_now() const { return host_now_; }
    const NetOptions& options() const { return options_; }
    const NetView& view() const { return view_; }
    const BlockIndex& index() const { return view_.index(); }
    bool initial_download() const { return view_.initial_download(now_); }
    Random& random() { return random_; }
    LogSink& log() { return log_; }
    BanList& bans() { return bans_; }
    const BanList& bans() const { return bans_; }
    void received(size_t bytes) { totals_.bytes_received += bytes; }
    NetTotals totals() const;
    const UploadTarget& upload_target() const { return upload_target_; }
    /// With -logips: ", peeraddr=127.0.0.1:8333", to be appended to "peer=0".
    std::string logged_address(const Peer& peer) const;

 private:
    const NetOptions& options_;
    const NetView& view_;
    Random& random_;
    LogSink& log_;
    BanList bans_;
    Peers peers_;
    NetOutputs outputs_;
    size_t open_asks_ = 0;
    uint64_t work_ = 0;
    NetTotals totals_;
    UploadTarget upload_target_;
    TimePoint now_{};
    TimePoint host_now_{};
};

}  // namespace parley
