// NetInput: everything that the peer protocol is told: what happens to connections (by the host),
// the answers to its asks, and the news of the chain, the mempool and the engine (by the node).
#pragma once

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

/// Once, when the node is ready to talk: dials what the options name.
struct Started {};
/// A TCP connection stands.
struct Connected {
    PeerId peer;
    Endpoint remote;
    Endpoint local;
    bool inbound = false;
    uint64_t dial = 0;  ///< of the Dial that led here; 0 when inbound
};
struct DialFailed {
    uint64_t dial = 0;
    std::string reason;
};
/// The next bytes of the stream, in order, cut anywhere.
struct Received {
    PeerId peer;
    Bytes data;
};
/// A Send with `notify` is wholly in the operating system's hands.
struct Drained {
    PeerId peer;
};
/// By the other side, by an error, or because the node asked for it. Always the last event of a
/// peer.
struct Closed {
    PeerId peer;
    std::string reason;
};
/// next_deadline() has come.
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
/// The engine has dealt with the oldest EngineMessage or PeerReady that is open.
struct EngineDone {};

// --- news

/// A block entered the active chain: its transactions need not be fetched any more, and orphans may
/// have found their parents. Before the TipChanged.
struct BlockConnected {
    BlockRef block;
};
/// The active tip changed. `own`: this node made the block (mined, or published by its engine), so
/// it is pushed to the peers that lack it; otherwise headers or an inv announce it.
struct TipChanged {
    const HeaderNode* tip = nullptr;
    bool own = false;
};
/// A block that was accepted turned out to be invalid when it was connected: its sender pays.
struct BlockRejected {
    BlockHash hash;
    std::string reason;
};
/// A transaction entered the mempool, from wherever.
struct TransactionAdded {
    RelayTransaction transaction;
};

// --- from the engine

/// To one peer; dropped when that peer is gone.
struct SendEngineMessage {
    PeerId peer;
    Bytes message;
};
/// To every peer that speaks the engine's protocol.
struct BroadcastEngineMessage {
    Bytes message;
};
/// The peer did what no correct peer does: it is disconnected, and its host discouraged.
struct Punish {
    PeerId peer;
    std::string reason;
};
/// Ask the peer for headers beyond our tip.
struct RequestHeaders {
    PeerId peer;
};

}  // namespace net_input

using NetInput =
    std::variant<net_input::Started, net_input::Connected, net_input::DialFailed,
                 net_input::Received, net_input::Drained, net_input::Closed, net_input::TimerDue,
                 net_input::HeadersJudged, net_input::BlockJudged, net_input::TransactionJudged,
                 net_input::EngineDone, net_input::BlockConnected, net_input::TipChanged,
                 net_input::BlockRejected, net_input::TransactionAdded,
                 net_input::SendEngineMessage, net_input::BroadcastEngineMessage, net_input::Punish,
                 net_input::RequestHeaders>;

}  // namespace parley
