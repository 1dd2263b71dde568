#include "wallet/miniscript/miniscript_costs.h"

#include <algorithm>
#include <array>

namespace parley {
namespace {

using Run = RunCost;
/// The maximum of each cost over several ways. Empty: no way.
using Ways = std::optional<Run>;

Ways operator|(const Ways& a, const Ways& b) {
    if (!a || !b) return a ? a : b;
    return Run{std::max(a->consumed, b->consumed), std::max(a->peak, b->peak),
               std::max(a->keys, b->keys), std::max(a->witness, b->witness)};
}

/// One after the other. The peak is measured from the end, so what the second consumes was on the
/// stack while the first ran.
Ways operator+(const Ways& first, const Ways& second) {
    if (!first || !second) return std::nullopt;
    return Run{first->consumed + second->consumed,
               std::max(second->peak, second->consumed + first->peak), first->keys + second->keys,
               first->witness + second->witness};
}

/// Opcodes by their effect on the stack.
constexpr Run kNothing{};
constexpr Run kPush{-1, 0};
constexpr Run kPop{1, 1};               // IF, NOTIF, VERIFY; and operators on two items
constexpr Run kPopTwo{2, 2};            // EQUALVERIFY
constexpr Run kBranchOne{1, 1, 0, 2};   // IF with a 1 from the witness
constexpr Run kBranchZero{1, 1, 0, 1};  // IF with an empty item

Run witness(uint64_t bytes) {
    return {0, 0, 0, bytes};
}

using Both = MiniscriptCosts;

class CostRules {
 public:
    explicit CostRules(const Miniscript& expression) : expression_(expression) {
        const bool tapscript = expression.context() == MiniscriptContext::tapscript;
        // The longest signatures with their hash types, and keys, each after its length.
        signature_ = tapscript ? 66 : 73;
        key_ = tapscript ? 33 : 34;
    }

    std::vector<Both> run() {
        for (const MiniscriptNode& node : expression_.nodes()) done_.push_back(cost_of(node));
        return std::move(done_);
    }

 private:
    Both cost_of(const MiniscriptNode& at) const {
        if (!Miniscript::has_children(at)) return of_leaf(at);
        const auto children = expression_.children(at);
        const Both& x = done_[children[0]];
        if (Miniscript::is_wrapper(at.fragment))
            return of_wrapper(at.fragment, x, expression_.nodes()[children[0]].type.has("x"));
        if (at.fragment == Fragment::thresh) return of_threshold(at, children);
        const Both& y = done_[children[1]];
        if (at.fragment != Fragment::andor) return of_pair(at.fragment, x, y);
        const Both& z = done_[children[2]];
        return {3 + x.operations + y.operations + z.operations,
                (x.satisfied + kPop + y.satisfied) | (x.dissatisfied + kPop + z.satisfied),
                x.dissatisfied + kPop + z.dissatisfied};
    }

    Both of_leaf(const MiniscriptNode& at) const {
        const auto required = static_cast<int64_t>(at.number);
        const auto count = static_cast<int64_t>(at.count);
        switch (at.fragment) {
            case Fragment::zero:
                return {0, std::nullopt, kPush};
            case Fragment::one:
                return {0, kPush, std::nullopt};
            case Fragment::pk_k:
                return {0, Ways{kPush} + witness(signature_), Ways{kPush} + witness(1)};
            case Fragment::pk_h: {
                const Ways code = Ways{kPush} + kPush + kPopTwo;
                return {3, code + witness(signature_ + key_), code + witness(1 + key_)};
            }
            case Fragment::older:
            case Fragment::after:
                return {1, kPush, std::nullopt};
            case Fragment::multi: {
                const auto signatures = static_cast<uint64_t>(required);
                const Run code{required, required + count + 2, static_cast<uint64_t>(count)};
                return {1, Ways{code} + witness(signatures * signature_ + 1),
                        Ways{code} + witness(signatures + 1)};
            }
            case Fragment::multi_a: {
                const auto absent = static_cast<uint64_t>(count - required);
                const Run code{count - 1, count};
                return {at.count + uint64_t{1},
                        Ways{code} + witness(at.number * signature_ + absent),
                        Ways{code} + witness(at.count)};
            }
            default: {  // the four hashes
                const Ways code = Ways{kPush} + kPush + kPopTwo + kPush + kPop;
                return {4, code + witness(33), std::nullopt};
            }
        }
    }

