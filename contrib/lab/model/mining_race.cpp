#include "contrib/lab/model/mining_race.h"

#include <algorithm>
#include <set>

#include "base/check.h"
#include "contrib/lab/model/mining_process.h"
#include "contrib/lab/model/propagation.h"

namespace parley::lab {
namespace {

/// Blocks between two looks at what is final: rare enough to cost nothing, often enough that memory
/// stays small and Ctrl-C is obeyed within milliseconds.
constexpr uint64_t kBlocksBetweenLooks = 8'192;
/// The same once the requested height is reached, so that the end is not missed by much.
constexpr uint64_t kBlocksBetweenLooksAtEnd = 16;

struct Block {
    ModelTime time = 0;
    uint64_t parent = 0;
    uint32_t height = 0;
    uint32_t miner = 0;
};

/// The tree of blocks. A block has a larger number than its parent. Blocks below the last final
/// one are dropped.
class Tree {
 public:
    Tree() : blocks_(1) {}

    uint64_t add(const Block& block) {
        blocks_.push_back(block);
        return first_ + blocks_.size() - 1;
    }
    const Block& operator[](uint64_t number) const { return blocks_[number - first_]; }

    /// The last block that both chains contain.
    uint64_t fork_point(uint64_t a, uint64_t b) const {
        while (a != b) (a > b ? a : b) = (*this)[std::max(a, b)].parent;
        return a;
    }
    /// REQUIRES: nobody asks for an earlier block again.
    void drop_before(uint64_t number) {
        blocks_.erase(blocks_.begin(), blocks_.begin() + static_cast<ptrdiff_t>(number - first_));
        first_ = number;
    }

 private:
    std::vector<Block> blocks_;  ///< the first is number first_; number 0 is the genesis block
    uint64_t first_ = 0;
};

class Race {
 public:
    Race(const MiningNetwork& network, const RaceOptions& options)
        : network_(network),
          options_(options),
          mining_(network.shares, options.seed),
          propagation_(network, options.partition ? &*options.partition : nullptr),
          tips_(network.size()) {
        result_.main.assign(network.size(), 0);
        result_.mined.assign(network.size(), 0);
    }

    RaceResult run();

 private:
    struct Tip {
        uint64_t block = 0;
        uint32_t height = 0;
    };
    /// A block whose height is not final yet.
    struct Uncounted {
        uint32_t height = 0;
        uint32_t miner = 0;
    };

    void mine();
    void deliver(const Propagation::Arrival& arrival);
    void adopt(Tip& tip, const Propagation::Arrival& arrival);
    uint64_t common_ancestor() const;
    void settle();
    void count_blocks(uint32_t below, uint32_t up_to);

