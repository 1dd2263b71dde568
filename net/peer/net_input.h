// NetInput: the inputs of the peer protocol: events of connections (from the host), the answers to
// its asks, and news of the chain, the mempool and the engine (from the node).
#pragma once

#include <map>
#include <optional>
#include <string>
#include <variant>

#include "base/bytes.h"
#include "base/peer_id.h"
#include "chain/rules/tx_reject.h"
#include "chain/state/chainstate.h"
#include "net/peer/net_output.h"
#include "net/peer/net_view.h"
#include "net/wire/endpoint.h"

namespace parley {

namespace net_input {

// --- from the host

/// Once, when the node is ready: dials the peers named in the options.
struct Started {};
/// A TCP connection is established.
struct Connected {
    PeerId peer;
    Endpoint remote;
    Endpoint local;
    bool inbound = false;
    uint64_t dial = 0;  ///< of the Dial; 0 if inbound
};
struct DialFailed {
    uint64_t dial = 0;
    std::string reason;
};
/// The next bytes of the stream, split anywhere.
struct Received {
    PeerId peer;
    Bytes data;
};
/// The operating system has accepted all bytes of a Send with `notify`.
struct Drained {
    PeerId peer;
};
/// Closed by the other side, by an error, or on the node's request. Always a peer's last event.
struct Closed {
    PeerId peer;
    std::string reason;
};
/// The time is at or after next_deadline().
struct TimerDue {};

// --- answers to NetOutputs

struct HeadersJudged {
    net_output::SubmitHeaders ask;
    HeadersResult result;
};
struct BlockJudged {
    net_output::SubmitBlock ask;
    BlockResult result;
};
struct TransactionJudged {
    net_output::SubmitTransaction ask;
    std::optional<TxReject> reject;  ///< empty: it is in the mempool
};
struct PackageJudged {
    net_output::SubmitPackage ask;
    bool accepted = false;              ///< both are in the mempool
    std::map<Wtxid, TxReject> rejects;  ///< of those that were refused by themselves
};
/// The engine has processed the oldest unanswered EngineMessage or PeerReady.
struct EngineDone {};

// --- news

/// A block joined the active chain: its transactions need not be fetched, and orphans may have
/// found their parents. Precedes TipChanged.
struct BlockConnected {
    BlockRef block;
};
/// The active tip changed. `own`: this node made the block (mined, or published by its engine), so
/// it is pushed to the peers that lack it; otherwise it is announced by headers or inv.
struct TipChanged {
    const HeaderNode* tip = nullptr;
    bool own = false;
};
/// An accepted block failed to connect: its sender is punished.
struct BlockRejected {
    BlockHash hash;
    std::string reason;
};
/// Blocks below a UTXO snapshot were validated: further ones may be fetched.
struct BackgroundValidated {};
/// A transaction entered the mempool, from any source.
struct TransactionAdded {
    RelayTransaction transaction;
};

/// A user of this node has submitted a transaction that is in the mempool: it is announced again
/// until a peer has asked for it.
struct TransactionSubmitted {
    Txid txid;
};

// --- from the engine

/// To one peer; dropped if that peer is gone.
struct SendEngineMessage {
    PeerId peer;
    Bytes message;
};
/// To every peer that supports the engine's protocol.
struct BroadcastEngineMessage {
    Bytes message;
    PeerId except{0};  ///< 0: nobody
};
/// The peer did something that no correct peer does: disconnect it and discourage its host.
struct Punish {
    PeerId peer;
    std::string reason;
};
/// Request headers beyond our tip from the peer.
struct RequestHeaders {
    PeerId peer;
};

}  // namespace net_input

using NetInput =
    std::variant<net_input::Started, net_input::Connected, net_input::DialFailed,
                 net_input::Received, net_input::Drained, net_input::Closed, net_input::TimerDue,
                 net_input::HeadersJudged, net_input::BlockJudged, net_input::TransactionJudged,
                 net_input::PackageJudged, net_input::EngineDone, net_input::BlockConnected,
                 net_input::TipChanged, net_input::BlockRejected, net_input::BackgroundValidated,
                 net_input::TransactionAdded, net_input::TransactionSubmitted,
                 net_input::SendEngineMessage, net_input::BroadcastEngineMessage, net_input::Punish,
                 net_input::RequestHeaders>;

}  // namespace parley
