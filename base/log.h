// LogSink: the destination of the node's log lines. The daemon writes them to debug.log (a line is
// in the file before the reply that it belongs to is sent); the simulator keeps or drops them.
// Lines are whole sentences without a trailing newline. Each node has one sink; the daemon's may be
// called from any thread, the simulator's only from the thread that runs the world.
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <string_view>
#include <utility>

namespace parley {

enum class LogLevel : uint8_t { debug, info, warning, error };

/// bitcoind's names for -debug=<category>; `general` lines carry no category and are always on.
enum class LogCategory : uint8_t {
    general,
    net,
    mempool,
    validation,
    http,
    rpc,
    wallet,
    mining,
    pbft,
    prune,
    storage
};

std::string_view to_string(LogCategory category);

class LogSink {
 public:
    virtual ~LogSink() = default;

    virtual bool enabled(LogCategory category, LogLevel level) const = 0;
    virtual void write(LogCategory category, LogLevel level, std::string_view line) = 0;

    template <class... Args>
    void info(LogCategory category, fmt::format_string<Args...> format, Args&&... args) {
        log(category, LogLevel::info, format, std::forward<Args>(args)...);
    }
    template <class... Args>
    void debug(LogCategory category, fmt::format_string<Args...> format, Args&&... args) {
        log(category, LogLevel::debug, format, std::forward<Args>(args)...);
    }
    template <class... Args>
    void warning(LogCategory category, fmt::format_string<Args...> format, Args&&... args) {
        log(category, LogLevel::warning, format, std::forward<Args>(args)...);
    }
    template <class... Args>
    void error(LogCategory category, fmt::format_string<Args...> format, Args&&... args) {
        log(category, LogLevel::error, format, std::forward<Args>(args)...);
    }

 private:
    template <class... Args>
    void log(LogCategory category, LogLevel level, fmt::format_string<Args...> format,
             Args&&... args) {
        if (enabled(category, level))
            write(category, level, fmt::format(format, std::forward<Args>(args)...));
    }
};

/// Drops every line.
class NullLog final : public LogSink {
 public:
    bool enabled(LogCategory, LogLevel) const override { return false; }
    void write(LogCategory, LogLevel, std::string_view) override {}
};

}  // namespace parley
