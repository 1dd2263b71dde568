#include "contrib/lab/live.h"

#include <fmt/format.h>

#include <cstdio>
#include <exception>
#include <filesystem>
#include <fstream>
#include <memory>
#include <stdexcept>

#include "contrib/lab/commands/interrupt.h"
#include "contrib/lab/live_folder.h"
#include "contrib/lab/picture.h"
#include "contrib/lab/report.h"

namespace parley::lab {
namespace {

using namespace std::chrono_literals;

constexpr auto kAgreementLimit = 120s;
constexpr double kProgressSeconds = 5;

void say(const std::string& line) {
    fmt::print(stderr, "{}\n", line);
}

/// One network with its observer and its workload.
struct Run {
    Run(const LiveOptions& options, Consensus consensus, const std::filesystem::path& directory)
        : network(options, consensus, directory / to_string(consensus), interrupted) {}

    LiveNetwork network;
    std::unique_ptr<Observer> observer;
    std::unique_ptr<Workload> workload;
    double cpu_before = 0;
    uint64_t bytes_before = 0;
};

void begin(Run& run, const LiveOptions& options) {
    run.cpu_before = run.network.cpu_seconds();
    run.bytes_before = run.network.bytes_sent();
    run.observer = std::make_unique<Observer>(run.network);
    run.network.set_mining(true);
    run.workload = std::make_unique<Workload>(run.network, *run.observer, options.transaction_rate);
}

void show_progress(const std::vector<std::unique_ptr<Run>>& runs, double total) {
    std::string line = fmt::format("{:4.0f} of {:.0f} s", runs.front()->observer->now(), total);
    for (const auto& run : runs) {
        // The observer counts all blocks, including genesis; those that are not in the main chain
        // are stale.
        const auto height = run->observer->height();
        const auto known = static_cast<int64_t>(run->observer->block_count());
        line += fmt::format("   {}: height {}, {} stale, {} transactions sent",
                            to_string(run->network.consensus()), height,
                            std::max<int64_t>(known - height - 1, 0), run->workload->sent_count());
    }
    say(line);
}

/// Mines on until all nodes have the same tip and nothing is on its way that could change it: a run
/// must not end on a tie. Returns how long that took, in seconds.
Seconds settle(LiveNetwork& network, std::chrono::milliseconds trips) {
    const auto begin = std::chrono::steady_clock::now();
    const auto passed = [&] { return std::chrono::steady_clock::now() - begin; };
    while (passed() < kAgreementLimit && !interrupted()) {
        if (!network.wait_for_agreement(kAgreementLimit)) break;
        network.set_mining(false);
        std::this_thread::sleep_for(trips);
        if (network.wait_for_agreement(1s)) break;
        network.set_mining(true);
    }
    network.set_mining(false);
    return std::chrono::duration<double>(passed()).count();
}

RunResult finish(Run& run, const LiveOptions& options) {
    RunInput input;
    input.consensus = run.network.consensus();
    input.options = options;
    input.duration = run.observer->now();
    run.workload->stop();
    const auto delay = std::chrono::duration<double>(options.delay_ms / 1'000);
    input.settling =
        settle(run.network, std::chrono::ceil<std::chrono::milliseconds>(4 * delay) + 50ms);
    // The observers poll, so they need a moment to see the last tip.
    std::this_thread::sleep_for(100ms);
    input.cpu_seconds = run.network.cpu_seconds() - run.cpu_before;
    input.bytes = run.network.bytes_sent() - run.bytes_before;
    input.seen = run.observer->finish();
    if (const std::string failure = run.observer->failure(); !failure.empty()) {
        throw std::runtime_error("a node could not be observed: " + failure);
    }
    input.partial = interrupted();
    input.sent = run.workload->sent();
    input.refused = run.workload->refused_count();
    input.last_refusal = run.workload->last_refusal();
    return evaluate(input);
}

void write_text(const std::string& path, const std::string& text) {
    std::ofstream file(path);
    file << text;
    if (!file.flush()) throw std::runtime_error("cannot write " + path);
    say("Wrote " + path);
}

std::vector<RunResult> measure(const LiveOptions& options) {
    const LiveFolder folder(options.directory);
    std::vector<std::unique_ptr<Run>> runs;
    for (const Consensus consensus : options.consensus) {
        say(fmt::format("Starting {} {} nodes ...", options.nodes, to_string(consensus)));
        runs.push_back(std::make_unique<Run>(options, consensus, folder.path()));
    }
    for (auto& run : runs) begin(*run, options);
    double next_progress = kProgressSeconds;
    const Observer& clock = *runs.front()->observer;
    while (clock.now() < options.seconds) {
        if (interrupted()) break;
        for (const auto& run : runs) {
            if (const std::string failure = run->observer->failure(); !failure.empty()) {
                throw std::runtime_error("a node could not be observed: " + failure);
            }
        }
        if (clock.now() >= next_progress) {
            show_progress(runs, options.seconds);
            next_progress += kProgressSeconds;
        }
        std::this_thread::sleep_for(20ms);
    }
    if (!interrupted()) say("Waiting until all nodes have the same tip ...");
    std::vector<RunResult> results;
    for (auto& run : runs) results.push_back(finish(*run, options));
    return results;
}

}  // namespace

int run_live(const std::string& program, const std::vector<std::string>& arguments) {
    const auto options = parse_live_options(program, arguments);
    if (!options) return report(options.error());
    catch_interrupts();
    try {
        const auto results = measure(*options);
        fmt::print("{}", table_text(results));
        std::fflush(stdout);
        if (!options->json_file.empty()) write_text(options->json_file, json_text(results));
        if (!options->picture_file.empty()) write_text(options->picture_file, picture_svg(results));
        return interrupted() ? kInterruptedStatus : 0;
    } catch (const std::exception& error) {
        if (interrupted()) {
            say("Interrupted before anything was measured; all nodes are stopped.");
            return kInterruptedStatus;
        }
        say(std::string{"Error: "} + error.what());
        return 1;
    }
}

}  // namespace parley::lab
