// The header tree and the retargeting rules against versions that walk parent by parent: a million
// random operations each.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>

#include "base/random.h"
#include "chain/rules/retarget.h"
#include "chain/state/index/header_tree.h"
#include "tests/unit/seed.h"

namespace parley {
namespace {

constexpr int kOperations = 1'000'000;

// ---- the tree

struct PlainNode {
    size_t parent = 0;
    int32_t height = 0;
    int64_t time = 0;
    BlockHash hash;
    const HeaderNode* node = nullptr;
};

class TreeModel {
 public:
    explicit TreeModel(const BlockHeader& genesis) : tree_(genesis) {
        const HeaderNode& root = tree_.genesis();
        plain_.push_back({0, 0, root.time(), root.hash, &root});
        heights_.push_back({&root});
    }

    void add(size_t parent, uint32_t time, uint32_t nonce) {
        BlockHeader header;
        header.previous = plain_[parent].hash;
        header.time = time;
        header.nonce = nonce;
        const BlockHash hash = header.hash();
        const HeaderNode& node = tree_.add(header, hash, *plain_[parent].node);
        plain_.push_back({parent, plain_[parent].height + 1, time, hash, &node});
        const auto height = static_cast<size_t>(plain_.back().height);
        if (heights_.size() == height) heights_.emplace_back();
        heights_[height].push_back(&node);
    }

    size_t ancestor(size_t index, int32_t height) const {
        while (plain_[index].height > height) index = plain_[index].parent;
        return index;
    }
    size_t fork(size_t a, size_t b) const {
        while (a != b) {
            if (plain_[a].height < plain_[b].height) std::swap(a, b);
            a = plain_[a].parent;
        }
        return a;
    }
    int64_t median_time_past(size_t index) const {
        std::vector<int64_t> times;
        for (; times.size() < 11; index = plain_[index].parent) {
            times.push_back(plain_[index].time);
            if (index == 0) break;
        }
        std::sort(times.begin(), times.end());
        return times[times.size() / 2];
    }

    size_t size() const { return plain_.size(); }
    const PlainNode& at(size_t index) const { return plain_[index]; }
    HeaderTree& tree() { return tree_; }
    const std::vector<const HeaderNode*>& at_height(size_t height) const {
        return heights_[height];
    }
    size_t heights() const { return heights_.size(); }

 private:
    HeaderTree tree_;
    std::vector<PlainNode> plain_;
    std::vector<std::vector<const HeaderNode*>> heights_;
};

class TreeRun {
 public:
    explicit TreeRun(SeededRandom& random)
        : random_(random), model_(regtest_params().genesis->header) {}

    void step() {
        switch (random_.uniform(8)) {
            case 0:
                return grow();
            case 1:
            case 2:
                return compare_ancestor();
            case 3:
                return compare_fork();
            case 4:
                return compare_median();
            case 5:
                return compare_find();
            case 6:
                return compare_height();
            default:
                return compare_links();
        }
    }
    void compare_descendants() {
        const size_t root = any();
        std::vector<BlockHash> expected;
        for (size_t i = 0; i < model_.size(); ++i) {
            if (i != root && model_.at(i).height >= model_.at(root).height &&
                model_.ancestor(i, model_.at(root).height) == root)
                expected.push_back(model_.at(i).hash);
        }
        std::vector<BlockHash> visited;
        model_.tree().for_each_descendant(*model_.at(root).node, [&](HeaderNode& node) {
            visited.push_back(node.hash);
            return true;
        });
        std::sort(expected.begin(), expected.end());
        std::sort(visited.begin(), visited.end());
        ASSERT_EQ(visited, expected);
    }

 private:
    size_t any() { return random_.uniform(model_.size()); }

