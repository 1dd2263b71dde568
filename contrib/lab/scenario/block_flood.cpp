#include "contrib/lab/scenario/block_flood.h"

#include <algorithm>
#include <queue>
#include <tuple>

#include "base/check.h"

namespace parley::lab {
namespace {

constexpr Duration kNotYet = Duration::max();

/// Something that reaches a node.
struct Piece {
    enum class Kind : uint8_t { announcement, request, block };

    Duration time{0};
    uint64_t number = 0;  ///< of pieces at the same time, the one sent first
    Kind kind = Kind::block;
    size_t at = 0;
    size_t from = 0;
    Duration back{0};  ///< how long an answer takes
    Duration there{0};
};

struct Later {
    bool operator()(const Piece& a, const Piece& b) const {
        return std::tie(a.time, a.number) > std::tie(b.time, b.number);
    }
};

}  // namespace

class BlockFlood::Run {
 public:
    explicit Run(const BlockFlood& flood)
        : flood_(flood),
          transport_(flood.bandwidths_, flood.options_.validation),
          arrivals_(flood.size(), kNotYet),
          requested_(flood.size(), false) {}

    std::vector<Duration> run(size_t miner) {
        arrive(miner, miner, Duration{0});
        while (!pieces_.empty()) {
            const Piece piece = pieces_.top();
            pieces_.pop();
            switch (piece.kind) {
                case Piece::Kind::announcement:
                    if (requested_[piece.at]) break;
                    requested_[piece.at] = true;
                    send({piece.time + piece.back, 0, Piece::Kind::request, piece.from, piece.at,
                          piece.there, piece.back});
                    break;
                case Piece::Kind::request:
                    deliver(piece.at, piece.from, piece.back, piece.time);
                    break;
                case Piece::Kind::block:
                    arrive(piece.at, piece.from, piece.time);
                    break;
            }
        }
        CHECK(std::find(arrivals_.begin(), arrivals_.end(), kNotYet) == arrivals_.end());
        return std::move(arrivals_);
    }

 private:
    void send(Piece piece) {
        piece.number = next_++;
        pieces_.push(piece);
    }

    void deliver(size_t from, size_t to, Duration latency, Duration now) {
        const TimePoint arrival = transport_.deliver({.from = from,
                                                      .to = to,
                                                      .block = BlockHash{},
                                                      .bytes = flood_.options_.block_bytes,
                                                      .latency = latency + flood_.options_.on_link},
                                                     TimePoint{now});
        send({arrival.time_since_epoch(), 0, Piece::Kind::block, to, from, Duration{0},
              Duration{0}});
    }

    void arrive(size_t node, size_t from, Duration now) {
        if (arrivals_[node] != kNotYet) return;
        arrivals_[node] = now;
        requested_[node] = true;
        const BlockRelay relay = flood_.options_.relay;
        const bool pushes = relay == BlockRelay::push || (relay == BlockRelay::own && node == from);
        for (const Peer& peer : flood_.peers_[node]) {
            if (peer.node == from && node != from) continue;
            if (pushes) {
                deliver(node, peer.node, peer.there, now);
            } else {
                send({now + peer.there, 0, Piece::Kind::announcement, peer.node, node, peer.back,
                      peer.there});
            }
        }
    }

    const BlockFlood& flood_;
    sim::BlockTransport transport_;
    std::vector<Duration> arrivals_;
    std::vector<bool> requested_;  ///< or has it; a node asks the first that announces it
    std::priority_queue<Piece, std::vector<Piece>, Later> pieces_;
    uint64_t next_ = 0;
};

BlockFlood::BlockFlood(const ScenarioNetwork& network, const FloodOptions& options)
    : options_(options), bandwidths_(network.bandwidths), peers_(network.overlay.nodes) {
    CHECK(bandwidths_.size() == peers_.size());
    for (size_t i = 0; i < network.overlay.links.size(); ++i) {
        const auto [from, to] = network.overlay.links[i];
        peers_[from].push_back({to, network.delays[i], network.back_delays[i]});
        peers_[to].push_back({from, network.back_delays[i], network.delays[i]});
    }
}

std::vector<Duration> BlockFlood::arrivals(size_t from) const {
    CHECK(from < size());
    return Run(*this).run(from);
}

}  // namespace parley::lab
