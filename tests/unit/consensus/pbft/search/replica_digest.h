// ReplicaDigest: a hash of everything on which the further behaviour of a replica depends. Two
// replicas of one validator with equal digests answer the same inputs with the same outputs, so a
// search needs to go on from one of them only. Times count from the replica's own clock.
//
// It leaves out what only the report shows: attendance, evidence, and the history of views. Local
// states (local_states.h) test it: they compare replicas with equal digests and different pasts.
//
// For tests.
#pragma once

#include "base/hash256.h"
#include "base/serialize.h"
#include "base/time.h"
#include "consensus/pbft/replica.h"

namespace parley::pbft::testing {

/// REQUIRES: the replica had its first input, and no input came after `now`. `storage` has its
/// records.
Hash256 digest_of(const Replica& replica, const Storage& storage, TimePoint now);

}  // namespace parley::pbft::testing
