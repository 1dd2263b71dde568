#include "wallet/coin_selection.h"

#include <algorithm>

#include "base/check.h"

namespace parley {
namespace {

// The search tree has 2^n leaves; this many steps find a match in practice or never (Murch, 2016).
constexpr int kBranchAndBoundTries = 100'000;

/// A coin, and what it adds to the transaction.
struct Candidate {
    size_t id = 0;
    int64_t value = 0;
    int64_t effective = 0;  ///< value minus the fee of its input
    int64_t extra_fee = 0;  ///< fee of its input now, minus the fee of spending it later
};

class Selector {
 public:
    Selector(std::vector<SelectionCoin> coins, const SelectionRequest& request)
        : request_(request), target_(request.target.value()) {
        for (const SelectionCoin& coin : coins) {
            const int64_t fee = input_fee(coin.input_weight, request.fee_rate).value();
            const int64_t later = input_fee(coin.input_weight, request.long_term_fee_rate).value();
            const int64_t value = coin.value.value();
            const int64_t effective = request.subtract_fee ? value : value - fee;
            if (effective > 0) candidates_.push_back({coin.id, value, effective, fee - later});
        }
        // Largest first; on a tie, the coin that is cheaper to spend, then the older one.
        std::stable_sort(candidates_.begin(), candidates_.end(),
                         [](const Candidate& a, const Candidate& b) {
                             return a.effective != b.effective ? a.effective > b.effective
                                                               : a.extra_fee < b.extra_fee;
                         });
    }

    std::optional<SelectionResult> run() {
        consider(branch_and_bound(), true);
        consider(single(), false);
        consider(largest_first(), false);
        return std::move(best_);
    }

 private:
    using Choice = std::vector<size_t>;  // indexes into candidates_

    int64_t change_cost() const {
        return request_.change_fee.value() + request_.change_spend_fee.value();
    }

    void consider(const std::optional<Choice>& choice, bool changeless) {
        if (!choice) return;
        SelectionResult result;
        int64_t effective = 0;
        int64_t waste = 0;
        for (const size_t position : *choice) {
            const Candidate& coin = candidates_[position];
            result.ids.push_back(coin.id);
            result.value += Amount{coin.value};
            effective += coin.effective;
            waste += coin.extra_fee;
        }
        const int64_t excess = effective - target_;
        CHECK(excess >= 0);
        const bool with_change =
            !changeless && excess >= request_.change_min.value() + request_.change_fee.value();
        result.changeless = !with_change;
        result.waste = Amount{waste + (with_change ? change_cost() : excess)};
        if (!best_ || result.waste < best_->waste) best_ = std::move(result);
    }

    /// Depth-first search that first includes a coin, then omits it. Keeps the match with the least
    /// waste.
    std::optional<Choice> branch_and_bound() const {
        int64_t left = 0;
        for (const Candidate& coin : candidates_) left += coin.effective;
        if (left < target_) return std::nullopt;
        const int64_t upper = target_ + change_cost();
        const bool fees_high = request_.fee_rate > request_.long_term_fee_rate;
        Choice current;
        int64_t sum = 0;
        int64_t waste = 0;
        std::optional<Choice> best;
        int64_t best_waste = 0;
        size_t next = 0;
        for (int tries = 0; tries < kBranchAndBoundTries; ++tries) {
            bool back =
                sum + left < target_ || sum > upper || (best && fees_high && waste > best_waste);
            if (!back && sum >= target_) {
                const int64_t total = waste + (sum - target_);
                if (!best || total < best_waste) {
                    best = current;
                    best_waste = total;
                }
                back = true;
            }
            if (!back && next < candidates_.size()) {
                const Candidate& coin = candidates_[next];
                left -= coin.effective;
                // After omitting a coin, including an equivalent one would only repeat the search.
                const bool twin_left_out = next > 0 &&
                                           (current.empty() || current.back() != next - 1) &&
                                           candidates_[next - 1].effective == coin.effective &&
                                           candidates_[next - 1].extra_fee == coin.extra_fee;
                if (!twin_left_out) {
                    current.push_back(next);
                    sum += coin.effective;
                    waste += coin.extra_fee;
                }
                ++next;
                continue;
            }
            if (current.empty()) break;
            // Backtrack: omit the coin that was included last.
            while (next > current.back() + 1) left += candidates_[--next].effective;
            sum -= candidates_[current.back()].effective;
            waste -= candidates_[current.back()].extra_fee;
            current.pop_back();
        }
        return best;
    }

    /// The smallest single coin that covers the target and the change.
    std::optional<Choice> single() const {
        const int64_t wanted = target_ + request_.change_min.value() + request_.change_fee.value();
        std::optional<Choice> choice;
        for (size_t i = 0; i < candidates_.size() && candidates_[i].effective >= wanted; ++i)
            choice = Choice{i};
        return choice;
    }

    std::optional<Choice> largest_first() const {
        const int64_t with_change =
            target_ + request_.change_min.value() + request_.change_fee.value();
        Choice choice;
        int64_t sum = 0;
        for (size_t i = 0; i < candidates_.size() && sum < with_change; ++i) {
            choice.push_back(i);
            sum += candidates_[i].effective;
        }
        if (sum < target_) return std::nullopt;
        return choice;
    }

    const SelectionRequest& request_;
    const int64_t target_;
    std::vector<Candidate> candidates_;
    std::optional<SelectionResult> best_;
};

}  // namespace

Amount input_fee(int64_t input_weight, FeeRate rate) {
    return Amount{(rate.value() * input_weight + 3999) / 4000};
}

std::optional<SelectionResult> select_coins(std::vector<SelectionCoin> coins,
                                            const SelectionRequest& request) {
    return Selector{std::move(coins), request}.run();
}

}  // namespace parley
