#include "node/daemon/daemon_log.h"

#include <fmt/format.h>
#include <pthread.h>
#include <spdlog/logger.h>
#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <time.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>

namespace parley {
namespace {

// As in bitcoind: a log that is more than a tenth larger than this is shrunk to this size at
// startup.
constexpr uintmax_t kShrunkBytes = 10'000'000;

// Categories of bitcoind that Parley does not log: scripts switch them on and read their state.
constexpr std::array<std::string_view, DaemonLog::kForeignCategories> kForeign{"addrman",
                                                                               "bench",
                                                                               "blockstorage",
                                                                               "cmpctblock",
                                                                               "coindb",
                                                                               "estimatefee",
                                                                               "i2p",
                                                                               "ipc",
                                                                               "kernel",
                                                                               "mempoolrej",
                                                                               "proxy",
                                                                               "qt",
                                                                               "rand",
                                                                               "reindex",
                                                                               "scan",
                                                                               "tor",
                                                                               "privatebroadcast",
                                                                               "selectcoins",
                                                                               "txpackages",
                                                                               "zmq",
                                                                               "txreconciliation"};
// Of some of its builds, or of older ones: known, but not listed.
constexpr std::string_view kUnlisted[] = {"libevent", "lock"};

bool names_all(std::string_view name) {
    return name.empty() || name == "1" || name == "all";
}

void shrink(const std::string& path) {
    std::error_code error;
    const auto size = std::filesystem::file_size(path, error);
    if (error || size <= kShrunkBytes / 10 * 11) return;
    std::ifstream in(path, std::ios::binary);
    in.seekg(static_cast<std::streamoff>(size - kShrunkBytes));
    std::string tail(kShrunkBytes, '\0');
    in.read(tail.data(), static_cast<std::streamsize>(tail.size()));
    tail.resize(static_cast<size_t>(in.gcount()));
    tail.erase(0, tail.find('\n') + 1);  // the truncated line
    std::ofstream(path, std::ios::binary | std::ios::trunc) << tail;
}

void append_time(std::string& target, bool microseconds) {
    const auto now = std::chrono::system_clock::now();
    const time_t seconds = std::chrono::system_clock::to_time_t(now);
    tm parts{};
    ::gmtime_r(&seconds, &parts);
    fmt::format_to(std::back_inserter(target), "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}",
                   parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday, parts.tm_hour,
                   parts.tm_min, parts.tm_sec);
    if (microseconds) {
        const auto fraction =
            std::chrono::duration_cast<std::chrono::microseconds>(now.time_since_epoch()) %
            std::chrono::seconds(1);
        fmt::format_to(std::back_inserter(target), ".{:06}", fraction.count());
    }
    target += "Z ";
}

// Some of the text comes from peers, which must not be able to forge log lines.
void append_escaped(std::string& target, std::string_view text) {
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte >= 0x20 && byte != 0x7f)
            target += c;
        else
            fmt::format_to(std::back_inserter(target), "\\x{:02x}", byte);
    }
}

// bitcoind has info, debug and trace. Empty: no such level.
std::optional<LogLevel> parse_level(std::string_view name) {
    if (name == "trace" || name == "debug") return LogLevel::debug;
    if (name == "info") return LogLevel::info;
    if (name == "warning") return LogLevel::warning;
    if (name == "error") return LogLevel::error;
    return std::nullopt;
}

std::string_view level_name(LogLevel level) {
    switch (level) {
        case LogLevel::debug:
            return "debug";
        case LogLevel::info:
            return "info";
        case LogLevel::warning:
            return "warning";
        case LogLevel::error:
            return "error";
    }
    return "";
}

}  // namespace

std::string fatal_error(const LogOptions& options, std::string_view problem) {
    if (options.path.empty()) return fmt::format("A fatal internal error occurred: {}", problem);
    return fmt::format("A fatal internal error occurred, see {} for details: {}",
                       std::filesystem::path(options.path).filename().string(), problem);
}

DaemonLog::DaemonLog(const LogOptions& options) : options_(options) {}
DaemonLog::~DaemonLog() = default;

