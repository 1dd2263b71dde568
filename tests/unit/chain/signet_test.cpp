#include "chain/rules/signet.h"

#include <gtest/gtest.h>

#include "base/crypto/keys.h"
#include "tests/unit/chain/test_chain.h"

namespace parley {
namespace {

// A block whose commitment carries `solution` behind the marker; nullopt: no push at all.
Block with_solution(Block block, const std::optional<Bytes>& solution) {
    TransactionData coinbase = block.transactions[0]->data();
    const auto position = witness_commitment_position(*block.transactions[0]);
    EXPECT_TRUE(position.has_value());
    Bytes script = to_bytes(coinbase.outputs[*position].script_pubkey.bytes());
    if (solution) {
        Bytes data{0xec, 0xc7, 0xda, 0xa2};
        append(data, *solution);
        append(script, ScriptBuilder{}.push(data).build().bytes());
    }
    coinbase.outputs[*position].script_pubkey = Script{script};
    block.transactions[0] = make_transaction(std::move(coinbase));
    return block;
}

Bytes serialized(const Script& script_sig, const Witness& witness) {
    Writer writer;
    writer.var_bytes(script_sig.bytes());
    witness.write(writer);
    return writer.take();
}

// Easy work, so that the tests can mine.
ChainParams easy_signet(Script challenge) {
    ChainParams params = signet_params(std::move(challenge));
    const ChainParams regtest = regtest_params();
    params.pow_limit = regtest.pow_limit;
    params.no_retargeting = true;
    params.genesis = regtest.genesis;
    params.genesis_hash = regtest.genesis_hash;
    params.start_bits = regtest.start_bits;
    return params;
}

TEST(Signet, solution_does_not_change_what_is_signed) {
    TestChain chain(easy_signet(Script{Bytes{OP_TRUE}}));
    const Block block = *chain.build(chain->index().tip());
    const Script challenge{Bytes{OP_TRUE}};
    // An empty solution keeps its marker's push, as one of any length does.
    const auto one = signet_transactions(with_solution(block, serialized({}, {})), challenge);
    const auto other =
        signet_transactions(with_solution(block, serialized(op_true(), {Bytes{1}})), challenge);
    ASSERT_TRUE(one && other);
    EXPECT_EQ(one->to_spend->txid(), other->to_spend->txid());
    EXPECT_EQ(other->to_sign->inputs()[0].script_sig, op_true());
    EXPECT_EQ(other->to_sign->inputs()[0].witness, (Witness{Bytes{1}}));
    Block later = block;
    ++later.header.time;
    EXPECT_NE(
        signet_transactions(with_solution(later, serialized({}, {})), challenge)->to_spend->txid(),
        one->to_spend->txid());
    const auto& message = one->to_spend->inputs()[0].script_sig;
    EXPECT_EQ(message.size(), 1u + 1 + 4 + 32 + 32 + 4) << "OP_0, and one push of 72 bytes";
}

TEST(Signet, trivial_challenge_takes_a_block_without_a_solution) {
    TestChain chain(easy_signet(Script{Bytes{OP_TRUE}}));
    EXPECT_EQ(chain.verdict(chain.build(chain->index().tip())), "");
    EXPECT_EQ(chain->index().tip().height, Height{1});
}

TEST(Signet, malformed_or_missing_solutions_are_refused) {
    TestChain chain(easy_signet(Script{Bytes{OP_TRUE}}));
    const Block block = *chain.build(chain->index().tip());
    const auto verdict = [&](Block changed) {
        return chain.verdict(resolve(std::move(changed), chain.params()));
    };
    EXPECT_EQ(verdict(with_solution(block, Bytes{0x05, 0x01})), "bad-signet-blksig") << "cut short";
    Bytes longer = serialized({}, {});
    longer.push_back(0);
    EXPECT_EQ(verdict(with_solution(block, longer)), "bad-signet-blksig") << "a byte too many";
    EXPECT_EQ(chain.verdict(chain.build(chain->index().tip(), BlockPlan{.commitment = false})),
              "bad-signet-blksig")
        << "nowhere to look";
    EXPECT_EQ(verdict(with_solution(block, serialized({}, {}))), "");
}

TEST(Signet, only_the_first_marked_push_is_a_solution) {
    TestChain chain(easy_signet(Script{Bytes{OP_TRUE}}));
    const Block block = *chain.build(chain->index().tip());
    const Script challenge{Bytes{OP_TRUE}};
    const Block once = with_solution(block, serialized(op_true(), {}));
    const auto twice =
        signet_transactions(with_solution(once, serialized({}, {Bytes{1}})), challenge);
    ASSERT_TRUE(twice.has_value());
    EXPECT_EQ(twice->to_sign->inputs()[0].script_sig, op_true());
    EXPECT_TRUE(twice->to_sign->inputs()[0].witness.empty());
    EXPECT_NE(twice->to_spend->txid(), signet_transactions(once, challenge)->to_spend->txid())
        << "the second one stays, and is signed";
}

TEST(Signet, other_pushes_keep_their_shortest_form) {
    TestChain chain(easy_signet(Script{Bytes{OP_TRUE}}));
    const Script challenge{Bytes{OP_TRUE}};
    for (const size_t size : {size_t{75}, size_t{76}, size_t{255}, size_t{256}}) {
        Block block = *chain.build(chain->index().tip());
        TransactionData coinbase = block.transactions[0]->data();
        const auto position = witness_commitment_position(*block.transactions[0]);
        Bytes script = to_bytes(coinbase.outputs[*position].script_pubkey.bytes());
        append(script, ScriptBuilder{}.push(Bytes(size, 9)).build().bytes());
        coinbase.outputs[*position].script_pubkey = Script{script};
        block.transactions[0] = make_transaction(std::move(coinbase));
        // What is signed is the block with the marker alone, whose script nothing rewrites.
        const auto solved =
            signet_transactions(with_solution(block, serialized(op_true(), {})), challenge);
        const auto marked = signet_transactions(with_solution(block, Bytes{}), challenge);
        ASSERT_TRUE(solved && marked);
        EXPECT_EQ(solved->to_spend->txid(), marked->to_spend->txid()) << size;
    }
}

TEST(Signet, marker_alone_is_no_solution) {
    TestChain chain(easy_signet(Script{Bytes{OP_TRUE}}));
    const Block marked = with_solution(*chain.build(chain->index().tip()), Bytes{});
    EXPECT_EQ(chain.verdict(resolve(marked, chain.params())), "") << "none is needed";
}

SecretKey challenge_key() {
    return *SecretKey::from_bytes(Bytes(32, 7));
}

TEST(Signet, item_below_a_multisig_of_the_challenge_is_empty) {
    const auto key = challenge_key();
    const Script challenge = ScriptBuilder{}
                                 .op(OP_1)
                                 .push(key.public_key().bytes())
                                 .op(OP_1)
                                 .op(OP_CHECKMULTISIG)
                                 .build();
    TestChain chain(easy_signet(challenge));
    const Block block = *chain.build(chain->index().tip());
    const auto transactions =
        signet_transactions(with_solution(block, serialized({}, {})), challenge);
    ASSERT_TRUE(transactions.has_value());
    const Hash256 hash =
        legacy_signature_hash(transactions->to_sign->data(), 0, challenge.bytes(), kSighashAll);
    Bytes signature = key.sign_der(hash);
    signature.push_back(static_cast<uint8_t>(kSighashAll));
    const auto verdict = [&](uint8_t dummy) {
        const Script script_sig = ScriptBuilder{}.op(dummy).push(signature).build();
        const Block solved = with_solution(block, serialized(script_sig, {}));
        return chain.verdict(resolve(solved, chain.params()));
    };
    EXPECT_EQ(verdict(OP_1), "bad-signet-blksig");
    EXPECT_EQ(verdict(OP_0), "");
}

TEST(Signet, challenge_needs_the_signature_of_its_key) {
    const auto key = challenge_key();
    const Bytes public_key = to_bytes(key.public_key().bytes());
    const Script challenge = ScriptBuilder{}.push(public_key).op(OP_CHECKSIG).build();
    TestChain chain(easy_signet(challenge));
    const Block block = *chain.build(chain->index().tip());
    EXPECT_EQ(chain.verdict(std::make_shared<const Block>(block)), "bad-signet-blksig");

    const Block marked = with_solution(block, serialized({}, {}));
    const auto transactions = signet_transactions(marked, challenge);
    ASSERT_TRUE(transactions.has_value());
    const Hash256 hash =
        legacy_signature_hash(transactions->to_sign->data(), 0, challenge.bytes(), kSighashAll);
    Bytes signature = key.sign_der(hash);
    signature.push_back(static_cast<uint8_t>(kSighashAll));
    const Bytes good = serialized(ScriptBuilder{}.push(signature).build(), {});
    signature[10] ^= 1;
    const Bytes bad = serialized(ScriptBuilder{}.push(signature).build(), {});
    EXPECT_EQ(chain.verdict(resolve(with_solution(block, bad), chain.params())),
              "bad-signet-blksig");
    EXPECT_EQ(chain.verdict(resolve(with_solution(block, good), chain.params())), "");
}

}  // namespace
}  // namespace parley
