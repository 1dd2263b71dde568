// The limits of weight and of signature operations.
#include <algorithm>

#include "base/check.h"
#include "base/crypto/hash.h"
#include "base/crypto/sha256.h"
#include "tests/blocks/forge.h"

namespace parley {
namespace {

constexpr int64_t kWeightMax = 4'000'000;
constexpr size_t kSigopsMax = 20'000;   // outside witnesses
constexpr size_t kUnexecutedMax = 199;  // beside OP_IF and OP_ENDIF, of 201 opcodes
constexpr size_t kSigopsOfMultisig = 20;

void add_output(Block& block, Bytes script) {
    change_coinbase(block, [&](TransactionData& data) {
        data.outputs.push_back(TxOutput{Amount{0}, Script{std::move(script)}});
    });
}

// Pads the coinbase until the block has exactly this weight. REQUIRES: the block weighs less, by a
// multiple of four.
void fill(Block& block, int64_t weight) {
    add_output(block, Bytes(100'000, OP_RETURN));
    const int64_t left = weight - block.weight().value();
    CHECK(left % 4 == 0 && left > -300'000);
    change_coinbase(block, [&](TransactionData& data) {
        const auto size = static_cast<size_t>(100'000 + left / 4);
        data.outputs.back().script_pubkey = Script{Bytes(size, OP_RETURN)};
    });
    CHECK(block.weight().value() == weight);
}

// A witness program of an unknown version, whose witness is not verified.
TransactionRef padded_spend(const Spendable& coin, size_t size) {
    TransactionData data = spend({coin});
    data.inputs[0].witness = {Bytes(size, 1)};
    return tx(std::move(data));
}

}  // namespace

void sizes(Forge& forge) {
    forge.accept("weight-of-the-limit", {}, [](Block& block) { fill(block, kWeightMax); });
    // Nothing but the reserved value of the coinbase is in the witness: 36 bytes with its counts
    // and the flag. So the rest is at most a few bytes short of the limit here.
    forge.reject("weight-four-above-the-limit", "bad-blk-weight", {},
                 [](Block& block) { fill(block, kWeightMax + 4); });
    // Without a witness, nothing is left for it to weigh: a million bytes exactly.
    forge.accept("base-size-of-the-limit", {}, [](Block& block) {
        change_coinbase(block, [](TransactionData& data) {
            data.inputs[0].witness.clear();
            data.outputs.pop_back();
        });
        fill(block, kWeightMax);
    });
    forge.reject("base-size-above-the-limit", "bad-blk-length", {},
                 [](Block& block) { add_output(block, Bytes(1'000'000, OP_RETURN)); });
    const auto funding = tx(spend({forge.take()}, 0, witness_script(16, Bytes{1, 2})));
    forge.accept("program-of-version-16-funded", {.transactions = {funding}});
    const Spendable coin = output(funding, 0);
    const auto weighing = [&](int64_t weight, size_t padding) {
        Block block = forge.block({.transactions = {padded_spend(coin, padding)}});
        while ((weight - block.weight().value()) % 4 != 0) {
            block.transactions[1] = padded_spend(coin, ++padding);
            recommit(block);
        }
        fill(block, weight);
        return block;
    };
    for (const int64_t above : {1, 2, 3}) {
        forge.reject_block("weight-" + std::to_string(above) + "-above-the-limit", "bad-blk-weight",
                           weighing(kWeightMax + above, 2'000'000));
    }
    forge.reject("weight-above-the-limit-by-witness", "bad-blk-weight",
                 {.transactions = {padded_spend(coin, 3'999'600)}});
    forge.accept_block("weight-of-the-limit-by-witness", weighing(kWeightMax, 3'000'000));
    std::vector<TransactionRef> many;
    Spendable last = forge.take();
    for (int i = 0; i < 10'000; ++i) {
        many.push_back(tx(spend({last})));
        last = output(many.back(), 0);
    }
    forge.accept("ten-thousand-transactions", {.transactions = many});
}

namespace {

void legacy_sigops(Forge& forge) {
    const auto with = [](Bytes script) {
        return [script](Block& block) { add_output(block, script); };
    };
    const auto repeated = [](uint8_t opcode, size_t count) { return Bytes(count, opcode); };
    constexpr size_t kMultisigs = kSigopsMax / kSigopsOfMultisig;
    forge.accept("checksigs-of-the-limit", {}, with(repeated(OP_CHECKSIG, kSigopsMax)));
    forge.reject("checksigs-above-the-limit", "bad-blk-sigops", {},
                 with(repeated(OP_CHECKSIG, kSigopsMax + 1)));
    forge.accept("checksigverifies-of-the-limit", {},
                 with(repeated(OP_CHECKSIGVERIFY, kSigopsMax)));
    forge.reject("checksigverifies-above-the-limit", "bad-blk-sigops", {},
                 with(repeated(OP_CHECKSIGVERIFY, kSigopsMax + 1)));
    forge.accept("multisigs-of-the-limit", {}, with(repeated(OP_CHECKMULTISIG, kMultisigs)));
    forge.reject("multisigs-above-the-limit", "bad-blk-sigops", {},
                 with(repeated(OP_CHECKMULTISIG, kMultisigs + 1)));
    Bytes and_one = repeated(OP_CHECKMULTISIGVERIFY, kMultisigs);
    forge.accept("multisigverifies-of-the-limit", {}, with(and_one));
    and_one.push_back(OP_CHECKSIG);
    forge.reject("multisigverifies-and-a-checksig", "bad-blk-sigops", {}, with(and_one));
    // A number before it does not make it count less, outside P2SH and witnesses.
    Bytes numbered;
    for (size_t i = 0; i < kMultisigs; ++i) append(numbered, Bytes{OP_1, OP_CHECKMULTISIG});
    forge.accept("numbered-multisigs-of-the-limit", {}, with(numbered));
    append(numbered, Bytes{OP_1, OP_CHECKMULTISIG});
    forge.reject("numbered-multisigs-above-the-limit", "bad-blk-sigops", {}, with(numbered));
    // What a push covers is data; behind a push that runs past the end nothing counts.
    Bytes data = repeated(OP_CHECKSIG, kSigopsMax);
    data.push_back(75);
    data.resize(data.size() + 75, OP_CHECKSIG);
    forge.accept("checksigs-within-a-push", {}, with(data));
    Bytes past = repeated(OP_CHECKSIG, kSigopsMax);
    append(past, Bytes{OP_PUSHDATA4, 0xff, 0xff, 0xff, 0x00});
    append(past, repeated(OP_CHECKSIG, 100));
    forge.accept("checksigs-behind-a-broken-push", {}, with(past));
    Bytes before = repeated(OP_CHECKSIG, kSigopsMax + 1);
    append(before, Bytes{OP_PUSHDATA4, 0xff, 0xff, 0xff, 0x00});
    forge.reject("checksigs-before-a-broken-push", "bad-blk-sigops", {}, with(before));
    Bytes unfinished = repeated(OP_CHECKSIG, kSigopsMax);
    append(unfinished, Bytes{OP_PUSHDATA2, 0xff});
    forge.accept("checksigs-before-a-cut-push", {}, with(unfinished));
    const auto in_coinbase = [&](size_t count) {
        return [count](Block& block) {
            change_coinbase(block, [&](TransactionData& data) {
                Bytes script = to_bytes(data.inputs[0].script_sig.bytes());
                script.resize(script.size() + 10, OP_CHECKSIG);
                data.inputs[0].script_sig = Script{script};
            });
            add_output(block, Bytes(count - 10, OP_CHECKSIG));
        };
    };
    forge.accept("checksigs-in-the-coinbase-script", {}, in_coinbase(kSigopsMax));
    forge.reject("checksigs-in-the-coinbase-script-above", "bad-blk-sigops", {},
                 in_coinbase(kSigopsMax + 1));
}

// A script that leaves true; its signature opcodes are counted but never run.
Script counted(uint8_t opcode, size_t count) {
    constexpr uint8_t kIf = 0x63;
    constexpr uint8_t kEndIf = 0x68;
    CHECK(count <= kUnexecutedMax);
    Bytes script{OP_TRUE, OP_0, kIf};
    script.resize(script.size() + count, opcode);
    script.push_back(kEndIf);
    return Script{script};
}

enum class Wrapping { p2sh, witness, both };

Script locking(Wrapping wrapping, const Script& script) {
    const Script program = witness_script(0, sha256(script.bytes()).span());
    switch (wrapping) {
        case Wrapping::p2sh:
            return p2sh_script(hash160(script.bytes()));
        case Wrapping::witness:
            return program;
        case Wrapping::both:
            return p2sh_script(hash160(program.bytes()));
    }
    return {};
}

void unlock(Wrapping wrapping, const Script& script, TxInput& input) {
    const Script program = witness_script(0, sha256(script.bytes()).span());
    if (wrapping == Wrapping::p2sh)
        input.script_sig = ScriptBuilder{}.push(script.bytes()).build();
    else
        input.witness = {to_bytes(script.bytes())};
    if (wrapping == Wrapping::both)
        input.script_sig = ScriptBuilder{}.push(program.bytes()).build();
}

// Creates coins that pay to `scripts` and spends all of them in one block.
std::vector<TransactionRef> round_trip(const Spendable& coin, Wrapping wrapping,
                                       const std::vector<Script>& scripts) {
    TransactionData funding = spend({coin});
    const int64_t share = coin.value.value() / static_cast<int64_t>(scripts.size());
    funding.outputs.clear();
    for (const Script& script : scripts)
        funding.outputs.push_back(TxOutput{Amount{share}, locking(wrapping, script)});
    const auto funded = tx(std::move(funding));
    std::vector<Spendable> coins;
    for (uint32_t i = 0; i < scripts.size(); ++i) coins.push_back(output(funded, i));
    TransactionData spending = spend(coins);
    for (size_t i = 0; i < scripts.size(); ++i) unlock(wrapping, scripts[i], spending.inputs[i]);
    return {funded, tx(std::move(spending))};
}

// Scripts of opcodes that count as `each` signature operations; they add up to `total`.
std::vector<Script> adding_up(size_t total, uint8_t opcode, size_t each) {
    std::vector<Script> scripts;
    while (total >= each) {
        const size_t count = std::min(kUnexecutedMax, total / each);
        scripts.push_back(counted(opcode, count));
        total -= count * each;
    }
    if (total > 0) scripts.push_back(counted(OP_CHECKSIG, total));
    return scripts;
}

void wrapped_sigops(Forge& forge) {
    struct Case {
        const char* name;
        Wrapping wrapping;
        uint8_t opcode;
        size_t each;
        size_t limit;
    };
    constexpr size_t kWitnessMax = 4 * kSigopsMax;
    const Case cases[] = {
        {"p2sh-checksigs", Wrapping::p2sh, OP_CHECKSIG, 1, kSigopsMax},
        {"p2sh-multisigs", Wrapping::p2sh, OP_CHECKMULTISIG, kSigopsOfMultisig, kSigopsMax},
        {"witness-checksigs", Wrapping::witness, OP_CHECKSIGVERIFY, 1, kWitnessMax},
        {"witness-multisigs", Wrapping::witness, OP_CHECKMULTISIG, kSigopsOfMultisig, kWitnessMax},
        {"nested-multisigs", Wrapping::both, OP_CHECKMULTISIGVERIFY, kSigopsOfMultisig,
         kWitnessMax},
    };
    for (const Case& each : cases) {
        const std::string name = each.name;
        const auto with = [&](const Spendable& coin, size_t total) {
            return Forge::Plan{.transactions = round_trip(
                                   coin, each.wrapping, adding_up(total, each.opcode, each.each))};
        };
        forge.reject(name + "-above-the-limit", "bad-blk-sigops",
                     with(forge.peek(), each.limit + 1));
        forge.accept(name + "-of-the-limit", with(forge.take(), each.limit));
    }
    // One outside a witness weighs four inside.
    const auto mixed = [&](const Spendable& coin, size_t outside, size_t inside) {
        Block block = forge.block(
            {.transactions = round_trip(coin, Wrapping::witness,
                                        adding_up(inside, OP_CHECKMULTISIG, kSigopsOfMultisig))});
        add_output(block, Bytes(outside, OP_CHECKSIG));
        return block;
    };
    forge.reject_block("mixed-sigops-above-the-limit", "bad-blk-sigops",
                       mixed(forge.peek(), 10'000, 40'001));
    forge.reject_block("mixed-sigops-above-the-limit-outside", "bad-blk-sigops",
                       mixed(forge.peek(), 10'001, 39'997));
    forge.accept_block("mixed-sigops-of-the-limit", mixed(forge.take(), 10'000, 40'000));
}

}  // namespace

void signature_operations(Forge& forge) {
    legacy_sigops(forge);
    wrapped_sigops(forge);
}

}  // namespace parley
