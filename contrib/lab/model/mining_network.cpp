#include "contrib/lab/model/mining_network.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <queue>
#include <utility>

#include "base/check.h"

namespace parley::lab {
namespace {

constexpr double kUnreachable = std::numeric_limits<double>::infinity();

using Neighbours = std::vector<std::vector<std::pair<size_t, double>>>;

/// Seconds from one miner to all others along the links (Dijkstra).
std::vector<double> shortest_paths(const Neighbours& neighbours, size_t from) {
    std::vector<double> distance(neighbours.size(), kUnreachable);
    using Entry = std::pair<double, size_t>;
    std::priority_queue<Entry, std::vector<Entry>, std::greater<>> queue;
    distance[from] = 0;
    queue.emplace(0, from);
    while (!queue.empty()) {
        const auto [reached, at] = queue.top();
        queue.pop();
        if (reached > distance[at]) continue;
        for (const auto& [next, delay] : neighbours[at]) {
            if (reached + delay >= distance[next]) continue;
            distance[next] = reached + delay;
            queue.emplace(distance[next], next);
        }
    }
    return distance;
}

}  // namespace

double MiningNetwork::hash_weighted_delay(size_t from) const {
    double sum = 0;
    for (size_t to = 0; to < size(); ++to) sum += shares[to] * to_intervals(delay(from, to));
    return sum;
}

Expected<std::vector<double>, std::string> normalised_shares(std::vector<double> shares) {
    if (shares.empty()) return Unexpected(std::string{"at least one share is needed"});
    if (shares.size() > kMinersMax) {
        return Unexpected(
            fmt::format("there are {} shares; at most {} are possible", shares.size(), kMinersMax));
    }
    double sum = 0;
    for (size_t i = 0; i < shares.size(); ++i) {
        if (!std::isfinite(shares[i]) || shares[i] < 0) {
            return Unexpected(
                fmt::format("share {} is {}; it must be a number from 0 to 1", i + 1, shares[i]));
        }
        sum += shares[i];
    }
    if (std::abs(sum - 1) > kShareSumTolerance) {
        return Unexpected(
            fmt::format("the shares add up to {:.6g}, not to 1; divide each by that sum", sum));
    }
    for (double& share : shares) share /= sum;
    return shares;
}

Expected<MiningNetwork, std::string> uniform_network(std::vector<double> shares,
                                                     double lambda_delta) {
    if (!(lambda_delta >= 0 && lambda_delta <= kDelayMax)) {
        return Unexpected(
            fmt::format("lambda-delta is {}; it must be from 0 to {}, in mean block "
                        "intervals",
                        lambda_delta, kDelayMax));
    }
    auto normalised = normalised_shares(std::move(shares));
    if (!normalised) return Unexpected(normalised.error());
    MiningNetwork network;
    network.shares = std::move(*normalised);
    const size_t size = network.size();
    network.delays.assign(size * size, from_intervals(lambda_delta));
    for (size_t i = 0; i < size; ++i) {
        network.delays[i * size + i] = 0;
        network.names.push_back(std::to_string(i + 1));
    }
    return network;
}

void shorten_detours(MiningNetwork& network) {
    const size_t size = network.size();
    for (size_t by = 0; by < size; ++by) {
        if (network.shares[by] == 0) continue;
        for (size_t from = 0; from < size; ++from) {
            for (size_t to = 0; to < size; ++to) {
                ModelTime& delay = network.delays[from * size + to];
                delay = std::min(delay, network.delay(from, by) + network.delay(by, to));
            }
        }
    }
}

Expected<MiningNetwork, std::string> flooding_network(const std::vector<Miner>& miners,
                                                      const std::vector<Link>& links,
                                                      double interval_s) {
    if (miners.size() > kMinersMax) {
        return Unexpected(
            fmt::format("there are {} miners; at most {} are possible", miners.size(), kMinersMax));
    }
    MiningNetwork network;
    double total = 0;
    for (const Miner& miner : miners) {
        network.names.push_back(miner.name);
        total += miner.hash;
    }
    if (!(total > 0) || !std::isfinite(total)) {
        return Unexpected(
            std::string{"the miners have no hash rate; at least one must be above 0"});
    }
    for (const Miner& miner : miners) network.shares.push_back(miner.hash / total);
    Neighbours neighbours(miners.size());
    for (const Link& link : links) {
        CHECK(link.from < miners.size() && link.to < miners.size() && link.delay_s >= 0);
        neighbours[link.from].emplace_back(link.to, link.delay_s);
        const double back_s = link.back_s.value_or(link.delay_s);
        CHECK(back_s >= 0);
        neighbours[link.to].emplace_back(link.from, back_s);
    }
    for (size_t from = 0; from < miners.size(); ++from) {
        const std::vector<double> paths = shortest_paths(neighbours, from);
        for (size_t to = 0; to < miners.size(); ++to) {
            if (paths[to] == kUnreachable) {
                return Unexpected(
                    fmt::format("no path connects the miners \"{}\" and \"{}\"; add "
                                "a link",
                                miners[from].name, miners[to].name));
            }
            if (paths[to] > kDelayMax * interval_s) {
                return Unexpected(fmt::format(
                    "a block of \"{}\" reaches \"{}\" after {:.6g} s; at most {} intervals of "
                    "{:.6g} s are possible",
                    miners[from].name, miners[to].name, paths[to], kDelayMax, interval_s));
            }
            network.delays.push_back(from_intervals(paths[to] / interval_s));
        }
    }
    return network;
}

}  // namespace parley::lab
