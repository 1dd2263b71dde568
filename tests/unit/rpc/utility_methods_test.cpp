// Proofs of inclusion, signed messages, multisig addresses, priorities, echo.
#include <gtest/gtest.h>

#include "base/crypto/bech32_errors.h"
#include "base/encoding.h"
#include "net/filters/merkle_proof.h"
#include "tests/unit/rpc/rpc_fixture.h"

namespace parley::rpc::test {
namespace {

/// A block of `count` transactions with made-up ids.
Block block_of(uint8_t count) {
    Block block;
    std::vector<Hash256> leaves;
    for (uint8_t i = 0; i < count; ++i) {
        block.transactions.push_back(simple_transaction(i));
        leaves.push_back(block.transactions.back()->txid());
    }
    block.header.merkle_root = merkle_root(leaves);
    return block;
}

TEST(MerkleProof, everySubset_isProvenInBlockOrder) {
    for (uint8_t count = 1; count <= 7; ++count) {
        const Block block = block_of(count);
        for (uint32_t subset = 0; subset < (1u << count); ++subset) {
            std::set<Txid> wanted;
            std::vector<Txid> in_order;
            for (uint8_t i = 0; i < count; ++i) {
                if ((subset >> i & 1) == 0) continue;
                wanted.insert(block.transactions[i]->txid());
                in_order.push_back(block.transactions[i]->txid());
            }
            const auto proof = MerkleProof::parse(MerkleProof(block, wanted).serialize());
            ASSERT_TRUE(proof);
            EXPECT_EQ(proof->transaction_count(), count);
            const auto matches = proof->matches();
            ASSERT_TRUE(matches);
            EXPECT_EQ(matches->root, block.header.merkle_root);
            EXPECT_EQ(matches->txids, in_order);
        }
    }
}

TEST(MerkleProof, changedBytes_neverProveWhatIsNotInTheBlock) {
    const Block block = block_of(7);
    const Bytes good = MerkleProof(block, {block.transactions[4]->txid()}).serialize();
    std::set<Txid> in_block;
    for (const TransactionRef& each : block.transactions) in_block.insert(each->txid());
    for (size_t i = BlockHeader::kSize; i < good.size(); ++i) {
        for (int bit = 0; bit < 8; ++bit) {
            Bytes bad = good;
            bad[i] = static_cast<uint8_t>(bad[i] ^ (1u << bit));
            const auto proof = MerkleProof::parse(bad);
            const auto matches = proof ? proof->matches() : std::nullopt;
            if (!matches || matches->root != block.header.merkle_root) continue;
            if (proof->transaction_count() != 7) continue;  // the caller compares it
            // A changed flag may prove a neighbour, whose hash is in the proof.
            for (const Txid& txid : matches->txids)
                EXPECT_TRUE(in_block.contains(txid)) << "byte " << i;
        }
    }
    for (size_t size = 0; size < good.size(); ++size)
        EXPECT_FALSE(MerkleProof::parse(ByteSpan{good}.first(size)));
}

TEST(TxOutProof, proofOfATransaction_isVerified) {
    RpcFixture runner;
    runner.mature(1);
    const BlockRef block = runner.extend({runner.pay(runner.coin(1), 1'000)});
    const Txid txid = block->transactions[1]->txid();
    const std::string proof = runner.result("gettxoutproof", "[" + quoted(txid) + "]");
    EXPECT_EQ(runner.result("verifytxoutproof", "[" + proof + "]"), quoted(txid));
    const std::string named = "[" + quoted(txid) + ",\"" + block->header.hash().to_string() + "\"]";
    EXPECT_EQ(runner.result("gettxoutproof", named), proof);
    const std::string other = "[" + quoted(txid) + ",\"" + std::string(kGenesis) + "\"]";
    EXPECT_EQ(runner.call("gettxoutproof", other).message,
              "Not all transactions found in specified or retrieved block");
    EXPECT_EQ(runner.call("gettxoutproof", "[[]]").message, "Parameter 'txids' cannot be empty");
    const std::string twice = "[[\"" + txid.to_string() + "\",\"" + txid.to_string() + "\"]]";
    EXPECT_EQ(runner.call("gettxoutproof", twice).message,
              "Invalid parameter, duplicated txid: " + txid.to_string());
    const std::string unknown = "[[\"" + std::string(64, '1') + "\"]]";
    EXPECT_EQ(runner.call("gettxoutproof", unknown).message, "Transaction not yet in block");
}

TEST(TxOutProof, proofOutsideTheChain_isAnError) {
    RpcFixture runner;
    const Block stranger = block_of(3);
    const Bytes proof = MerkleProof(stranger, {stranger.transactions[1]->txid()}).serialize();
    EXPECT_EQ(runner.call("verifytxoutproof", "[\"" + to_hex(proof) + "\"]").message,
              "Block not found in chain");
    Bytes damaged = proof;
    damaged[BlockHeader::kSize + 5] ^= 1;  // a hash
    EXPECT_EQ(runner.result("verifytxoutproof", "[\"" + to_hex(damaged) + "\"]"), "[]");
    EXPECT_EQ(runner.call("verifytxoutproof", R"(["00"])").code, -1);
}

TEST(SignedMessage, signature_isVerifiedForItsAddressOnly) {
    RpcFixture runner;
    // Key 1 with a compressed public key, on regtest.
    const std::string signature =
        runner.result("signmessagewithprivkey",
                      R"(["cMahea7zqjxrtgAbB7LSGbcQUr1uX1ojuat9jZodMN87JcbXMTcA","hello"])");
    const std::string address = "\"mrCDrCybB6J1vRfbwM5hemdJz73FwDBC8r\"";
    EXPECT_EQ(runner.result("verifymessage", "[" + address + "," + signature + ",\"hello\"]"),
              "true");
    EXPECT_EQ(runner.result("verifymessage", "[" + address + "," + signature + ",\"hallo\"]"),
              "false");
    const auto verify = [&](const std::string& who, const std::string& text) {
        return runner.call("verifymessage", "[" + who + ",\"" + text + "\",\"hello\"]");
    };
    EXPECT_EQ(verify(address, "AAAA").text, "false");
    EXPECT_EQ(verify(address, "?").message, "Malformed base64 encoding");
    EXPECT_EQ(verify(address, "?").code, -3);
    EXPECT_EQ(verify(std::string("\"") + kAddress + "\"", "AAAA").message,
              "Address does not refer to key");
    EXPECT_EQ(verify("\"luck\"", "AAAA").message, "Invalid address");
    EXPECT_EQ(runner.call("signmessagewithprivkey", R"(["luck","hello"])").message,
              "Invalid private key");
}

TEST(CreateMultisig, formsOfAddress) {
    RpcFixture runner;
    const std::string key = "0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798";
    const std::string uncompressed =
        "0479be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798483ada7726a3c4655da4fbfc"
        "0e1108a8fd17b448a68554199c47d08ffb10d4b8";
    const auto make = [&](const std::string& arguments) {
        return runner.call("createmultisig", "[" + arguments + "]");
    };
    const Json legacy = make("1,[\"" + key + "\"]").result;
    EXPECT_EQ(legacy.find("redeemScript")->string(), "5121" + key + "51ae");
    EXPECT_TRUE(legacy.find("descriptor")->string().starts_with("sh(multi(1," + key + "))#"));
    const Json witness = make("1,[\"" + key + "\"],\"bech32\"").result;
    EXPECT_TRUE(witness.find("address")->string().starts_with("bcrt1q"));
    EXPECT_EQ(witness.find("warnings"), nullptr);
    const Json nested = make("1,[\"" + key + "\"],\"p2sh-segwit\"").result;
    EXPECT_TRUE(nested.find("descriptor")->string().starts_with("sh(wsh(multi(1," + key + ")))#"));
    const Json forced = make("1,[\"" + uncompressed + "\"],\"bech32\"").result;
    EXPECT_TRUE(forced.find("descriptor")->string().starts_with("sh(multi("));
    EXPECT_EQ(forced.find("warnings")->array().size(), 1u);

    EXPECT_EQ(make("0,[\"" + key + "\"]").message,
              "a multisignature address must require at least one key to redeem");
    EXPECT_EQ(make("2,[\"" + key + "\"]").message,
              "not enough keys supplied (got 1 keys, but need at least 2 to redeem)");
    EXPECT_EQ(make("1,[\"xyz\"]").message, "Pubkey \"xyz\" must be a hex string");
    EXPECT_EQ(make("1,[\"00\"]").message,
              "Pubkey \"00\" must have a length of either 33 or 65 bytes");
    EXPECT_EQ(make("1,[\"" + key + "\"],\"bech32m\"").message,
              "createmultisig cannot create bech32m multisig addresses");
    EXPECT_EQ(make("1,[\"" + key + "\"],\"luck\"").message, "Unknown address type 'luck'");
}

TEST(Priorities, deltas_addUpAndAreListed) {
    RpcFixture runner;
    runner.mature(1);
    const TransactionRef waiting = runner.pay(runner.coin(1), 1'000);
    ASSERT_TRUE(runner.node.send(waiting));
    const std::string txid = waiting->txid().to_string();
    const std::string absent(64, '2');
    EXPECT_EQ(runner.result("prioritisetransaction", "[\"" + txid + "\",0.0,500]"), "true");
    EXPECT_EQ(runner.result("prioritisetransaction", "[\"" + txid + "\",null,-100]"), "true");
    EXPECT_EQ(runner.result("prioritisetransaction", "[\"" + absent + "\",0,7]"), "true");
    const Json all = runner.call("getprioritisedtransactions").result;
    EXPECT_EQ(all.find(txid)->find("fee_delta")->number(), "400");
    EXPECT_TRUE(all.find(txid)->find("in_mempool")->boolean());
    EXPECT_EQ(all.find(txid)->find("modified_fee")->number(), "1400");
    EXPECT_FALSE(all.find(absent)->find("in_mempool")->boolean());
    EXPECT_EQ(all.find(absent)->find("modified_fee"), nullptr);
    EXPECT_EQ(runner.call("prioritisetransaction", "[\"" + txid + "\",1,5]").message,
              "Priority is no longer supported, dummy argument to prioritisetransaction must be "
              "0.");
}

TEST(ValidateAddress, problems_areNamedAndLocated) {
    RpcFixture runner;
    struct Case {
        std::string text;
        std::string sentence;
        std::string positions;
    };
    const std::string valid = "bcrt1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqdku202";
    ASSERT_EQ(valid, kAddress);
    const auto with = [&](size_t position, char c) {
        std::string text = valid;
        text[position] = c;
        return text;
    };
    std::string two = with(10, 'p');
    two[40] = 'z';
    const Case cases[] = {
        {with(10, 'p'), "Invalid Bech32 checksum", "[10]"},
        {with(5, 'p'), "Invalid Bech32 checksum", "[5]"},  // the witness version
        {two, "Invalid Bech32 checksum", "[10,40]"},
        {with(10, 'b'), "Invalid Base 32 character", "[10]"},
        {with(10, 'Q'), "Invalid character or mixed case", "[10]"},
        {"bcrtqqqqqqqq", "Missing separator", "[]"},
        {"bcrt1qqq", "Invalid separator position", "[4]"},
        {"bcrt1" + std::string(87, 'q'), "Bech32 string too long", "[90,91]"},
        {"bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4",
         "Invalid or unsupported Segwit (Bech32) or Base58 encoding.", "[]"},
        {"17VZNX1SN5NtKa8UQFxwQbFeFc3iqRYhem", "Invalid or unsupported Base58-encoded address.",
         "[]"},
        {"mipcBbFg9gMiCh81Kj8tqqdgoZub1ZJJfn",
         "Invalid checksum or length of Base58 address (P2PKH or P2SH)", "[]"},
    };
    for (const auto& [text, sentence, positions] : cases) {
        const Reply reply = runner.call("validateaddress", "[\"" + text + "\"]");
        EXPECT_FALSE(reply.result.find("isvalid")->boolean()) << text;
        EXPECT_EQ(reply.result.find("error")->string(), sentence) << text;
        EXPECT_NE(reply.text.find("\"error_locations\":" + positions), std::string::npos)
            << reply.text;
    }
}

TEST(Bech32Problem, everySingleErrorIsLocatedAndNoneInvented) {
    const std::string valid = kAddress;
    EXPECT_TRUE(find_bech32_problem(valid).sentence.empty());
    for (size_t position = 5; position < valid.size(); ++position) {
        for (const char c : std::string_view{"qpzry9x8gf2tvdw0s3jn54khce6mua7l"}) {
            if (c == valid[position]) continue;
            std::string text = valid;
            text[position] = c;
            const Bech32Problem problem = find_bech32_problem(text);
            ASSERT_EQ(problem.positions, std::vector<size_t>{position}) << text;
            EXPECT_EQ(problem.sentence, "Invalid Bech32 checksum");
        }
    }
    std::string spoilt = valid;
    for (size_t position = 8; position < 20; ++position) spoilt[position] = 'z';
    const Bech32Problem many = find_bech32_problem(spoilt);
    EXPECT_FALSE(many.sentence.empty());
}

TEST(Echo, arguments_comeBackWithTheirTypes) {
    RpcFixture runner;
    EXPECT_EQ(runner.result("echo", R"(["a",1,{"b":[true,null]}])"),
              R"(["a",1,{"b":[true,null]}])");
    EXPECT_EQ(runner.result("echojson", "[]"), "[]");
    EXPECT_EQ(runner.result("echo", R"({"arg1":"x"})"), R"([null,"x"])");
    EXPECT_EQ(runner.result("echoipc", R"(["x"])"), R"("x")");
}

TEST(GetMemoryInfo, nothing_is_reserved) {
    RpcFixture runner;
    const std::string locked =
        R"({"locked":{"used":0,"free":0,"total":0,"locked":0,"chunks_used":0,"chunks_free":0}})";
    EXPECT_EQ(runner.result("getmemoryinfo"), locked);
    EXPECT_EQ(runner.result("getmemoryinfo", R"(["stats"])"), locked);
    EXPECT_EQ(runner.call("getmemoryinfo", R"(["mallocinfo"])").message,
              "mallocinfo mode not available");
    EXPECT_EQ(runner.call("getmemoryinfo", R"(["foobar"])").message, "unknown mode foobar");
    EXPECT_EQ(runner.call("getmemoryinfo", R"(["foobar"])").code, -8);
}

}  // namespace
}  // namespace parley::rpc::test