    const MiningNetwork& network_;
    const RaceOptions& options_;
    MiningProcess mining_;
    Propagation propagation_;
    Tree tree_;
    std::vector<Tip> tips_;  ///< by miner
    std::vector<Uncounted> uncounted_;
    uint32_t best_height_ = 0;
    uint64_t final_ = 0;  ///< the last block that is certainly in the main chain
    RaceResult result_;
};

void Race::mine() {
    const auto found = mining_.next();
    while (propagation_.due(found.time)) deliver(propagation_.pop());
    Tip& tip = tips_[found.miner];
    const uint32_t height = tip.height + 1;
    const uint64_t block = tree_.add({found.time, tip.block, height, found.miner});
    tip = {block, height};
    best_height_ = std::max(best_height_, height);
    uncounted_.push_back({height, found.miner});
    propagation_.send(found.time, found.miner, block, height);
}

void Race::deliver(const Propagation::Arrival& arrival) {
    for (const uint32_t receiver : arrival.receivers) {
        if (arrival.height > tips_[receiver].height) adopt(tips_[receiver], arrival);
    }
}

void Race::adopt(Tip& tip, const Propagation::Arrival& arrival) {
    if (tree_[arrival.block].parent != tip.block) {
        const uint32_t fork_height = tree_[tree_.fork_point(arrival.block, tip.block)].height;
        if (const uint32_t depth = tip.height - fork_height;
            depth > 0 && fork_height < options_.heights)
            ++result_.reorganisations[depth];
    }
    tip = {arrival.block, arrival.height};
}

/// Of everything on which a miner may still build: all tips, and the blocks on their way that are
/// higher than a tip.
uint64_t Race::common_ancestor() const {
    std::set<uint64_t> candidates;
    uint32_t lowest = tips_.front().height;
    for (const Tip& tip : tips_) {
        candidates.insert(tip.block);
        lowest = std::min(lowest, tip.height);
    }
    for (const auto& flight : propagation_.flights()) {
        if (flight.height > lowest) candidates.insert(flight.block);
    }
    while (candidates.size() > 1) {
        const auto newest = std::prev(candidates.end());
        const uint64_t parent = tree_[*newest].parent;
        candidates.erase(newest);
        candidates.insert(parent);
    }
    return *candidates.begin();
}

/// Counts the heights that have become final, up to the requested one.
void Race::settle() {
    const uint64_t common = common_ancestor();
    uint64_t last = common;
    while (tree_[last].height > options_.heights) last = tree_[last].parent;
    const uint32_t below = tree_[final_].height;
    const uint32_t up_to = tree_[last].height;
    if (up_to == below) return;
    for (uint64_t block = last; block != final_; block = tree_[block].parent)
        ++result_.main[tree_[block].miner];
    count_blocks(below, up_to);
    result_.heights = up_to;
    result_.intervals = to_intervals(tree_[last].time);
    final_ = last;
    tree_.drop_before(last);
}

void Race::count_blocks(uint32_t below, uint32_t up_to) {
    std::vector<uint32_t> at_height(up_to - below, 0);
    std::erase_if(uncounted_, [&](const Uncounted& block) {
        if (block.height > up_to) return false;
        CHECK(block.height > below);  // a height that was final has no further blocks
        ++at_height[block.height - below - 1];
        ++result_.mined[block.miner];
        ++result_.blocks;
        return true;
    });
    for (const uint32_t count : at_height) result_.forked += count > 1;
}

RaceResult Race::run() {
    while (result_.heights < options_.heights) {
        const bool near_end = best_height_ >= options_.heights;
        const uint64_t blocks = near_end ? kBlocksBetweenLooksAtEnd : kBlocksBetweenLooks;
        for (uint64_t i = 0; i < blocks; ++i) {
            mine();
            if (!near_end && best_height_ >= options_.heights) break;
        }
        settle();
        if (options_.proceed && !options_.proceed(result_.heights)) break;
    }
    result_.partial = result_.heights < options_.heights;
    for (size_t miner = 0; miner < network_.size(); ++miner) {
        if (result_.blocks == 0) break;
        result_.weighted_delay += static_cast<double>(result_.mined[miner]) *
                                  network_.hash_weighted_delay(miner) /
                                  static_cast<double>(result_.blocks);
    }
    return std::move(result_);
}

}  // namespace

void RaceResult::add(const RaceResult& other) {
    if (main.empty()) {
        main.assign(other.main.size(), 0);
        mined.assign(other.mined.size(), 0);
    }
    CHECK(main.size() == other.main.size());
    if (const uint64_t both = blocks + other.blocks; both > 0) {
        weighted_delay = (weighted_delay * static_cast<double>(blocks) +
                          other.weighted_delay * static_cast<double>(other.blocks)) /
                         static_cast<double>(both);
    }
    heights += other.heights;
    forked += other.forked;
    blocks += other.blocks;
    intervals += other.intervals;
    for (size_t i = 0; i < main.size(); ++i) {
        main[i] += other.main[i];
        mined[i] += other.mined[i];
    }
    for (const auto& [depth, count] : other.reorganisations) reorganisations[depth] += count;
    partial = partial || other.partial;
}

RaceResult run_race(const MiningNetwork& network, const RaceOptions& options) {
    CHECK(options.heights > 0 && options.heights <= kRaceHeightsMax);
    return Race(network, options).run();
}

}  // namespace parley::lab
