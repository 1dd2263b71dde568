// UnfinishedReplies: peers whose request has been served in part, because one step does a limited
// amount of work. They take turns, so that nobody waits for the end of another's large request.
// Core thread.
#pragma once

#include <algorithm>
#include <deque>
#include <optional>

#include "base/peer_id.h"

namespace parley {

class UnfinishedReplies {
 public:
    void add(PeerId peer) {
        if (std::find(peers_.begin(), peers_.end(), peer) == peers_.end()) peers_.push_back(peer);
    }
    /// The peer whose turn it is.
    std::optional<PeerId> take() {
        if (peers_.empty()) return std::nullopt;
        const PeerId peer = peers_.front();
        peers_.pop_front();
        return peer;
    }
    bool empty() const { return peers_.empty(); }

 private:
    std::deque<PeerId> peers_;  ///< each at most once
};

}  // namespace parley
