// MemoryReserve: what the process does when memory runs out, for example under `ulimit -v`. It
// keeps some memory aside; the first allocation that fails gets it, and the process is asked to
// stop by SIGTERM, so that the user finds a reason and the stores are closed. At a further failure
// the process ends at once with the same sentence, as bitcoind does at the first. One per process,
// because the new-handler is one; used by the daemon.
#pragma once

namespace parley {

class MemoryReserve {
 public:
    MemoryReserve();
    ~MemoryReserve();
    MemoryReserve(const MemoryReserve&) = delete;
    MemoryReserve& operator=(const MemoryReserve&) = delete;

    /// Whether memory ran out. Thread-safe.
    static bool used();

    static constexpr const char* kSentence =
        "Out of memory: the node stops. Give it more (ulimit -v), or lower -dbcache, -maxmempool "
        "or "
        "-maxconnections.";
};

}  // namespace parley
