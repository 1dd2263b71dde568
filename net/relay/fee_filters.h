// FeeFilters: tells peers the lowest fee rate that this node takes (BIP133). Core thread.
#pragma once

#include "net/peer/peer_table.h"

namespace parley {

class FeeFilters {
 public:
    explicit FeeFilters(PeerTable& table) : table_(table) {}

    /// To all whose last one is no longer right: at once at the ends of the initial download,
    /// otherwise after a random time.
    void send();

 private:
    PeerTable& table_;
};

}  // namespace parley
