// Every node has a best satisfaction and a best dissatisfaction, made of those of its children.
// They share their items in a pool of concatenations, so that a combination costs a constant.
#include "wallet/miniscript/miniscript_satisfier.h"

#include <algorithm>
#include <limits>

#include "base/check.h"

namespace parley {
namespace {

// A threshold joins items in the square of its arguments. Many large ones, which no sane expression
// has, could take all memory.
constexpr size_t kPoolMax = 4'000'000;

constexpr uint32_t kNoItems = std::numeric_limits<uint32_t>::max();

/// Items for the stack. The last is on top.
struct Stack {
    bool available = false;
    bool has_signature = false;
    /// Somebody without the keys could replace these items by others.
    bool malleable = false;
    uint64_t size = 0;          ///< in the witness
    uint32_t items = kNoItems;  ///< position in the pool
};

struct Choice {
    Stack satisfied;
    Stack dissatisfied;
};

/// The better of two ways. One that needs no signature is always open to others, so that only it
/// can be final; if both need none, either can be replaced by the other.
Stack operator|(Stack a, Stack b) {
    if (!a.available || !b.available) return a.available ? a : b;
    if (a.has_signature != b.has_signature) return a.has_signature ? b : a;
    if (!a.has_signature) {
        a.malleable = true;
        b.malleable = true;
    } else if (a.malleable != b.malleable) {
        return a.malleable ? b : a;
    }
    return a.size <= b.size ? a : b;
}

Stack malleable(Stack stack) {
    stack.malleable = true;
    return stack;
}

class Satisfier {
 public:
    Satisfier(const Miniscript& expression, std::span<const Bytes> keys, MiniscriptAssets& assets)
        : expression_(expression), keys_(keys), assets_(assets) {}

    std::optional<std::vector<Bytes>> run() {
        for (const MiniscriptNode& node : expression_.nodes()) {
            done_.push_back(choice_of(node));
            if (pool_.size() > kPoolMax) return std::nullopt;
        }
        const Stack& best = done_.back().satisfied;
        if (!best.available || best.malleable || !best.has_signature) return std::nullopt;
        return items_of(best);
    }

 private:
    struct PoolEntry {
        uint32_t below = kNoItems;
        uint32_t above = kNoItems;
        Bytes item{};  ///< if it joins nothing
    };

    static Stack nothing() { return {.available = true}; }
    static Stack impossible() { return {}; }

    Stack item(Bytes bytes) {
        constexpr size_t kOneByteLengths = 252;
        CHECK(bytes.size() <= kOneByteLengths);
        pool_.push_back({.item = std::move(bytes)});
        return {.available = true,
                .size = pool_.back().item.size() + 1,
                .items = static_cast<uint32_t>(pool_.size() - 1)};
    }
    Stack zero() { return item({}); }
    Stack one() { return item({1}); }

    /// `above` is nearer to the top.
    Stack join(const Stack& below, const Stack& above) {
        if (!below.available || !above.available) return impossible();
        Stack result{.available = true,
                     .has_signature = below.has_signature || above.has_signature,
                     .malleable = below.malleable || above.malleable,
                     .size = below.size + above.size,
                     .items = below.items};
        if (below.items == kNoItems || above.items == kNoItems) {
            if (below.items == kNoItems) result.items = above.items;
            return result;
        }
        pool_.push_back({.below = below.items, .above = above.items});
        result.items = static_cast<uint32_t>(pool_.size() - 1);
        return result;
    }

    std::vector<Bytes> items_of(const Stack& stack) const {
        std::vector<Bytes> result;
        std::vector<uint32_t> pending;
        if (stack.items != kNoItems) pending.push_back(stack.items);
        while (!pending.empty()) {
            const PoolEntry& entry = pool_[pending.back()];
            pending.pop_back();
            if (entry.below == kNoItems) {
                result.push_back(entry.item);
            } else {
                pending.push_back(entry.above);
                pending.push_back(entry.below);
            }
        }
        return result;
    }

    // --- leaves ----------------------------------------------------------------------------------

    Stack signature(uint32_t key) {
        auto made = assets_.signature(key);
        if (!made) return impossible();
        Stack result = item(std::move(*made));
        result.has_signature = true;
        return result;
    }

    Choice of_leaf(const MiniscriptNode& at) {
        switch (at.fragment) {
            case Fragment::zero:
                return {impossible(), nothing()};
            case Fragment::one:
                return {nothing(), impossible()};
            case Fragment::pk_k:
                return {signature(at.first), zero()};
            case Fragment::pk_h: {
                const Stack key = item(keys_[at.first]);
                return {join(signature(at.first), key), join(zero(), key)};
            }
            case Fragment::older:
                return {assets_.older_met(at.number) ? nothing() : impossible(), impossible()};
            case Fragment::after:
                return {assets_.after_met(at.number) ? nothing() : impossible(), impossible()};
            case Fragment::multi:
                return of_multi(at);
            case Fragment::multi_a:
                return of_multi_a(at);
            default:
                return of_hash(at);
        }
    }

    /// Any 32 bytes but the preimage dissatisfy a hash, so that this can always be changed.
    Choice of_hash(const MiniscriptNode& at) {
        constexpr size_t kPreimageSize = 32;
        const auto preimage = assets_.preimage(at.fragment, expression_.hash(at));
        return {preimage ? item(*preimage) : impossible(), malleable(item(Bytes(kPreimageSize)))};
    }