Expected<std::unique_ptr<DaemonLog>, std::string> DaemonLog::open(const LogOptions& options) {
    auto log = std::unique_ptr<DaemonLog>(new DaemonLog(options));
    for (const auto& [names, on] :
         {std::pair{&options.categories, true}, std::pair{&options.excluded, false}}) {
        for (const std::string& name : *names) {
            if (!log->set_category(name, on))
                return Unexpected(fmt::format("Unsupported logging category -debug{}={}.",
                                              on ? "" : "exclude", name));
        }
    }
    if (auto done = log->set_levels(); !done) return Unexpected(done.error());
    std::vector<spdlog::sink_ptr> sinks;
    if (!options.path.empty()) {
        if (options.shrink) shrink(options.path);
        try {
            // spdlog would create the directory, which hides a mistyped path.
            if (!std::filesystem::is_directory(std::filesystem::path(options.path).parent_path()))
                throw spdlog::spdlog_ex("no such directory");
            sinks.push_back(std::make_shared<spdlog::sinks::basic_file_sink_mt>(options.path));
        } catch (const std::exception&) {
            return Unexpected(fmt::format("Could not open debug log file {}", options.path));
        }
    }
    if (options.console) sinks.push_back(std::make_shared<spdlog::sinks::stdout_sink_mt>());
    log->logger_ = std::make_unique<spdlog::logger>("parley", sinks.begin(), sinks.end());
    log->logger_->set_pattern("%v");
    log->logger_->flush_on(spdlog::level::trace);
    // A full disk must not end the process because of the log.
    log->logger_->set_error_handler([](const std::string&) {});
    return log;
}

// A category's level limits what -debug turned on.
Expected<void, std::string> DaemonLog::set_levels() {
    for (const std::string& text : options_.levels) {
        const size_t colon = text.find(':');
        if (colon == std::string::npos) {
            const auto level = parse_level(text);
            if (!level)
                return Unexpected(
                    fmt::format("Unsupported global logging level -loglevel={}. "
                                "Valid values: info, debug, trace.",
                                text));
            level_ = *level;
            continue;
        }
        const std::string category = text.substr(0, colon);
        const auto level = parse_level(std::string_view(text).substr(colon + 1));
        const bool known = level && !names_all(category) &&
                           set_category(category, *level == LogLevel::debug && is_on(category));
        if (known) continue;
        std::vector<std::string_view> names;
        for (const auto& [name, on] : categories()) names.push_back(name);
        return Unexpected(fmt::format(
            "Unsupported category-specific logging level -loglevel={}. Expected "
            "-loglevel=<category>:<loglevel>. Valid categories: {}. Valid loglevels: info, debug, "
            "trace.",
            text, fmt::join(names, ", ")));
    }
    return {};
}

bool DaemonLog::is_on(std::string_view name) const {
    const auto all = categories();
    const auto found = std::ranges::find(all, name, &Category::first);
    return found != all.end() && found->second;
}

bool DaemonLog::set_category(std::string_view name, bool enabled) {
    bool known = names_all(name) || std::ranges::find(kUnlisted, name) != std::end(kUnlisted);
    const auto set = [&](std::string_view each, std::atomic<bool>& on) {
        if (!names_all(name) && each != name) return;
        on.store(enabled, std::memory_order_relaxed);
        known = true;
    };
    for (size_t i = 1; i < kLogCategories; ++i)
        set(to_string(static_cast<LogCategory>(i)), categories_[i]);
    for (size_t i = 0; i < kForeign.size(); ++i) set(kForeign[i], foreign_[i]);
    return known;
}

std::vector<DaemonLog::Category> DaemonLog::categories() const {
    std::vector<Category> result;
    for (size_t i = 1; i < kLogCategories; ++i) {
        const auto category = static_cast<LogCategory>(i);
        result.emplace_back(to_string(category), category_enabled(category));
    }
    for (size_t i = 0; i < kForeign.size(); ++i)
        result.emplace_back(kForeign[i], foreign_[i].load(std::memory_order_relaxed));
    std::ranges::sort(result);
    return result;
}

bool DaemonLog::category_enabled(LogCategory category) const {
    return categories_[static_cast<size_t>(category)].load(std::memory_order_relaxed);
}

bool DaemonLog::enabled(LogCategory category, LogLevel level) const {
    if (level >= LogLevel::info) return level >= level_;
    return category == LogCategory::general ? level_ == LogLevel::debug
                                            : category_enabled(category);
}

void DaemonLog::write(LogCategory category, LogLevel level, std::string_view line) {
    std::string text;
    text.reserve(line.size() + 64);
    if (options_.timestamps) append_time(text, options_.microseconds);
    if (options_.thread_names) {
        char name[16] = "";
        ::pthread_getname_np(::pthread_self(), name, sizeof name);
        fmt::format_to(std::back_inserter(text), "[{}] ", name);
    }
    // As in bitcoind, debug lines show their category; warnings and errors also show their level.
    const std::string_view name = to_string(category);
    if (level == LogLevel::debug && !name.empty())
        fmt::format_to(std::back_inserter(text), "[{}] ", name);
    else if (level != LogLevel::info)
        fmt::format_to(std::back_inserter(text), "[{}{}{}] ", name, name.empty() ? "" : ":",
                       level_name(level));
    append_escaped(text, line);
    logger_->log(spdlog::level::info, text);
}

}  // namespace parley
