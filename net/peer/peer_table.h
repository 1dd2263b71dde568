// PeerTable: the connections of one node, what is sent to them, and the misbehaviour policy. The
// parts of PeerManager share it; each part adds its own protocol. Sends, closes and asks become
// NetOutputs here, in order. It also carries the time of the event that is being handled, so that
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

/// Bytes on their way to one peer beyond which large answers wait for the transport (bitcoind's
/// -maxsendbuffer).
inline constexpr size_t kSendWindow = 1'000'000;
/// Bytes on their way to one peer beyond which it is given up: it does not read. Room for the
/// engine's and our own blocks, which do not wait.
inline constexpr size_t kSendBufferMax = 64'000'000;

class PeerTable {
 public:
    using Peers = std::map<PeerId, Peer>;

    PeerTable(const NetOptions& options, const NetView& view, Random& random, LogSink& log);

    Peer* find(PeerId id);
    Peers& peers() { return peers_; }
    const Peers& peers() const { return peers_; }
    Peer& add(PeerId id);
    void remove(PeerId id) { peers_.erase(id); }

    /// Dropped silently when the peer is being closed.
    void send(Peer& peer, std::string_view command, ByteSpan payload);
    /// The same bytes for many peers: an encoded frame and its command.
    void send_frame(Peer& peer, std::string_view command, std::shared_ptr<const Bytes> frame);
    template <class Message>
    void send(Peer& peer, const Message& message) {
        send(peer, Message::kCommand, encode(message));
    }
    void on_drained(Peer& peer);
    void dial(uint64_t number, const Endpoint& target);

    /// Closes without blame.
    void disconnect(Peer& peer, std::string_view reason);
    /// Closes, and discourages the host from being connected again, unless the user asked for this
    /// peer or it is on this machine.
    void punish(Peer& peer, std::string_view reason);

    /// A message was damaged or did not decode. bitcoind drops it and keeps the peer; so does this
    /// node, a few times.
    void drop_message(Peer& peer, std::string_view what);
    /// The payload as a value; empty after drop_message or, for lists beyond the protocol's limits,
    /// after punish.
    template <class Message>
    std::optional<Message> decode_or_drop(Peer& peer, ByteSpan payload) {
        auto message = decode<Message>(payload);
        if (message) return std::move(*message);
        refuse(peer, Message::kCommand, message.error(), payload);
        return std::nullopt;
    }
    void refuse(Peer& peer, std::string_view command, DecodeError error, ByteSpan payload);

    /// For the node, which answers each ask with one input.
    template <class Ask>
    void ask(Ask ask) {
        ++open_asks_;
        outputs_.push_back(std::move(ask));
    }
    void answered();
    /// Asks without an answer yet: until there are none, no message is read.
    size_t open_asks() const { return open_asks_; }
    /// Needs no answer.
    void tell(NetOutput output) { outputs_.push_back(std::move(output)); }

    NetOutputs take_outputs() { return std::exchange(outputs_, {}); }

    void set_now(TimePoint now) { now_ = now; }
    TimePoint now() const { return now_; }
    const NetOptions& options() const { return options_; }
    const NetView& view() const { return view_; }
    const BlockIndex& index() const { return view_.index(); }
    bool initial_download() const { return view_.initial_download(now_); }
    Random& random() { return random_; }
    LogSink& log() { return log_; }
    BanList& bans() { return bans_; }
    const BanList& bans() const { return bans_; }
    NetTotals& totals() { return totals_; }
    const NetTotals& totals() const { return totals_; }

 private:
    const NetOptions& options_;
    const NetView& view_;
    Random& random_;
    LogSink& log_;
    BanList bans_;
    Peers peers_;
    NetOutputs outputs_;
    size_t open_asks_ = 0;
    NetTotals totals_;
    TimePoint now_{};
};

}  // namespace parley
