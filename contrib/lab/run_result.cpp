#include "contrib/lab/run_result.h"

#include <algorithm>
#include <set>

namespace parley::lab {
namespace {

constexpr int64_t kManyConfirmations = 6;

/// Hashes from the block down to genesis; element i has height (tip height - i).
std::vector<std::string> branch_of(const Observations& seen, std::string hash) {
    std::vector<std::string> branch;
    for (auto found = seen.blocks.find(hash); found != seen.blocks.end();
         found = seen.blocks.find(hash)) {
        branch.push_back(hash);
        hash = found->second.previous;
    }
    return branch;
}

/// The common prefix, from genesis, of the nodes' final chains.
std::vector<std::string> common_chain(const Observations& seen) {
    std::vector<std::string> common;
    bool first = true;
    for (const auto& tips : seen.tips) {
        if (tips.empty()) return {};
        auto branch = branch_of(seen, tips.back().hash);
        std::reverse(branch.begin(), branch.end());
        if (first) {
            common = std::move(branch);
            first = false;
            continue;
        }
        const size_t shared = std::min(common.size(), branch.size());
        size_t equal = 0;
        while (equal < shared && common[equal] == branch[equal]) ++equal;
        common.resize(equal);
    }
    return common;
}

void count_forks(const Observations& seen, const std::vector<std::string>& chain,
                 RunResult& result) {
    const std::set<std::string> main(chain.begin(), chain.end());
    std::map<std::string, Seconds> first_seen;
    for (const auto& tips : seen.tips) {
        for (const TipChange& change : tips) {
            const auto [at, is_new] = first_seen.emplace(change.hash, change.time);
            if (!is_new) at->second = std::min(at->second, change.time);
        }
    }
    std::map<int64_t, uint64_t> blocks_at;
    for (const auto& [hash, block] : seen.blocks) {
        if (block.height < 1 || block.height > static_cast<int64_t>(result.heights)) continue;
        ++result.blocks;
        ++blocks_at[block.height];
        const bool stale = !main.contains(hash);
        if (stale) ++result.stale;
        const auto seen_at = first_seen.find(hash);
        result.placed.push_back(
            {block.height, seen_at == first_seen.end() ? -1 : seen_at->second, stale});
    }
    uint64_t forked = 0;
    for (const auto& [height, count] : blocks_at) forked += count > 1 ? 1 : 0;
    result.fork_rate = {forked, result.heights};
    result.stale_of_all = {result.stale, result.blocks};
    result.stale_of_main = {result.stale, result.heights};
}

void count_reorganisations(const Observations& seen, RunResult& result) {
    for (const auto& tips : seen.tips) {
        for (size_t i = 1; i < tips.size(); ++i) {
            const auto after = branch_of(seen, tips[i].hash);
            const std::set<std::string> kept(after.begin(), after.end());
            uint64_t depth = 0;
            for (const auto& hash : branch_of(seen, tips[i - 1].hash)) {
                if (kept.contains(hash)) break;
                ++depth;
            }
            if (depth > 0) ++result.reorganisations[depth];
        }
    }
}

/// When the sending node first saw each transaction with one confirmation and with six.
void time_confirmations(const RunInput& input, RunResult& result) {
    std::map<std::string, std::vector<std::string>> blocks_of;  // txid -> blocks that contain it
    for (const auto& [hash, block] : input.seen.blocks) {
        for (const auto& txid : block.transactions) {
            if (input.sent.contains(txid)) blocks_of[txid].push_back(hash);
        }
    }
    for (size_t node = 0; node < input.seen.tips.size(); ++node) {
        std::set<std::string> wait_one;
        std::set<std::string> wait_six;
        for (const auto& [txid, sent] : input.sent) {
            if (sent.node == node && blocks_of.contains(txid)) wait_one.insert(txid);
        }
        wait_six = wait_one;
        for (const TipChange& change : input.seen.tips[node]) {
            if (wait_six.empty()) break;
            const auto branch = branch_of(input.seen, change.hash);
            const std::set<std::string> active(branch.begin(), branch.end());
            const int64_t tip_height = input.seen.blocks.at(change.hash).height;
            const auto settle = [&](std::set<std::string>& waiting, int64_t confirmations,
                                    std::vector<Seconds>& times) {
                std::erase_if(waiting, [&](const std::string& txid) {
                    for (const auto& hash : blocks_of[txid]) {
                        if (!active.contains(hash)) continue;
                        if (tip_height - input.seen.blocks.at(hash).height + 1 < confirmations)
                            continue;
                        times.push_back(change.time - input.sent.at(txid).time);
                        return true;
                    }
                    return false;
                });
            };
            settle(wait_one, 1, result.to_one);
            settle(wait_six, kManyConfirmations, result.to_six);
        }
    }
}

}  // namespace

RunResult evaluate(const RunInput& input) {
    RunResult result;
    result.consensus = input.consensus;
    result.options = input.options;
    result.duration = input.duration;
    result.partial = input.partial;
    result.sent = input.sent.size();
    result.refused = input.refused;
    result.last_refusal = input.last_refusal;
    result.cpu_seconds = input.cpu_seconds;

    result.settling = input.settling;
    result.chain = common_chain(input.seen);
    const auto& chain = result.chain;
    const uint64_t common = chain.empty() ? 0 : chain.size() - 1;
    result.heights =
        std::min(common, static_cast<uint64_t>(std::max<int64_t>(0, input.last_height)));
    for (const auto& tips : input.seen.tips) {
        result.agreed =
            result.agreed && !chain.empty() && !tips.empty() && tips.back().hash == chain.back();
    }
    count_forks(input.seen, chain, result);
    count_reorganisations(input.seen, result);
    time_confirmations(input, result);

    for (const auto& hash : chain) {
        for (const auto& txid : input.seen.blocks.at(hash).transactions)
            result.confirmed += input.sent.count(txid);
    }
    if (result.duration > 0) {
        result.transactions_per_second = static_cast<double>(result.confirmed) / result.duration;
    }
    if (result.confirmed > 0) {
        result.bytes_per_transaction =
            static_cast<double>(input.bytes) / static_cast<double>(result.confirmed);
    }
    if (input.consensus == Consensus::pow && result.duration > 0) {
        const std::vector<double> shares(input.options.nodes,
                                         1.0 / static_cast<double>(input.options.nodes));
        const double rate = static_cast<double>(result.blocks) / result.duration;
        result.expected_fork_rate = expected_fork_rate(shares, rate, input.options.delay_ms / 1000);
    }
    return result;
}

}  // namespace parley::lab