    void grow() {
        // Mostly near the end, so that branches become long.
        const size_t near = std::min<size_t>(model_.size(), 4);
        const size_t parent =
            random_.uniform(20) == 0 ? any() : model_.size() - 1 - random_.uniform(near);
        const auto time = static_cast<uint32_t>(1'600'000'000 + random_.uniform(10'000));
        model_.add(parent, time, nonce_++);
    }
    void compare_ancestor() {
        const size_t index = any();
        const auto height = static_cast<int32_t>(
            random_.uniform(static_cast<uint64_t>(model_.at(index).height) + 1));
        ASSERT_EQ(model_.at(index).node->ancestor(Height{height}),
                  model_.at(model_.ancestor(index, height)).node);
    }
    void compare_fork() {
        const size_t a = any();
        const size_t b = any();
        ASSERT_EQ(fork_point(model_.at(a).node, model_.at(b).node),
                  model_.at(model_.fork(a, b)).node);
    }
    void compare_median() {
        const size_t index = any();
        ASSERT_EQ(model_.at(index).node->median_time_past(), model_.median_time_past(index));
    }
    void compare_find() {
        const size_t index = any();
        ASSERT_EQ(model_.tree().find(model_.at(index).hash), model_.at(index).node);
        BlockHash other = model_.at(index).hash;
        other.bytes()[random_.uniform(32)] ^= 1;
        ASSERT_EQ(model_.tree().find(other), nullptr);
    }
    void compare_height() {
        ASSERT_EQ(model_.tree().size(), model_.size());
        ASSERT_EQ(model_.tree().height_max().value() + 1, static_cast<int>(model_.heights()));
        const size_t height = random_.uniform(model_.heights());
        ASSERT_EQ(model_.tree().at_height(Height{static_cast<int32_t>(height)}),
                  model_.at_height(height));
        ASSERT_TRUE(model_.tree().at_height(model_.tree().height_max() + 1).empty());
    }
    void compare_links() {
        const size_t index = any();
        const PlainNode& plain = model_.at(index);
        ASSERT_EQ(plain.node->height.value(), plain.height);
        ASSERT_EQ(plain.node->parent, index == 0 ? nullptr : model_.at(plain.parent).node);
    }

