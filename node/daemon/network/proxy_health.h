// ProxyHealth: tells in the log that a proxy cannot be used, and that it can again: once each,
// since peers are dialled many times a minute. io thread only.
#pragma once

#include <set>
#include <string>

#include "base/log.h"

namespace parley {

class ProxyHealth {
 public:
    explicit ProxyHealth(LogSink& log) : log_(log) {}

    void failed(const std::string& proxy, const std::string& reason) {
        if (failing_.insert(proxy).second)
            log_.warning(LogCategory::general,
                         "The proxy {} cannot be used: {}. Peers behind it are not dialled in "
                         "another way",
                         proxy, reason);
    }
    void works(const std::string& proxy) {
        if (failing_.erase(proxy) > 0)
            log_.info(LogCategory::general, "The proxy {} can be used again", proxy);
    }

 private:
    LogSink& log_;
    std::set<std::string> failing_;  // at most the proxies of the options
};

}  // namespace parley
