// DaemonLog: writes debug.log, in bitcoind's format, and standard output. Synchronous: when write()
// returns, the operating system has the line, so it precedes any reply sent later. Thread-safe.
#pragma once

#include <array>
#include <atomic>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/log.h"
#include "node/daemon/options/daemon_options.h"

namespace spdlog {
class logger;
}

namespace parley {

inline constexpr size_t kLogCategories = static_cast<size_t>(LogCategory::storage) + 1;

/// The message to the user about an error that ends a running node; the reasons are in the log.
std::string fatal_error(const LogOptions& options, std::string_view problem);

class DaemonLog final : public LogSink {
 public:
    /// The error is a sentence: the file cannot be opened, or a category is unknown.
    static Expected<std::unique_ptr<DaemonLog>, std::string> open(const LogOptions& options);
    ~DaemonLog() override;

    bool enabled(LogCategory category, LogLevel level) const override;
    void write(LogCategory category, LogLevel level, std::string_view line) override;

    /// For the RPC `logging`. "all" and "1" mean every category. False: no such category.
    bool set_category(std::string_view name, bool enabled);
    bool category_enabled(LogCategory category) const;
    /// By name; those of bitcoind that this program never logs are among them.
    using Category = std::pair<std::string_view, bool>;
    std::vector<Category> categories() const;
    static constexpr size_t kForeignCategories = 21;

 private:
    explicit DaemonLog(const LogOptions& options);

    /// The error is a sentence for the user.
    Expected<void, std::string> set_levels();
    bool is_on(std::string_view category) const;

    const LogOptions options_;
    LogLevel level_ = LogLevel::info;  ///< of lines without a category of -debug
    std::array<std::atomic<bool>, kLogCategories> categories_{};
    std::array<std::atomic<bool>, kForeignCategories> foreign_{};
    std::unique_ptr<spdlog::logger> logger_;
};

}  // namespace parley
