// PeerId: one connection, numbered by the host from 0 upwards, as users of bitcoind know it,
// and never reused within a run.
#pragma once

#include <cstdint>

#include "base/strong.h"

namespace parley {

struct PeerIdTag;
using PeerId = Strong<PeerIdTag, uint64_t>;

/// Where something comes from no peer, or goes to all.
inline constexpr PeerId kNoPeer{UINT64_MAX};

}  // namespace parley
