// Witness commitments (BIP141) in all their forms.
#include "base/check.h"
#include "base/crypto/sha256.h"
#include "tests/blocks/forge.h"

namespace parley {
namespace {

// A coin with a witness program for the script OP_TRUE, and a transaction that spends it with that
// witness.
Script true_program() {
    return witness_script(0, sha256(op_true().bytes()).span());
}

TransactionRef witness_spend(const Spendable& coin, std::vector<Bytes> witness) {
    TransactionData data = spend({coin});
    data.inputs[0].witness = std::move(witness);
    return tx(std::move(data));
}

auto reserved(std::vector<Bytes> items) {
    return [items](Block& block) {
        change_coinbase(block, [&](TransactionData& data) { data.inputs[0].witness = items; });
    };
}

void drop_commitment(Block& block) {
    change_coinbase(block, [](TransactionData& data) {
        data.outputs.resize(1);
        data.inputs[0].witness.clear();
    });
}

// Changes the script of the commitment, within or after the magic and the hash.
auto commitment_script(const std::function<void(Bytes&)>& change) {
    return [change](Block& block) {
        change_coinbase(block, [&](TransactionData& data) {
            Bytes script = to_bytes(data.outputs[1].script_pubkey.bytes());
            change(script);
            data.outputs[1].script_pubkey = Script{script};
        });
    };
}

void without_witnesses(Forge& forge) {
    forge.accept("commitment-none-and-no-witness", {}, drop_commitment);
    forge.accept("commitment-needless", {});
    forge.reject("commitment-none-but-a-reserved-value", "unexpected-witness", {},
                 [](Block& block) {
                     change_coinbase(block, [](TransactionData& data) { data.outputs.resize(1); });
                 });
    forge.reject("reserved-value-missing", "bad-witness-nonce-size", {}, reserved({}));
    forge.reject("reserved-value-of-31-bytes", "bad-witness-nonce-size", {},
                 reserved({Bytes(31, 0)}));
    forge.reject("reserved-value-of-33-bytes", "bad-witness-nonce-size", {},
                 reserved({Bytes(33, 0)}));
    forge.reject("reserved-value-twice", "bad-witness-nonce-size", {},
                 reserved({Bytes(32, 0), Bytes(32, 0)}));
    forge.reject("reserved-value-other", "bad-witness-merkle-match", {}, reserved({Bytes(32, 1)}));
    forge.accept("reserved-value-other-and-committed", {}, [](Block& block) {
        reserved({Bytes(32, 1)})(block);
        recommit(block);
    });
    forge.reject("commitment-to-something-else", "bad-witness-merkle-match", {},
                 commitment_script([](Bytes& script) { script.back() ^= 1; }));
    forge.accept("commitment-with-more-behind-it", {},
                 commitment_script([](Bytes& script) { script.resize(80, OP_0); }));
}

void with_witnesses(Forge& forge) {
    const auto funding = tx(spend({forge.take()}, 0, true_program()));
    const auto spending = witness_spend(output(funding, 0), {to_bytes(op_true().bytes())});
    const Forge::Plan plan{.transactions = {funding, spending}};
    forge.reject("commitment-none-but-a-witness", "unexpected-witness", plan, drop_commitment);
    forge.reject("commitment-a-byte-short", "unexpected-witness", plan,
                 commitment_script([](Bytes& script) { script.pop_back(); }));
    forge.reject("commitment-of-another-magic", "unexpected-witness", plan,
                 commitment_script([](Bytes& script) { script[5] ^= 1; }));
    forge.reject(
        "commitment-by-pushdata1", "unexpected-witness", plan,
        commitment_script([](Bytes& script) { script.insert(script.begin() + 1, OP_PUSHDATA1); }));
    const auto doubled = [](bool last_is_right) {
        return [last_is_right](Block& block) {
            change_coinbase(block, [&](TransactionData& data) {
                data.outputs.push_back(data.outputs[1]);
                Bytes script = to_bytes(data.outputs[1].script_pubkey.bytes());
                script.back() ^= 1;
                data.outputs[last_is_right ? 1 : 2].script_pubkey = Script{script};
            });
        };
    };
    forge.reject("commitment-twice-the-last-wrong", "bad-witness-merkle-match", plan,
                 doubled(false));
    Block honest = forge.block(plan);
    doubled(true)(honest);
    honest.header.merkle_root = block_merkle_root(honest);
    while (honest.header.hash().bytes()[31] > 0x7f) ++honest.header.nonce;
    // The same header with other witnesses: refused, and the real one is welcome afterwards.
    Block changed = honest;
    changed.transactions[2] = witness_spend(output(funding, 0), {Bytes{OP_1, OP_1}});
    forge.reject_raw("witness-changed-underway", "bad-witness-merkle-match", changed);
    Block stripped = honest;
    stripped.transactions[2] = witness_spend(output(funding, 0), {});
    forge.reject_raw("witness-stripped-underway", "bad-witness-merkle-match", stripped);
    Block bare = stripped;
    reserved({})(bare);
    forge.reject_raw("witnesses-all-stripped-underway", "bad-witness-nonce-size", bare);
    Block bloated = honest;
    bloated.transactions[2] =
        witness_spend(output(funding, 0), {Bytes(3'999'000, 1), to_bytes(op_true().bytes())});
    forge.reject_raw("witness-bloated-underway", "bad-witness-merkle-match", bloated);
    forge.accept_block("commitment-twice-the-last-right", honest);
}

void spending_programs(Forge& forge) {
    const auto funding = tx(spend({forge.take()}, 0, true_program()));
    forge.accept("program-funded", {.transactions = {funding}});
    const auto with = [&](std::vector<Bytes> witness) {
        return Forge::Plan{.transactions = {witness_spend(output(funding, 0), std::move(witness))}};
    };
    const std::string failed = "block-script-verify-flag-failed (";
    forge.reject("program-without-witness", failed + "Witness program was passed an empty witness)",
                 with({}));
    forge.reject("program-with-another-script", failed + "Witness program hash mismatch)",
                 with({Bytes{OP_1, OP_1}}));
    forge.reject("program-with-an-item-too-many",
                 failed + "Stack size must be exactly one after execution)",
                 with({Bytes{1}, to_bytes(op_true().bytes())}));
    forge.reject("witness-of-an-old-script", failed + "Witness provided for non-witness script)",
                 {.transactions = {witness_spend(forge.peek(), {Bytes{1}})}});
    forge.accept("program-spent", with({to_bytes(op_true().bytes())}));
}

}  // namespace

void witnesses(Forge& forge) {
    without_witnesses(forge);
    with_witnesses(forge);
    spending_programs(forge);
}

}  // namespace parley
