#include "contrib/lab/scenario/experiment.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>

#include "contrib/lab/scenario/live_run.h"

namespace parley::lab {
namespace {

/// The runs of all experiments, which threads take one after the other.
class Batch {
 public:
    explicit Batch(const std::vector<Experiment>& experiments) : experiments_(experiments) {
        for (size_t i = 0; i < experiments.size(); ++i) {
            for (uint64_t seed = 0; seed < experiments[i].scenario.seeds; ++seed)
                tasks_.emplace_back(i, experiments[i].scenario.first_seed + seed);
        }
        runs_.resize(tasks_.size());
        reached_ = std::vector<std::atomic<uint64_t>>(tasks_.size());
    }

    void run(size_t threads, const RunProceed& proceed) {
        threads = std::min(threads, tasks_.size());
        left_ = threads;
        std::vector<std::jthread> workers;
        for (size_t i = 0; i < threads; ++i) workers.emplace_back([this] { work(); });
        std::unique_lock lock(mutex_);
        const auto look = std::chrono::milliseconds{50};
        while (!ended_.wait_for(lock, look, [&] { return left_ == 0; })) {
            if (!proceed(heights())) cancelled_ = true;
        }
    }

    Expected<std::vector<RunReport>, std::string> reports() {
        if (!error_.empty()) return Unexpected(error_);
        std::vector<RunReport> reports;
        for (const Experiment& each : experiments_)
            reports.push_back({each.scenario, each.level, each.changes, {}, 0, {}, false});
        for (size_t i = 0; i < tasks_.size(); ++i) {
            RunReport& report = reports[tasks_[i].experiment];
            report.partial = report.partial || !runs_[i] || runs_[i]->run.race.partial;
            if (!runs_[i]) continue;
            if (report.runs.empty()) report.shape = runs_[i]->shape;
            report.lambda_delta += runs_[i]->lambda_delta;
            report.runs.push_back(std::move(runs_[i]->run));
        }
        for (RunReport& report : reports)
            report.lambda_delta /= static_cast<double>(std::max<size_t>(1, report.runs.size()));
        return reports;
    }

 private:
    struct Task {
        size_t experiment = 0;
        uint64_t seed = 0;
    };
    struct Done {
        ScenarioRun run;
        sim::OverlayShape shape;
        double lambda_delta = 0;
    };

    uint64_t heights() const {
        uint64_t sum = 0;
        for (const auto& each : reached_) sum += each;
        return sum;
    }

    void work() {
        for (size_t i = next_++; i < tasks_.size() && !cancelled_; i = next_++) {
            const std::string error = take(i);
            if (error.empty()) continue;
            const std::lock_guard lock(mutex_);
            if (error_.empty()) error_ = error;
            cancelled_ = true;
        }
        const std::lock_guard lock(mutex_);
        --left_;
        ended_.notify_one();
    }

    /// Error: a sentence. Empty: none.
    std::string take(size_t i) {
        const Experiment& experiment = experiments_[tasks_[i].experiment];
        const Scenario& scenario = experiment.scenario;
        const uint64_t seed = tasks_[i].seed;
        const auto network = build_network(scenario, experiment.file, seed);
        if (!network) return network.error();
        const auto miners = flooding_miners(scenario, *network);
        const RunProceed proceed = [&](uint64_t heights) {
            reached_[i] = heights;
            return !cancelled_;
        };
        auto run = experiment.level == Level::model ? run_model(scenario, *network, seed, proceed)
                   : experiment.level == Level::sim
                       ? run_sim(scenario, *network, seed, proceed)
                       : run_daemons(scenario, *network, seed, experiment.daemon, proceed);
        if (!run) return fmt::format("{}: {}", experiment.file, run.error());
        reached_[i] = run->race.heights;
        runs_[i] = {std::move(*run), network->shape,
                    miners ? mean_lambda_delta(*miners) : std::nan("")};
        return "";
    }

    const std::vector<Experiment>& experiments_;
    std::vector<Task> tasks_;
    std::vector<std::optional<Done>> runs_;  ///< each written by the thread that took the task
    std::vector<std::atomic<uint64_t>> reached_;
    std::atomic<size_t> next_{0};
    std::atomic<bool> cancelled_{false};
    std::mutex mutex_;  ///< guards left_ and error_
    std::condition_variable ended_;
    size_t left_ = 0;
    std::string error_;
};

/// The values of "a,[b,c]": "a" and "[b,c]".
std::vector<std::string> split_values(std::string_view text) {
    std::vector<std::string> values(1);
    int depth = 0;
    bool quoted = false;
    for (const char c : text) {
        if (c == '"') quoted = !quoted;
        if (!quoted && (c == '[' || c == '{')) ++depth;
        if (!quoted && (c == ']' || c == '}')) --depth;
        if (c == ',' && depth == 0 && !quoted)
            values.emplace_back();
        else
            values.back() += c;
    }
    return values;
}

}  // namespace

uint64_t heights_of(const std::vector<Experiment>& experiments) {
    uint64_t sum = 0;
    for (const Experiment& each : experiments) sum += each.scenario.heights * each.scenario.seeds;
    return sum;
}

Expected<std::vector<RunReport>, std::string> run_experiments(
    const std::vector<Experiment>& experiments, size_t threads, const RunProceed& proceed) {
    Batch batch(experiments);
    batch.run(threads, proceed);
    return batch.reports();
}

Expected<std::vector<std::vector<ScenarioChange>>, std::string> combinations(
    const std::vector<std::string>& variations) {
    std::vector<std::vector<ScenarioChange>> result(1);
    for (const std::string& variation : variations) {
        const size_t equals = variation.find('=');
        if (equals == 0 || equals == std::string::npos)
            return Unexpected(fmt::format("\"{}\" is not KEY=VALUE,...", variation));
        const std::string key = variation.substr(0, equals);
        std::vector<std::vector<ScenarioChange>> longer;
        const auto values = split_values(std::string_view(variation).substr(equals + 1));
        if (result.size() * values.size() > kCombinationsMax) {
            return Unexpected(
                fmt::format("there are more than {} combinations of values", kCombinationsMax));
        }
        for (const auto& changes : result) {
            for (const std::string& value : values) {
                if (value.empty())
                    return Unexpected(fmt::format("\"{}\" has an empty value", variation));
                longer.push_back(changes);
                longer.back().push_back({key, value});
            }
        }
        result = std::move(longer);
    }
    return result;
}

}  // namespace parley::lab
