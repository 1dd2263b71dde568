// Headers, Merkle roots and coinbases.
#include <limits>

#include "tests/blocks/forge.h"

namespace parley {
namespace {

void versions(Forge& forge) {
    const auto version = [](int32_t value) {
        return [value](Block& block) { block.header.version = value; };
    };
    forge.reject("version-0", "bad-version(0x00000000)", {}, version(0));
    forge.reject("version-1", "bad-version(0x00000001)", {}, version(1));
    forge.reject("version-2", "bad-version(0x00000002)", {}, version(2));
    forge.reject("version-3", "bad-version(0x00000003)", {}, version(3));
    forge.reject("version-negative", "bad-version(0xffffffff)", {}, version(-1));
    forge.accept("version-4", {}, version(4));
    forge.accept("version-largest", {}, version(std::numeric_limits<int32_t>::max()));
}

void times(Forge& forge) {
    forge.reject("time-of-the-median", "time-too-old", {.time = forge.median_time_past()});
    forge.accept("time-behind-the-median", {.time = forge.median_time_past() + 1});
    forge.reject("time-two-hours-and-a-second-ahead", "time-too-new",
                 {.time = kFullBlocksNow + 7'201});
    // Beside the chain, so that the times to come need not follow it.
    const std::string fork = forge.tip();
    forge.accept("time-back-to-normal", {.time = kFullBlocksNow - 50'000});
    forge.side("time-two-hours-ahead",
               forge.block({.time = kFullBlocksNow + 7'200, .parent = fork}));
}

void work(Forge& forge) {
    const auto bits = [](uint32_t value) {
        return [value](Block& block) { block.header.bits = value; };
    };
    forge.reject("bits-a-little-harder", "bad-diffbits", {}, bits(0x207ffffe));
    Block lazy = forge.block();
    lazy.header.merkle_root = block_merkle_root(lazy);
    while (lazy.header.hash().bytes()[31] <= 0x7f) ++lazy.header.nonce;
    forge.reject_raw("hash-above-the-target", "high-hash", lazy);
    forge.reject("bits-zero", "high-hash", {}, bits(0));
    forge.reject("bits-negative", "high-hash", {}, bits(0x20ffffff));
    forge.reject("bits-above-the-limit", "high-hash", {}, bits(0x2100ffff));
    forge.reject("bits-beyond-256-bits", "high-hash", {}, bits(0xff7fffff));
    forge.reject("parent-unknown", "prev-blk-not-found", {}, [](Block& block) {
        block.header.previous = BlockHash{Hash256{std::array<uint8_t, 32>{1, 2, 3}}};
    });
}

}  // namespace

void headers(Forge& forge) {
    versions(forge);
    times(forge);
    work(forge);
}

void merkle_roots(Forge& forge) {
    Block wrong = forge.block();
    wrong.header.merkle_root = Hash256{std::array<uint8_t, 32>{7}};
    while (wrong.header.hash().bytes()[31] > 0x7f) ++wrong.header.nonce;
    forge.reject_raw("root-of-nothing", "bad-txnmrklroot", wrong);

    // Lists of 3, 5 and 6 transactions are hashed like longer ones whose end is repeated.
    for (const size_t size : {size_t{3}, size_t{5}, size_t{6}}) {
        std::vector<TransactionRef> transactions;
        Spendable coin = forge.take();
        while (transactions.size() + 1 < size) {
            transactions.push_back(tx(spend({coin})));
            coin = output(transactions.back(), 0);
        }
        const std::string name = "root-of-" + std::to_string(size);
        Block honest = forge.block({.transactions = transactions});
        honest.header.merkle_root = block_merkle_root(honest);
        while (honest.header.hash().bytes()[31] > 0x7f) ++honest.header.nonce;
        Block longer = honest;
        const size_t repeated = size % 2 == 1 ? 1 : 2;
        for (size_t i = 0; i < repeated; ++i)
            longer.transactions.push_back(longer.transactions[size - repeated + i]);
        forge.reject_raw(name + "-repeated", "bad-txns-duplicate", longer);
        Block emptied = honest;
        emptied.transactions.resize(1);
        forge.reject_raw(name + "-emptied", "bad-txnmrklroot", emptied);
        forge.accept_block(name, honest);
    }
    Block nothing = forge.block();
    nothing.transactions.clear();
    forge.reject_block("no-transactions", "bad-blk-length", nothing);
}

namespace {

auto coinbase_script(const Bytes& script) {
    return [script](Block& block) {
        change_coinbase(block,
                        [&](TransactionData& data) { data.inputs[0].script_sig = Script{script}; });
        recommit(block);
    };
}

Bytes padded(Bytes script, size_t size) {
    script.resize(size, OP_0);
    return script;
}

void coinbase_heights(Forge& forge) {
    const Height next{forge.height() + 1};
    const Bytes right = coinbase_height_push(next);
    forge.reject("coinbase-script-of-1", "bad-cb-length", {}, coinbase_script({OP_0}));
    forge.reject("coinbase-script-of-101", "bad-cb-length", {},
                 coinbase_script(padded(right, 101)));
    forge.reject("coinbase-script-empty", "bad-cb-length", {}, coinbase_script({}));
    forge.reject("coinbase-without-height", "bad-cb-height", {}, coinbase_script({OP_0, OP_0}));
    forge.reject("coinbase-height-before", "bad-cb-height", {},
                 coinbase_script(padded(coinbase_height_push(next + -1), 8)));
    forge.reject("coinbase-height-after", "bad-cb-height", {},
                 coinbase_script(padded(coinbase_height_push(next + 1), 8)));
    Bytes wide = {static_cast<uint8_t>(right.size())};
    wide.insert(wide.end(), right.begin() + 1, right.end());
    wide.push_back(0);
    forge.reject("coinbase-height-in-more-bytes", "bad-cb-height", {}, coinbase_script(wide));
    Bytes pushed{OP_PUSHDATA1};
    pushed.insert(pushed.end(), right.begin(), right.end());
    forge.reject("coinbase-height-by-pushdata1", "bad-cb-height", {}, coinbase_script(pushed));
    Bytes cut = right;
    cut.pop_back();
    forge.reject("coinbase-height-cut", "bad-cb-height", {}, coinbase_script(cut));
    forge.accept("coinbase-height-alone", {}, coinbase_script(right));
    forge.accept("coinbase-script-of-100", {},
                 coinbase_script(padded(coinbase_height_push(next + 1), 100)));
}

void coinbase_values(Forge& forge) {
    const auto value = [](int64_t difference) {
        return [difference](Block& block) {
            change_coinbase(
                block, [&](TransactionData& data) { data.outputs[0].value += Amount{difference}; });
        };
    };
    forge.reject("coinbase-a-satoshi-too-much", "bad-cb-amount", {}, value(1));
    forge.accept("coinbase-a-satoshi-less", {}, value(-1));
    const auto paying = tx(spend({forge.take()}, 1'000));
    forge.reject("coinbase-fees-and-a-satoshi", "bad-cb-amount",
                 {.transactions = {paying}, .fees = 1'001});
    forge.accept("coinbase-with-fees", {.transactions = {paying}, .fees = 1'000});
    forge.reject("coinbase-negative", "bad-txns-vout-negative", {}, [](Block& block) {
        change_coinbase(block, [](TransactionData& data) { data.outputs[0].value = Amount{-1}; });
    });
    forge.reject("coinbase-of-all-money-and-more", "bad-txns-vout-toolarge", {}, [](Block& block) {
        change_coinbase(block, [](TransactionData& data) {
            data.outputs[0].value = Amount{2'100'000'000'000'001};
        });
    });
    forge.reject("coinbase-without-outputs", "bad-txns-vout-empty", {}, [](Block& block) {
        change_coinbase(block, [](TransactionData& data) { data.outputs.clear(); });
    });
    forge.accept("coinbase-in-many-outputs", {}, [](Block& block) {
        change_coinbase(block, [](TransactionData& data) {
            data.outputs.resize(500, TxOutput{Amount{0}, Script{Bytes{OP_TRUE}}});
        });
    });
}

}  // namespace

void coinbases(Forge& forge) {
    const auto spending = tx(spend({forge.peek()}));
    forge.reject("coinbase-missing", "bad-cb-missing", {.transactions = {spending}},
                 [](Block& block) { block.transactions.erase(block.transactions.begin()); });
    forge.reject("coinbase-second", "bad-cb-missing", {.transactions = {spending}},
                 [](Block& block) { std::swap(block.transactions[0], block.transactions[1]); });
    forge.reject("coinbase-twice", "bad-cb-multiple", {.transactions = {spending}},
                 [](Block& block) { block.transactions.push_back(block.transactions[0]); });
    forge.reject("coinbase-right-behind-the-first", "bad-cb-multiple", {}, [](Block& block) {
        TransactionData other = block.transactions[0]->data();
        other.outputs[0].value = Amount{0};
        block.transactions.push_back(tx(std::move(other)));
    });
    forge.reject("coinbase-with-two-inputs", "bad-cb-missing", {}, [](Block& block) {
        change_coinbase(block, [](TransactionData& data) {
            data.inputs.push_back(data.inputs[0]);
            data.inputs[1].prevout.index = 0;
        });
    });
    forge.reject("coinbase-of-index-zero", "bad-cb-missing", {}, [](Block& block) {
        change_coinbase(block, [](TransactionData& data) { data.inputs[0].prevout.index = 0; });
    });
    coinbase_heights(forge);
    coinbase_values(forge);
}

}  // namespace parley