    static Both of_wrapper(Fragment fragment, const Both& x, bool separate_verify) {
        const uint64_t operations = x.operations;
        switch (fragment) {
            case Fragment::wrap_a:
                return {operations + 2, x.satisfied, x.dissatisfied};
            case Fragment::wrap_s:
            case Fragment::wrap_n:
                return {operations + 1, x.satisfied, x.dissatisfied};
            case Fragment::wrap_c:
                return {operations + 1, x.satisfied + kPop, x.dissatisfied + kPop};
            case Fragment::wrap_d:
                return {operations + 3, Ways{kPush} + kBranchOne + x.satisfied,
                        Ways{kPush} + kBranchZero};
            case Fragment::wrap_v:
                return {operations + (separate_verify ? 1 : 0), x.satisfied + kPop, std::nullopt};
            default:  // wrap_j
                return {operations + 4, Ways{kPush} + kPop + x.satisfied,
                        Ways{kPush} + kBranchZero};
        }
    }

    static Both of_pair(Fragment fragment, const Both& x, const Both& y) {
        const uint64_t operations = x.operations + y.operations;
        switch (fragment) {
            case Fragment::and_v:
                return {operations, x.satisfied + y.satisfied, std::nullopt};
            case Fragment::and_b:
                return {operations + 1, x.satisfied + y.satisfied + kPop,
                        x.dissatisfied + y.dissatisfied + kPop};
            case Fragment::or_b:
                return {
                    operations + 1,
                    (x.satisfied + y.dissatisfied + kPop) | (x.dissatisfied + y.satisfied + kPop),
                    x.dissatisfied + y.dissatisfied + kPop};
            case Fragment::or_c:
                return {operations + 2,
                        (x.satisfied + kPop) | (x.dissatisfied + kPop + y.satisfied), std::nullopt};
            case Fragment::or_d:  // IFDUP copies what is true
                return {operations + 3,
                        (x.satisfied + kPush + kPop) | (x.dissatisfied + kPop + y.satisfied),
                        x.dissatisfied + kPop + y.dissatisfied};
            default:  // or_i
                return {operations + 3, (kBranchOne + x.satisfied) | (kBranchZero + y.satisfied),
                        (kBranchOne + x.dissatisfied) | (kBranchZero + y.dissatisfied)};
        }
    }

    /// ways[n]: exactly n of the arguments so far are satisfied.
    Both of_threshold(const MiniscriptNode& at, std::span<const uint32_t> children) const {
        uint64_t operations = children.size();
        std::vector<Ways> ways{kNothing};
        for (size_t i = 0; i < children.size(); ++i) {
            const Both& x = done_[children[i]];
            operations += x.operations;
            const Ways add = i == 0 ? kNothing : kPop;
            if (ways.size() <= at.number) ways.emplace_back();
            for (size_t n = ways.size(); n-- > 0;) {
                const Ways satisfied = n == 0 ? std::nullopt : ways[n - 1] + x.satisfied + add;
                ways[n] = satisfied | (ways[n] + x.dissatisfied + add);
            }
        }
        const Ways compare = Ways{kPush} + kPop;
        return {operations, ways[at.number] + compare, ways[0] + compare};
    }

    const Miniscript& expression_;
    uint64_t signature_ = 0;
    uint64_t key_ = 0;
    std::vector<Both> done_;
};

}  // namespace

std::vector<MiniscriptCosts> miniscript_costs(const Miniscript& expression) {
    return CostRules{expression}.run();
}

}  // namespace parley
