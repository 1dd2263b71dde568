// PeerId: one connection, numbered by the host from 1 upwards and never reused within a run.
#pragma once

#include <cstdint>

#include "base/strong.h"

namespace parley {

struct PeerIdTag;
using PeerId = Strong<PeerIdTag, uint64_t>;

}  // namespace parley
