// Branches: ties, overtaking, invalid blocks on the way, double spends across branches, and a
// reorganisation of a thousand blocks.
#include "tests/blocks/forge.h"

namespace parley {
namespace {

constexpr int kLongBranch = 1'000;

void ties(Forge& forge) {
    const std::string base = forge.tip();
    forge.accept("fork-first", {});
    forge.side("fork-second-of-equal-work", forge.block({.parent = base}));
    forge.side("fork-third-of-equal-work", forge.block({.parent = base}));
    forge.accept("fork-second-overtakes", {.parent = "fork-second-of-equal-work"});
    forge.side("fork-first-catches-up", forge.block({.parent = "fork-first"}));
    forge.accept("fork-first-overtakes", {.parent = "fork-first-catches-up"});
    forge.side("fork-from-five-below", forge.block({.parent = base}));
}

void double_spends_across_branches(Forge& forge) {
    const std::string base = forge.tip();
    const Spendable coin = forge.take();
    const auto here = tx(spend({coin}));
    const auto there = tx(spend({coin}, 1));
    forge.accept("branch-a-spends", {.transactions = {here}});
    forge.side("branch-b-spends-the-same", forge.block({.transactions = {there}, .parent = base}));
    forge.reject("branch-a-spends-what-b-made", "bad-txns-inputs-missingorspent",
                 {.transactions = {tx(spend({output(there, 0)}))}});
    forge.accept("branch-b-overtakes", {.parent = "branch-b-spends-the-same"});
    forge.reject("branch-b-spends-what-a-made", "bad-txns-inputs-missingorspent",
                 {.transactions = {tx(spend({output(here, 0)}))}});
    forge.reject("branch-b-spends-it-again", "bad-txns-inputs-missingorspent",
                 {.transactions = {here}});
    forge.side("branch-a-again", forge.block({.parent = "branch-a-spends"}));
    forge.accept("branch-a-overtakes",
                 {.transactions = {tx(spend({output(here, 0)}))}, .parent = "branch-a-again"});
}

void invalid_branches(Forge& forge) {
    const std::string base = forge.tip();
    forge.accept("before-invalid-1", {});
    forge.accept("before-invalid-2", {});
    // The better branch is tried, and left where it fails.
    forge.side("invalid-branch-1", forge.block({.parent = base}));
    Block greedy = forge.block({.parent = "invalid-branch-1"});
    change_coinbase(greedy, [](TransactionData& data) { data.outputs[0].value += Amount{1}; });
    forge.side("invalid-branch-2", greedy);
    forge.reject_ancestor("invalid-branch-3", "bad-cb-amount",
                          forge.block({.parent = "invalid-branch-2"}));
    forge.reject("child-of-an-invalid-branch", "bad-prevblk", {.parent = "invalid-branch-3"});
    forge.reject("child-of-the-invalid-block", "bad-prevblk", {.parent = "invalid-branch-2"});
    forge.side("branch-up-to-the-invalid-block", forge.block({.parent = "invalid-branch-1"}));
    forge.accept("branch-around-the-invalid-block", {.parent = "branch-up-to-the-invalid-block"});
    forge.reject("overtaking-and-invalid", "bad-cb-amount", {}, [](Block& block) {
        change_coinbase(block, [](TransactionData& data) { data.outputs[0].value += Amount{7}; });
    });
    forge.reject_raw("invalid-block-again", "duplicate-invalid",
                     *forge.get("overtaking-and-invalid"));
    forge.reject_raw("invalid-block-of-the-branch-again", "duplicate-invalid",
                     *forge.get("invalid-branch-2"));
    // A coinbase that is mature in one branch need not be there in the other.
    forge.reject(
        "coinbase-of-the-branch-left", "bad-txns-inputs-missingorspent",
        {.transactions = {tx(spend({output(forge.get("before-invalid-1")->transactions[0], 0)}))}});
}

}  // namespace

void forks(Forge& forge) {
    ties(forge);
    double_spends_across_branches(forge);
    invalid_branches(forge);
}

void long_reorganisation(Forge& forge) {
    const std::string base = forge.tip();
    Spendable coin = forge.take();
    std::string beside = base;
    // Side by side, so that neither branch is far from the tip when its blocks arrive.
    for (int i = 1; i <= kLongBranch; ++i) {
        const auto moved = tx(spend({coin}));
        coin = output(moved, 0);
        const std::string number = std::to_string(i);
        forge.accept("long-a-" + number, {.transactions = {moved}});
        forge.side("long-b-" + number, forge.block({.parent = beside}));
        beside = "long-b-" + number;
    }
    forge.accept("reorganisation-of-1000-blocks", {.parent = beside});
    forge.reject("coin-of-the-branch-left-1000-blocks-ago", "bad-txns-inputs-missingorspent",
                 {.transactions = {tx(spend({coin}))}});
    forge.side("reorganisation-back-tie",
               forge.block({.parent = "long-a-" + std::to_string(kLongBranch)}));
    forge.accept("reorganisation-back-of-1001-blocks",
                 {.transactions = {tx(spend({coin}))}, .parent = "reorganisation-back-tie"});
    // Coinbases of the branch are mature by now, but only from there.
    const auto old = forge.get("long-a-1")->transactions[0];
    forge.accept("coinbase-from-the-branch-come-back",
                 {.transactions = {tx(spend({output(old, 0)}))}});
    const auto other = forge.get("long-b-1")->transactions[0];
    forge.reject("coinbase-from-the-branch-left", "bad-txns-inputs-missingorspent",
                 {.transactions = {tx(spend({output(other, 0)}))}});
}

}  // namespace parley
