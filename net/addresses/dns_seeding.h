// DnsSeeding: which DNS seed to ask for addresses, and when (-dnsseed). A seed is asked by a
// connection to whichever node its name leads to, as to a -seednode: that node is asked for
// addresses, and the connection ends. So names are looked up by whoever dials, or by its proxy.
//
// A node that knows no address asks all seeds at once. Others first try what they know, then ask a
// few seeds at a time until they have peers: each question tells the seed of this node, and gives
// it a say in which peers this node finds. Delays and numbers are those of bitcoind. Owned by
// Connector; core thread. Times are the host's.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "base/log.h"
#include "base/random.h"
#include "base/time.h"

namespace parley {

class DnsSeeding {
 public:
    /// `forced`: -forcednsseed, all are asked, whatever is known. The log must outlive it.
    DnsSeeding(std::vector<std::string> seeds, bool forced, Random& random, LogSink& log);

    /// `seed_nodes`: there are -seednode peers, which are tried first.
    void start(TimePoint now, bool seed_nodes);
    /// The next seed to ask; empty: none now. `known`: number of known addresses; `peers`: of
    /// outbound peers of full relay.
    std::optional<std::string> next(TimePoint now, size_t known, size_t peers);
    /// When to call next(); empty: never.
    std::optional<TimePoint> deadline() const;

 private:
    void wait(TimePoint now, size_t known);

    std::vector<std::string> seeds_;  ///< not asked yet
    const bool forced_;
    LogSink& log_;
    bool decided_ = false;    ///< on `immediate_`, at the first next()
    size_t immediate_ = 0;    ///< number of seeds that are asked without delay
    TimePoint wait_end_{};    ///< then the next ones are asked
    TimePoint next_check_{};  ///< whether there are enough peers by now
};

}  // namespace parley
