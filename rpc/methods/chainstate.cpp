// The chainstate: verification, and commands that change the best chain.
#include <fmt/format.h>

#include <algorithm>

#include "rpc/jsonrpc/call.h"

namespace parley::rpc {

namespace {

void verifychain(Call& call) {
    const auto level = static_cast<int>(std::clamp<int64_t>(call.integer(0, 3), 0, 4));
    const auto blocks = static_cast<int32_t>(std::clamp<int64_t>(call.integer(1, 6), 0, INT32_MAX));
    const VerifyResult result =
        call.ask([&](Node& node) { return unwrap(node.verify_chain(level, blocks)); });
    call.out().value(result.problem.empty() && !result.cut_short);
}

/// The height of the first block in the active chain whose time is not more than two hours before
/// `time`.
Height height_at_time(const Chainstate& chain, int64_t time) {
    constexpr int64_t kTimestampWindow_s = 7'200;  // blocks may be this much out of order
    for (Height height{0}; height <= chain.index().tip().height; ++height) {
        if (chain.index().at_height(height)->header.time >= time - kTimestampWindow_s)
            return height;
    }
    fail(Code::invalid_parameter, "Could not find block with at least the specified timestamp.");
}

/// Returns the height of the highest pruned block; -1: none.
Height prune_blocks(Node& node, const Call& call) {
    constexpr int64_t kHeightMax = 1'000'000'000;  // a larger number is a time
    const Chainstate& chain = node.chain();
    if (!chain.prune_state().enabled)
        fail(Code::misc, "Cannot prune blocks because node is not in prune mode.");
    const int64_t wanted = call.integer(0);
    if (wanted < 0) fail(Code::invalid_parameter, "Negative block height.");
    const Height height =
        wanted > kHeightMax ? height_at_time(chain, wanted) : Height{static_cast<int32_t>(wanted)};
    const Height tip = chain.index().tip().height;
    if (tip < Height{node.config().chain.prune_after_height})
        fail(Code::misc, "Blockchain is too short for pruning.");
    if (height > tip)
        fail(Code::invalid_parameter, "Blockchain is shorter than the attempted prune height.");
    return std::max(node.prune(height), Height{-1});
}

void pruneblockchain(Call& call) {
    call.out().value(call.ask([&](Node& node) { return prune_blocks(node, call); }));
}

/// Throws if the block is unknown, or if the engine's finality forbids the request.
void check_done(const Expected<void, BlockError>& done) {
    if (done) return;
    if (done.error().kind == BlockErrorKind::unknown_block)
        fail(Code::address_or_key, "Block not found");
    fail(Code::verify, done.error().to_string());
}

void preciousblock(Call& call) {
    const BlockHash hash = call.block_hash(0);
    call.ask([&](Node& node) { check_done(node.prefer_block(hash)); });
}

// ---- manual changes

void invalidateblock(Call& call) {
    const BlockHash hash = call.block_hash(0);
    call.ask([&](Node& node) { check_done(node.invalidate_block(hash)); });
}

void reconsiderblock(Call& call) {
    const BlockHash hash = call.block_hash(0);
    call.ask([&](Node& node) { check_done(node.reconsider_block(hash)); });
}

void syncwithvalidationinterfacequeue(Call& call) {
    call.ask([](Node&) {});  // steps run one after another: this one is behind all others
}

std::vector<Method> verification_methods() {
    using enum ParameterType;
    return {
        {.name = "verifychain",
         .category = "blockchain",
         .description = "Verifies blockchain database.",
         .parameters = {{"checklevel", number, false, "3",
                         "How thorough the block verification is: 0 reads the blocks, 1 checks "
                         "them, 2 reads the undo data, 3 disconnects them in memory, 4 connects "
                         "them again"},
                        {"nblocks", number, false, "6, 0=all", "The number of blocks to check."}},
         .result = "true|false    (boolean) Verification finished successfully. If false, check "
                   "debug.log for reason.",
         .example = "",
         .handler = &verifychain},
    };
}

std::vector<Method> control_of_tip_methods() {
    using enum ParameterType;
    return {
        {.name = "pruneblockchain",
         .category = "blockchain",
         .description = "Attempts to delete block and undo data up to a specified height or "
                        "timestamp, if eligible for pruning. Requires -prune to be enabled.",
         .parameters = {{"height", number, true, "",
                         "The block height to prune up to. May be set to a discrete height, or to "
                         "a UNIX epoch time to prune blocks whose block time is at least 2 hours "
                         "older than the provided timestamp."}},
         .result = "n    (numeric) Height of the last block pruned",
         .example = "1000",
         .handler = &pruneblockchain},
        {.name = "preciousblock",
         .category = "blockchain",
         .description = "Treats a block as if it were received before others with the same work.\n"
                        "A later preciousblock call can override the effect of an earlier one.\n"
                        "The effects of preciousblock are not retained across restarts.",
         .parameters = {{"blockhash", hex, true, "", "the hash of the block to mark as precious"}},
         .result = "null    (json null)",
         .example = "\"blockhash\"",
         .handler = &preciousblock},
        {.name = "invalidateblock",
         .category = "blockchain",
         .description = "Permanently marks a block as invalid, as if it violated a consensus rule.",
         .parameters = {{"blockhash", hex, true, "", "the hash of the block to mark as invalid"}},
         .result = "null    (json null)",
         .example = "\"blockhash\"",
         .handler = &invalidateblock,
         .hidden = true},
        {.name = "reconsiderblock",
         .category = "blockchain",
         .description = "Removes invalidity status of a block, its ancestors and its descendants, "
                        "reconsider them for activation. It undoes invalidateblock.",
         .parameters = {{"blockhash", hex, true, "", "the hash of the block to reconsider"}},
         .result = "null    (json null)",
         .example = "\"blockhash\"",
         .handler = &reconsiderblock,
         .hidden = true},
        {.name = "syncwithvalidationinterfacequeue",
         .category = "blockchain",
         .description = "Waits until wallets and indexes have processed everything that happened "
                        "before this call.",
         .parameters = {},
         .result = "null    (json null)",
         .example = "",
         .handler = &syncwithvalidationinterfacequeue,
         .hidden = true},
    };
}

}  // namespace

std::vector<Method> chainstate_methods() {
    std::vector<Method> methods = verification_methods();
    for (auto& method : control_of_tip_methods()) methods.push_back(std::move(method));
    return methods;
}

}  // namespace parley::rpc
