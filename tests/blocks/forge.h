// Forge: builds the blocks of the full-block suite, on any parent, and keeps the list of what must
// happen. It restates the constants of consensus that it needs instead of asking chain/ for them.
// For tests only.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "chain/primitives/coinbase.h"
#include "tests/blocks/full_blocks.h"

namespace parley {

/// A mature coin that anyone can spend.
struct Spendable {
    OutPoint outpoint;
    Amount value{0};
    Script script = Script{Bytes{OP_TRUE}};
};

struct ForgePlan {
    std::vector<TransactionRef> transactions = {};
    int64_t fees = 0;         ///< of them, for the coinbase to claim
    int64_t time = 0;         ///< 0: ten seconds after the parent
    std::string parent = {};  ///< empty: the tip
};

class Forge {
 public:
    using Change = std::function<void(Block&)>;

    using Plan = ForgePlan;

    Forge();

    /// A block with a right commitment and root, without proof of work.
    Block block(const Plan& plan = {});
    /// The suite's next block: it becomes the tip; it is stored beside the best chain; it is
    /// refused.
    void accept_block(const std::string& name, Block block);
    void side(const std::string& name, Block block);
    void reject_block(const std::string& name, const std::string& verdict, Block block);
    /// Becomes part of the best branch, where an earlier block then fails.
    void reject_ancestor(const std::string& name, const std::string& verdict, Block block);
    /// As it is: no root or work is computed.
    void reject_raw(const std::string& name, const std::string& verdict, Block block);

    /// With a change of the finished block, whose root is computed anew.
    void accept(const std::string& name, const Plan& plan, const Change& change = {});
    void reject(const std::string& name, const std::string& verdict, const Plan& plan,
                const Change& change = {});

    void set_tip(const std::string& name) { tip_ = name; }
    const std::string& tip() const { return tip_; }
    int32_t height(const std::string& name = {}) const;  ///< of the tip, where no name is given
    int64_t time(const std::string& name = {}) const;
    int64_t median_time_past() const;  ///< of the tip
    const BlockRef& get(const std::string& name) const;

    /// The first coin that is not taken yet; take() takes it.
    Spendable peek() const { return coins_.at(taken_); }
    Spendable take() { return coins_.at(taken_++); }
    std::vector<FullBlock> take_blocks() { return std::move(blocks_); }

    static int64_t subsidy(int32_t height) { return 5'000'000'000 >> (height / 150); }

 private:
    struct Placed {
        BlockRef block;
        std::string parent;
        int32_t height = 0;
    };

    const Placed& placed(const std::string& name) const;
    BlockRef finish(Block block);
    void place(const std::string& name, const BlockRef& block);
    void list(const std::string& name, const BlockRef& block, const std::string& verdict,
              bool of_ancestor = false);

    std::map<std::string, Placed> placed_;
    std::map<BlockHash, std::string> names_;
    std::string tip_ = "genesis";
    std::vector<Spendable> coins_;
    size_t taken_ = 0;
    uint64_t extra_nonce_ = 0;
    std::vector<FullBlock> blocks_;
};

/// Computes the commitment of a changed block anew.
void recommit(Block& block);
void change_coinbase(Block& block, const std::function<void(TransactionData&)>& change);
/// Spends `coins`, all of it but `fee`, to one output.
TransactionData spend(const std::vector<Spendable>& coins, int64_t fee = 0,
                      const Script& to = Script{Bytes{OP_TRUE}});
TransactionRef tx(TransactionData data);
/// Output `index` of a transaction.
Spendable output(const TransactionRef& transaction, uint32_t index);

// The topics, in the order in which they are fed.
void headers(Forge& forge);
void merkle_roots(Forge& forge);
void coinbases(Forge& forge);
void spends(Forge& forge);
void locktimes(Forge& forge);
void witnesses(Forge& forge);
void sizes(Forge& forge);
void signature_operations(Forge& forge);
void forks(Forge& forge);
void long_reorganisation(Forge& forge);

inline Script op_true() {
    return Script{Bytes{OP_TRUE}};
}

}  // namespace parley
