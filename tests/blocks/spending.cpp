// Transaction inputs and outputs, coinbase maturity, and locktimes.
#include "tests/blocks/forge.h"

namespace parley {
namespace {

constexpr int64_t kMaxMoneySatoshi = 2'100'000'000'000'000;

void outputs(Forge& forge) {
    const auto with = [&](std::vector<int64_t> values) {
        TransactionData data = spend({forge.peek()});
        data.outputs.clear();
        for (const int64_t value : values)
            data.outputs.push_back(TxOutput{Amount{value}, op_true()});
        return Forge::Plan{.transactions = {tx(std::move(data))}};
    };
    forge.reject("outputs-none", "bad-txns-vout-empty", with({}));
    forge.reject("output-negative", "bad-txns-vout-negative", with({-1}));
    forge.reject("output-of-more-than-all-money", "bad-txns-vout-toolarge",
                 with({kMaxMoneySatoshi + 1}));
    forge.reject("outputs-together-more-than-all-money", "bad-txns-txouttotal-toolarge",
                 with({kMaxMoneySatoshi, 1}));
    forge.reject("outputs-of-all-money", "bad-txns-in-belowout", with({kMaxMoneySatoshi}));
    forge.reject("outputs-a-satoshi-above-the-inputs", "bad-txns-in-belowout",
                 with({forge.peek().value.value(), 1}));
    const Spendable whole = forge.take();
    forge.accept("output-of-nothing", {.transactions = {tx(spend({whole}, whole.value.value()))}});
}

void double_spends(Forge& forge) {
    const Spendable coin = forge.take();
    const auto first = tx(spend({coin}));
    const auto second = tx(spend({coin}, 0, Script{Bytes{OP_1, OP_1}}));
    forge.reject("spent-twice-in-a-block", "bad-txns-inputs-missingorspent",
                 {.transactions = {first, second}});
    forge.reject("repeated-transaction", "bad-txns-inputs-missingorspent",
                 {.transactions = {first, tx(spend({forge.peek()})), first}});
    forge.reject("spent-twice-in-a-transaction", "bad-txns-inputs-duplicate",
                 {.transactions = {tx(spend({coin, coin}))}});
    forge.reject("spent-twice-in-a-transaction-far-apart", "bad-txns-inputs-duplicate",
                 {.transactions = {tx(spend({coin, forge.peek(), coin}))}});
    const auto child = tx(spend({output(first, 0)}));
    forge.reject("child-before-its-parent", "bad-txns-inputs-missingorspent",
                 {.transactions = {child, first}});
    forge.accept("child-behind-its-parent", {.transactions = {first, child}});
    forge.reject("spent-in-the-block-before", "bad-txns-inputs-missingorspent",
                 {.transactions = {second}});
    forge.reject("spent-within-the-block-before", "bad-txns-inputs-missingorspent",
                 {.transactions = {tx(spend({output(first, 0)}, 1))}});
    forge.accept("grandchild", {.transactions = {tx(spend({output(child, 0)}))}});

    std::vector<TransactionRef> line;
    Spendable last = forge.take();
    for (int i = 0; i < 500; ++i) {
        line.push_back(tx(spend({last})));
        last = output(line.back(), 0);
    }
    forge.accept("line-of-500-spends", {.transactions = line});
}

void missing(Forge& forge) {
    const Spendable coin = forge.peek();
    Spendable beyond = coin;
    beyond.outpoint.index = 7;
    forge.reject("output-that-is-not-there", "bad-txns-inputs-missingorspent",
                 {.transactions = {tx(spend({beyond}))}});
    Spendable unknown = coin;
    unknown.outpoint.txid = Txid{Hash256{std::array<uint8_t, 32>{9}}};
    forge.reject("transaction-that-is-not-there", "bad-txns-inputs-missingorspent",
                 {.transactions = {tx(spend({unknown}))}});
    Spendable null = coin;
    null.outpoint = OutPoint{};
    forge.reject("null-outpoint-beside-a-coin", "bad-txns-prevout-null",
                 {.transactions = {tx(spend({coin, null}))}});
    const auto genesis = forge.get("genesis")->transactions[0];
    forge.reject("coinbase-of-genesis", "bad-txns-inputs-missingorspent",
                 {.transactions = {tx(spend({output(genesis, 0)}))}});
    TransactionData burning = spend({forge.take()}, 1);
    burning.outputs.push_back(TxOutput{Amount{1}, Script{Bytes{OP_RETURN}}});
    burning.outputs.push_back(TxOutput{Amount{0}, Script{Bytes(10'001, OP_TRUE)}});
    burning.outputs.push_back(TxOutput{Amount{0}, Script{Bytes(10'000, OP_TRUE)}});
    const auto burned = tx(std::move(burning));
    forge.accept("outputs-that-nobody-can-spend", {.transactions = {burned}});
    forge.reject("output-of-op-return", "bad-txns-inputs-missingorspent",
                 {.transactions = {tx(spend({output(burned, 1)}))}});
    forge.reject("output-of-10001-bytes", "bad-txns-inputs-missingorspent",
                 {.transactions = {tx(spend({output(burned, 2)}))}});
}

void maturity(Forge& forge) {
    // A coinbase is spent a hundred blocks above its own, or later.
    const int32_t next = forge.height() + 1;
    const auto coinbase_of = [&](int32_t height) {
        return output(forge.get("setup-" + std::to_string(height))->transactions[0], 0);
    };
    forge.reject("coinbase-of-99-blocks-before", "bad-txns-premature-spend-of-coinbase",
                 {.transactions = {tx(spend({coinbase_of(next - 99)}))}});
    forge.accept("coinbase-of-100-blocks-before",
                 {.transactions = {tx(spend({coinbase_of(next - 100)}))}});
    Block own = forge.block();
    own.transactions.push_back(tx(spend({output(own.transactions[0], 0)})));
    recommit(own);
    forge.reject_block("coinbase-of-another-form-of-this-block", "bad-txns-inputs-missingorspent",
                       own);
    Block self = forge.block({.transactions = {tx(spend({forge.peek()}))}});
    // Without a commitment the coinbase does not depend on what spends it.
    change_coinbase(self, [](TransactionData& data) {
        data.outputs.resize(1);
        data.inputs[0].witness.clear();
    });
    self.transactions[1] = tx(spend({output(self.transactions[0], 0)}));
    forge.reject_block("coinbase-of-this-block", "bad-txns-premature-spend-of-coinbase", self);
}

}  // namespace

void spends(Forge& forge) {
    outputs(forge);
    double_spends(forge);
    missing(forge);
    maturity(forge);
    forge.reject("script-that-leaves-false",
                 "block-script-verify-flag-failed (Script evaluated "
                 "without error but finished with a false/empty top "
                 "stack element)",
                 {.transactions = [&] {
                     const auto made = tx(spend({forge.peek()}, 0, Script{Bytes{OP_0}}));
                     return std::vector<TransactionRef>{made, tx(spend({output(made, 0)}))};
                 }()});
}

namespace {

TransactionRef locked(const Spendable& coin, int64_t locktime, uint32_t sequence = 0) {
    TransactionData data = spend({coin});
    data.locktime = static_cast<uint32_t>(locktime);
    data.inputs[0].sequence = sequence;
    return tx(std::move(data));
}

TransactionRef sequenced(const Spendable& coin, uint32_t sequence, int32_t version = 2) {
    TransactionData data = spend({coin});
    data.version = version;
    data.inputs[0].sequence = sequence;
    return tx(std::move(data));
}

void absolute_locks(Forge& forge) {
    const int32_t next = forge.height() + 1;
    forge.reject("locktime-of-this-height", "bad-txns-nonfinal",
                 {.transactions = {locked(forge.peek(), next)}});
    forge.reject("locktime-of-the-median", "bad-txns-nonfinal",
                 {.transactions = {locked(forge.peek(), forge.median_time_past())}});
    forge.reject("locktime-of-the-block", "bad-txns-nonfinal",
                 {.transactions = {locked(forge.peek(), forge.time())}});
    forge.reject("locktime-of-the-least-time", "bad-txns-nonfinal",
                 {.transactions = {locked(forge.peek(), 499'999'999)}});
    forge.accept("locktime-of-the-height-before",
                 {.transactions = {locked(forge.take(), next - 1)}});
    forge.accept("locktime-before-the-median",
                 {.transactions = {locked(forge.take(), forge.median_time_past() - 1)}});
    forge.accept("locktime-switched-off-by-sequences",
                 {.transactions = {locked(forge.take(), 0xffffffff, 0xffffffff)}});
    const auto lock_coinbase = [](int64_t locktime) {
        return [locktime](Block& block) {
            change_coinbase(block, [&](TransactionData& data) {
                data.locktime = static_cast<uint32_t>(locktime);
                data.inputs[0].sequence = 0;
            });
        };
    };
    forge.reject("locktime-of-a-coinbase", "bad-txns-nonfinal", {},
                 lock_coinbase(forge.height() + 1));
    forge.accept("locktime-of-a-coinbase-met", {}, lock_coinbase(forge.height()));
}

// BIP68.
void relative_locks(Forge& forge) {
    constexpr uint32_t kDisabled = 1u << 31;
    constexpr uint32_t kTime = 1u << 22;
    const auto made = tx(spend({forge.take()}));
    forge.reject("sequence-of-one-block-in-its-own", "bad-txns-nonfinal",
                 {.transactions = {made, sequenced(output(made, 0), 1)}});
    forge.accept("sequence-of-no-block", {.transactions = {made, sequenced(output(made, 0), 0)}});
    const auto base = tx(spend({forge.take()}));
    const Spendable coin = output(base, 0);
    forge.accept("sequence-base", {.transactions = {base}});
    forge.reject("sequence-of-two-blocks-after-one", "bad-txns-nonfinal",
                 {.transactions = {sequenced(coin, 2)}});
    forge.reject("sequence-of-65535-blocks", "bad-txns-nonfinal",
                 {.transactions = {sequenced(coin, 0xffff)}});
    forge.reject("sequence-of-512-seconds", "bad-txns-nonfinal",
                 {.transactions = {sequenced(coin, kTime | 1)}});
    forge.reject("sequence-in-a-later-version", "bad-txns-nonfinal",
                 {.transactions = {sequenced(coin, 2, 3)}});
    forge.reject("sequence-in-a-negative-version", "bad-txns-nonfinal",
                 {.transactions = {sequenced(coin, 2, -1)}});
    const auto one = sequenced(coin, 1);
    forge.accept("sequence-of-one-block-after-one", {.transactions = {one}});
    const auto old_version = sequenced(output(one, 0), 0xffff, 1);
    forge.accept("sequence-in-version-1", {.transactions = {old_version}});
    const auto disabled = sequenced(output(old_version, 0), kDisabled | 0xffff);
    forge.accept("sequence-disabled", {.transactions = {disabled}});
    const auto later = sequenced(output(disabled, 0), kTime);
    forge.accept("sequence-of-no-time", {.transactions = {later}});
    // Of a coin that is old enough in both senses; other bits mean nothing.
    forge.accept("sequence-of-an-old-coin",
                 {.transactions = {sequenced(forge.take(), kTime | 1 | 1u << 17),
                                   sequenced(forge.take(), 100 | 1u << 20)}});
}

}  // namespace

void locktimes(Forge& forge) {
    absolute_locks(forge);
    relative_locks(forge);
}

}  // namespace parley