    SeededRandom& random_;
    TreeModel model_;
    uint32_t nonce_ = 0;
};

TEST(HeaderTreeModel, a_million_operations_agree_with_walking_parents) {
    SeededRandom random(test_seed());
    constexpr int kPerTree = 20'000;
    for (int done = 0; done < kOperations; done += kPerTree) {
        TreeRun run(random);
        for (int i = 0; i < kPerTree; ++i) {
            run.step();
            if (::testing::Test::HasFatalFailure()) return;
        }
        run.compare_descendants();
    }
}

// ---- difficulty

struct PlainHeader {
    int64_t time;
    uint32_t bits;
};

// Numbers of 320 bits, limb by limb.
U256 scaled(const U256& target, uint64_t factor, uint64_t divisor) {
    std::array<uint64_t, 10> limbs{};
    const Hash256 raw = target.to_hash();
    uint64_t carry = 0;
    for (size_t i = 0; i < limbs.size(); ++i) {
        uint64_t limb = 0;
        for (size_t b = 0; i < 8 && b < 4; ++b) limb |= uint64_t{raw.bytes()[4 * i + b]} << (8 * b);
        carry += limb * factor;
        limbs[i] = carry & 0xffffffff;
        carry >>= 32;
    }
    uint64_t rest = 0;
    Hash256 quotient;
    for (size_t i = limbs.size(); i-- > 0;) {
        rest = rest << 32 | limbs[i];
        const uint64_t digit = rest / divisor;
        rest %= divisor;
        if (i >= 8) {
            EXPECT_EQ(digit, 0u) << "the chains tested here stay within 256 bits";
            continue;
        }
        for (size_t b = 0; b < 4; ++b)
            quotient.bytes()[4 * i + b] = static_cast<uint8_t>(digit >> (8 * b));
    }
    return U256::from_hash(quotient);
}

// The rules as the BIPs and the known behaviour state them, over a list.
uint32_t plain_next(const ChainParams& params, const std::vector<PlainHeader>& chain,
                    int64_t time) {
    const size_t height = chain.size();
    const auto interval = static_cast<size_t>(params.retarget_interval_blocks);
    const uint32_t easiest = compact_from_target(params.pow_limit);
    if (height % interval != 0) {
        if (!params.allow_min_difficulty) return chain.back().bits;
        if (time > chain.back().time + params.target_spacing_s * 2) return easiest;
        size_t index = height - 1;
        while (index > 0 && index % interval != 0 && chain[index].bits == easiest) --index;
        return chain[index].bits;
    }
    if (params.no_retargeting) return chain.back().bits;
    size_t first = height - interval;
    int64_t aimed = params.target_spacing_s * params.retarget_interval_blocks;
    if (first == 0 && params.retarget_skips_genesis) {
        first = 1;
        aimed -= params.target_spacing_s;
    }
    int64_t took = chain.back().time - chain[first].time;
    if (took < aimed / 4) took = aimed / 4;
    if (took > aimed * 4) took = aimed * 4;
    const uint32_t bits = params.bip94 ? chain[first].bits : chain.back().bits;
    const U256 next = scaled(*target_from_compact(bits), static_cast<uint64_t>(took),
                             static_cast<uint64_t>(aimed));
    return compact_from_target(next < params.pow_limit ? next : params.pow_limit);
}

ChainParams random_rules(SeededRandom& random) {
    constexpr int32_t kIntervals[] = {3, 4, 7, 16, 144, 2016};
    const auto names = chain_names();
    ChainParams params = names[random.uniform(names.size())].params();
    if (params.pow_limit > U256::max() >> 22) params.pow_limit = U256::max() >> 23;
    params.retarget_interval_blocks = kIntervals[random.uniform(std::size(kIntervals))];
    // Periods of four seconds and more: below that the limits of an adjustment have no meaning.
    params.target_spacing_s = 2 + static_cast<int64_t>(random.uniform(600));
    if (random.uniform(2) == 0) {
        params.allow_min_difficulty = random.uniform(2) == 0;
        params.bip94 = random.uniform(2) == 0;
        params.no_retargeting = random.uniform(8) == 0;
        params.retarget_skips_genesis = random.uniform(4) == 0;
    }
    return params;
}

TEST(RetargetModel, a_million_headers_agree_with_the_plain_rules) {
    SeededRandom random(test_seed());
    for (int done = 0; done < kOperations;) {
        const ChainParams params = random_rules(random);
        BlockHeader genesis = params.genesis->header;
        genesis.bits =
            compact_from_target(params.pow_limit >> static_cast<int>(random.uniform(12)));
        HeaderTree tree(genesis);
        std::vector<PlainHeader> chain{{int64_t{genesis.time}, genesis.bits}};
        const HeaderNode* tip = &tree.genesis();
        const uint64_t pace = 1 + random.uniform(8);
        const int length = 1 + static_cast<int>(random.uniform(5'000));
        for (int i = 0; i < length; ++i, ++done) {
            // No chain of real work comes near a target of nothing.
            if (chain.back().bits < 0x10000000) break;
            const auto spacing = static_cast<uint64_t>(params.target_spacing_s);
            int64_t time = chain.back().time + static_cast<int64_t>(random.uniform(spacing * pace));
            if (random.uniform(50) == 0) time -= static_cast<int64_t>(random.uniform(spacing * 9));
            if (random.uniform(50) == 0) time += static_cast<int64_t>(spacing * 40);
            time = std::clamp<int64_t>(time, 1, 0xffffffff);
            const uint32_t expected = plain_next(params, chain, time);
            ASSERT_EQ(next_work_required(params, *tip, time), expected)
                << params.name << " at height " << chain.size() << ", interval "
                << params.retarget_interval_blocks;
            BlockHeader header;
            header.previous = tip->hash;
            header.time = static_cast<uint32_t>(time);
            header.bits = expected;
            tip = &tree.add(header, header.hash(), *tip);
            chain.push_back({time, expected});
        }
    }
}

}  // namespace
}  // namespace parley