    /// The first signatures in the order of the keys, as others choose them.
    Choice of_multi(const MiniscriptNode& at) {
        Choice result{zero(), zero()};
        uint32_t count = 0;
        for (uint32_t i = 0; i < at.count; ++i) {
            const Stack made = signature(at.first + i);
            if (!made.available || count == at.number) continue;
            result.satisfied = join(result.satisfied, made);
            ++count;
        }
        for (uint32_t i = 0; i < at.number; ++i)
            result.dissatisfied = join(result.dissatisfied, zero());
        if (count < at.number) result.satisfied = impossible();
        return result;
    }

    /// The first key's signature is on top.
    Choice of_multi_a(const MiniscriptNode& at) {
        Choice result{nothing(), nothing()};
        uint32_t count = 0;
        for (uint32_t i = 0; i < at.count; ++i) {
            const Stack made = signature(at.first + i);
            const bool used = made.available && count < at.number;
            if (used) ++count;
            result.satisfied = join(used ? made : zero(), result.satisfied);
            result.dissatisfied = join(zero(), result.dissatisfied);
        }
        if (count < at.number) result.satisfied = impossible();
        return result;
    }

    // --- combinations ----------------------------------------------------------------------------

    Choice choice_of(const MiniscriptNode& at) {
        if (!Miniscript::has_children(at)) return of_leaf(at);
        const auto children = expression_.children(at);
        const Choice& x = done_[children[0]];
        if (Miniscript::is_wrapper(at.fragment)) return of_wrapper(at.fragment, x);
        if (at.fragment == Fragment::thresh) return of_threshold(at, children);
        const Choice& y = done_[children[1]];
        if (at.fragment != Fragment::andor) return of_pair(at.fragment, x, y);
        const Choice& z = done_[children[2]];
        return {join(y.satisfied, x.satisfied) | join(z.satisfied, x.dissatisfied),
                join(y.dissatisfied, x.satisfied) | join(z.dissatisfied, x.dissatisfied)};
    }

    Choice of_wrapper(Fragment fragment, const Choice& x) {
        switch (fragment) {
            case Fragment::wrap_d:
                return {join(x.satisfied, one()), zero()};
            case Fragment::wrap_j: {
                // Where the argument can also be dissatisfied with a nonzero top item, that is
                // another way to dissatisfy the whole.
                Stack dissatisfied = zero();
                dissatisfied.malleable = x.dissatisfied.available && !x.dissatisfied.has_signature;
                return {x.satisfied, dissatisfied};
            }
            case Fragment::wrap_v:
                return {x.satisfied, impossible()};
            default:
                return x;
        }
    }

    /// X runs first, so its items are above those of Y.
    Choice of_pair(Fragment fragment, const Choice& x, const Choice& y) {
        switch (fragment) {
            case Fragment::and_v:
                return {join(y.satisfied, x.satisfied), join(y.dissatisfied, x.satisfied)};
            case Fragment::and_b:
                return {join(y.satisfied, x.satisfied),
                        join(y.dissatisfied, x.dissatisfied) |
                            malleable(join(y.satisfied, x.dissatisfied)) |
                            malleable(join(y.dissatisfied, x.satisfied))};
            case Fragment::or_b:
                return {join(y.dissatisfied, x.satisfied) | join(y.satisfied, x.dissatisfied) |
                            malleable(join(y.satisfied, x.satisfied)),
                        join(y.dissatisfied, x.dissatisfied)};
            case Fragment::or_c:
                return {x.satisfied | join(y.satisfied, x.dissatisfied), impossible()};
            case Fragment::or_d:
                return {x.satisfied | join(y.satisfied, x.dissatisfied),
                        join(y.dissatisfied, x.dissatisfied)};
            default:  // or_i
                return {join(x.satisfied, one()) | join(y.satisfied, zero()),
                        join(x.dissatisfied, one()) | join(y.dissatisfied, zero())};
        }
    }

    /// ways[n]: exactly n of the arguments so far are satisfied. Another number than the threshold
    /// also dissatisfies the whole, but could be changed unless it is none.
    Choice of_threshold(const MiniscriptNode& at, std::span<const uint32_t> children) {
        std::vector<Stack> ways{nothing()};
        for (const uint32_t child : children) {
            const Choice x = done_[child];
            ways.push_back(impossible());
            for (size_t n = ways.size(); n-- > 0;) {
                const Stack with = n == 0 ? impossible() : join(x.satisfied, ways[n - 1]);
                ways[n] = with | join(x.dissatisfied, ways[n]);
            }
        }
        Stack dissatisfied = ways[0];
        for (size_t n = 1; n < ways.size(); ++n)
            if (n != at.number) dissatisfied = dissatisfied | malleable(ways[n]);
        return {ways[at.number], dissatisfied};
    }

    const Miniscript& expression_;
    const std::span<const Bytes> keys_;
    MiniscriptAssets& assets_;
    std::vector<PoolEntry> pool_;
    std::vector<Choice> done_;
};

}  // namespace

std::optional<std::vector<Bytes>> satisfy(const Miniscript& expression, std::span<const Bytes> keys,
                                          MiniscriptAssets& assets) {
    CHECK(keys.size() == expression.key_count());
    return Satisfier{expression, keys, assets}.run();
}

}  // namespace parley
