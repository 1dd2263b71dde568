#include "node/daemon/files/fee_file.h"

#include <filesystem>
#include <memory>

#include "mempool/fees/fee_estimator.h"
#include "mempool/mempool.h"
#include "node/daemon/options/daemon_options.h"
#include "node/daemon/system/replace_file.h"
#include "node/node.h"

namespace parley {
namespace {

namespace fs = std::filesystem;

constexpr Duration kInterval = std::chrono::hours{1};
constexpr auto kAgeMax = std::chrono::hours{60};

}  // namespace

void FeeFile::load(MempoolOptions& options, bool accept_stale, LogSink& log) const {
    std::error_code error;
    const auto written = fs::last_write_time(path_, error);
    const auto bytes = error ? std::nullopt : read_text_file(path_);
    if (!bytes) {
        log.info(LogCategory::general, "{} is not found. Continue anyway.", path_);
        return;
    }
    const auto age =
        std::chrono::floor<std::chrono::hours>(fs::file_time_type::clock::now() - written);
    if (age > kAgeMax && !accept_stale) {
        log.info(LogCategory::general,
                 "Fee estimation file {} too old (age={} > {} hours) and will not be used to avoid "
                 "serving stale estimates.",
                 path_, age.count(), kAgeMax.count());
        return;
    }
    auto known = std::make_shared<const Bytes>(bytes->begin(), bytes->end());
    if (FeeEstimator{*known}.empty())
        log.warning(LogCategory::general,
                    "Fee estimation file {} is damaged or of another version, and is not used",
                    path_);
    else
        options.known_fees = std::move(known);
}

void FeeFile::start(CoreLoop& loop, LogSink& log) {
    writing_.start(kInterval, log, [this, &loop, &log] {
        Bytes bytes;  // empty: nothing was learnt
        const bool done = loop.call(event::Cause{}, [&bytes](Node& node) {
            const FeeEstimator& fees = node.mempool().fee_estimator();
            if (!fees.empty()) bytes = fees.encode(false);
        });
        if (done && !bytes.empty()) write(bytes, log);
    });
}

void FeeFile::save(const Mempool& mempool, LogSink& log) const {
    const FeeEstimator& fees = mempool.fee_estimator();
    if (!fees.empty()) write(fees.encode(true), log);
}

void FeeFile::write(ByteSpan bytes, LogSink& log) const {
    const std::string problem = replace_file(path_, bytes);
    if (problem.empty())
        log.info(LogCategory::general, "Flushed fee estimates to {}.", path_);
    else
        log.error(LogCategory::general, "What is known about fees was not stored. {}", problem);
}

}  // namespace parley
