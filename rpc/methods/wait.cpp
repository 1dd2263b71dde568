// Methods that wait for the best chain to change. They poll the tip, and so occupy an RPC thread
// but not the core thread.
#include <algorithm>

#include "rpc/jsonrpc/call.h"

namespace parley::rpc {

namespace {

/// Limit of a wait without a timeout, so that no RPC thread is lost for ever; the client can call
/// again.
constexpr Duration kWaitMax = std::chrono::minutes{10};
/// Polling interval: short enough for tests, and no load for the core thread.
constexpr Duration kWaitPause = std::chrono::milliseconds{20};

struct Tip {
    BlockHash hash;
    Height height;
};

Tip current_tip(Call& call) {
    return call.ask([](Node& node) {
        return Tip{node.chain().index().tip().hash, node.chain().index().tip().height};
    });
}

template <class Reached>
void wait_for_tip(Call& call, int64_t timeout_ms, Reached reached) {
    if (timeout_ms < 0) fail(Code::misc, "Negative timeout");
    Duration limit = kWaitMax;
    if (timeout_ms > 0) {
        // The limit is applied in milliseconds, so that a huge number cannot overflow when
        // converted to the finer unit.
        constexpr auto kMax_ms = std::chrono::floor<std::chrono::milliseconds>(kWaitMax);
        limit = std::chrono::milliseconds{std::min<int64_t>(timeout_ms, kMax_ms.count())};
    }
    const Duration begin = call.host().steady_time();
    Tip tip;
    while (true) {
        tip = current_tip(call);
        if (reached(tip) || call.host().steady_time() - begin >= limit) break;
        if (!call.host().pause(kWaitPause)) break;
    }
    JsonWriter& out = call.out();
    out.object([&] {
        out.field("hash", tip.hash);
        out.field("height", tip.height);
    });
}

void waitfornewblock(Call& call) {
    const int64_t timeout_ms = call.integer(0, 0);
    const BlockHash current = call.has(1) ? call.block_hash(1) : current_tip(call).hash;
    wait_for_tip(call, timeout_ms, [&](const Tip& tip) { return tip.hash != current; });
}

void waitforblock(Call& call) {
    const BlockHash wanted = call.block_hash(0);
    wait_for_tip(call, call.integer(1, 0), [&](const Tip& tip) { return tip.hash == wanted; });
}

void waitforblockheight(Call& call) {
    const int64_t wanted = call.integer(0, 0);
    wait_for_tip(call, call.integer(1, 0),
                 [&](const Tip& tip) { return tip.height.value() >= wanted; });
}

}  // namespace

std::vector<Method> wait_methods() {
    using enum ParameterType;
    const Parameter timeout{"timeout", number, false, "0",
                            "Time in milliseconds to wait for a response. 0 waits for ten minutes"};
    const std::string_view result =
        "{hash, height}    (json object) The tip when the call returned";
    return {
        {.name = "waitfornewblock",
         .category = "blockchain",
         .description = "Waits for any new block and returns useful info about it.",
         .parameters = {timeout,
                        {"current_tip", hex, false, "the tip at the time of the call",
                         "Method waits for the chain tip to differ from this"}},
         .result = result,
         .example = "1000",
         .handler = &waitfornewblock},
        {.name = "waitforblock",
         .category = "blockchain",
         .description = "Waits for a specific new block to be the tip.",
         .parameters = {{"blockhash", hex, true, "", "Block hash to wait for"}, timeout},
         .result = result,
         .example = "\"blockhash\" 1000",
         .handler = &waitforblock},
        {.name = "waitforblockheight",
         .category = "blockchain",
         .description = "Waits for (at least) block height and returns the height and hash of the "
                        "current tip.",
         .parameters = {{"height", number, true, "", "Block height to wait for"}, timeout},
         .result = result,
         .example = "100 1000",
         .handler = &waitforblockheight},
    };
}

}  // namespace parley::rpc
