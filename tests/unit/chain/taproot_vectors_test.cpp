// Taproot's public test data: bitcoind's spends, each with a witness that is good, one that is not,
// or both; and BIP341's trees, messages and signatures.
#include <gtest/gtest.h>
#include <simdjson.h>

#include "base/crypto/keys.h"
#include "chain/primitives/address.h"
#include "chain/rules/params.h"
#include "chain/script/script_check.h"
#include "chain/script/taproot.h"
#include "tests/unit/chain/script_text.h"
#include "tests/unit/vectors.h"

namespace parley {
namespace {

using simdjson::dom::element;

Bytes bytes_of(element text) {
    return from_hex(text.get_string().value()).value();
}

std::string text_of(element text) {
    return std::string{text.get_string().value()};
}

TransactionData transaction_of(element text) {
    const Bytes bytes = bytes_of(text);
    Reader reader(bytes);
    TransactionData transaction = read_transaction(reader);
    if (!reader.done()) {
        // With no input signed, one without inputs in the old form can look like the new one.
        reader = Reader(bytes);
        transaction = read_transaction(reader, WitnessEncoding::without);
    }
    EXPECT_TRUE(reader.done());
    return transaction;
}

TxOutput output_of(element text) {
    const Bytes bytes = bytes_of(text);
    Reader reader(bytes);
    TxOutput output;
    output.value = Amount{reader.le<int64_t>()};
    output.script_pubkey = Script{to_bytes(reader.var_bytes())};
    EXPECT_TRUE(reader.done());
    return output;
}

// Every consistent set of the consensus rules: what the suite's verdicts are about.
std::vector<ScriptFlags> consensus_flag_sets() {
    std::vector<ScriptFlags> sets;
    for (ScriptFlags set = 0; set <= kConsensusScriptFlags; ++set) {
        const bool taproot = (set & kVerifyTaproot) != 0;
        const bool witness = (set & kVerifyWitness) != 0;
        if (is_consistent(set) && (!taproot || witness)) sets.push_back(set);
    }
    return sets;
}

class TaprootSpends {
 public:
    explicit TaprootSpends(element row)
        : data_(transaction_of(row["tx"])),
          input_(static_cast<uint32_t>(row["index"].get_uint64().value())) {
        for (const auto output : row["prevouts"].get_array()) spent_.push_back(output_of(output));
    }

    SpendingTransactionRef with(element signed_input) {
        TxInput& input = data_.inputs.at(input_);
        input.script_sig = Script{bytes_of(signed_input["scriptSig"])};
        input.witness.clear();
        for (const auto item : signed_input["witness"].get_array())
            input.witness.push_back(bytes_of(item));
        return std::make_shared<const SpendingTransaction>(make_transaction(data_), spent_);
    }
    bool allows(const SpendingTransactionRef& spending, ScriptFlags flags) const {
        return !run_script_check({spending, input_, flags});
    }

 private:
    TransactionData data_;
    uint32_t input_;
    std::vector<TxOutput> spent_;
};

TEST(TaprootVectors, every_good_spend_is_allowed_and_every_bad_one_refused) {
    const auto text = read_vectors("taproot_spends.json");
    if (!text) GTEST_SKIP() << "taproot_spends.json not found: 2594 cases left out";
    const auto sets = consensus_flag_sets();
    simdjson::dom::parser parser;
    int successes = 0;
    int failures = 0;
    for (const auto row : parser.parse(*text).get_array()) {
        const auto flags = flags_from_text(text_of(row["flags"]));
        ASSERT_TRUE(flags.has_value());
        const std::string comment = text_of(row["comment"]);
        TaprootSpends spends(row);
        if (element good; row["success"].get(good) == simdjson::SUCCESS) {
            const auto spending = spends.with(good);
            // A final one is good by all rules there are, others by those that the suite lists.
            bool always = false;
            if (row["final"].get(always) != simdjson::SUCCESS) always = false;
            for (const ScriptFlags set : sets) {
                if (!always && (set & *flags) != set) continue;
                EXPECT_TRUE(spends.allows(spending, set)) << comment << " with flags " << set;
            }
            ++successes;
        }
        if (element bad; row["failure"].get(bad) == simdjson::SUCCESS) {
            const auto spending = spends.with(bad);
            for (const ScriptFlags set : sets) {
                if ((set & *flags) != *flags) continue;
                EXPECT_FALSE(spends.allows(spending, set)) << comment << " with flags " << set;
            }
            ++failures;
        }
    }
    std::printf("taproot_spends.json: %d to allow, %d to refuse\n", successes, failures);
    expect_cases("taproot_spends.json", successes + failures, 1366 + 1228);
}

// One leaf of a tree, or a pair of trees. Appends each leaf's hash and control path, left to right.
struct TreeLeaf {
    size_t id = 0;
    Hash256 hash;
    uint8_t version = 0;
    std::vector<Hash256> path;
};
Hash256 add_tree(element tree, std::vector<TreeLeaf>& leaves) {
    if (tree.is_array()) {
        const size_t first = leaves.size();
        const Hash256 left = add_tree(tree.at(0), leaves);
        const size_t middle = leaves.size();
        const Hash256 right = add_tree(tree.at(1), leaves);
        for (size_t i = first; i < leaves.size(); ++i)
            leaves[i].path.push_back(i < middle ? right : left);
        return tapbranch_hash(left, right);
    }
    TreeLeaf leaf;
    leaf.id = tree["id"].get_uint64();
    leaf.version = static_cast<uint8_t>(tree["leafVersion"].get_uint64().value());
    leaf.hash = tapleaf_hash(leaf.version, bytes_of(tree["script"]));
    leaves.push_back(leaf);
    return leaves.back().hash;
}

void check_output(element row) {
    const Bytes internal = bytes_of(row["given"]["internalPubkey"]);
    std::vector<TreeLeaf> leaves;
    std::optional<Hash256> root;
    const element tree = row["given"]["scriptTree"];
    if (!tree.is_null()) root = add_tree(tree, leaves);
    const element between = row["intermediary"];
    if (root) {
        EXPECT_EQ(to_hex(root->span()), text_of(between["merkleRoot"]));
    }
    const Hash256 tweak = taptweak_hash(internal, root ? &*root : nullptr);
    EXPECT_EQ(to_hex(tweak.span()), text_of(between["tweak"]));
    Bytes even{2};
    append(even, internal);
    const PublicKey output = *PublicKey::parse(even)->tweak_add(tweak.bytes());
    EXPECT_EQ(to_hex(output.x_only()), text_of(between["tweakedPubkey"]));
    const Script script = witness_script(1, output.x_only());
    EXPECT_EQ(to_hex(script.bytes()), text_of(row["expected"]["scriptPubKey"]));
    EXPECT_EQ(encode_address(main_params().address_prefixes, script),
              text_of(row["expected"]["bip350Address"]));
    for (const TreeLeaf& leaf : leaves) {
        EXPECT_EQ(to_hex(leaf.hash.span()), text_of(between["leafHashes"].at(leaf.id)));
        Bytes control{static_cast<uint8_t>(leaf.version | (output.bytes()[0] & 1))};
        append(control, internal);
        for (const Hash256& node : leaf.path) append(control, node.span());
        EXPECT_EQ(to_hex(control), text_of(row["expected"]["scriptPathControlBlocks"].at(leaf.id)));
        EXPECT_TRUE(verify_taproot_commitment(control, output.x_only(), leaf.hash));
        control.back() ^= 1;
        EXPECT_FALSE(verify_taproot_commitment(control, output.x_only(), leaf.hash));
    }
}

// Returns how many inputs were signed.
int check_spending(element row) {
    TransactionData data = transaction_of(row["given"]["rawUnsignedTx"]);
    std::vector<TxOutput> spent;
    for (const auto output : row["given"]["utxosSpent"].get_array()) {
        spent.push_back({Amount{output["amountSats"].get_int64().value()},
                         Script{bytes_of(output["scriptPubKey"])}});
    }
    const SighashParts parts = sighash_parts(data, spent);
    const element between = row["intermediary"];
    EXPECT_EQ(to_hex(parts.spent_amounts.span()), text_of(between["hashAmounts"]));
    EXPECT_EQ(to_hex(parts.outputs_once.span()), text_of(between["hashOutputs"]));
    EXPECT_EQ(to_hex(parts.prevouts_once.span()), text_of(between["hashPrevouts"]));
    EXPECT_EQ(to_hex(parts.spent_scripts.span()), text_of(between["hashScriptPubkeys"]));
    EXPECT_EQ(to_hex(parts.sequences_once.span()), text_of(between["hashSequences"]));
    std::vector<size_t> inputs;
    for (const auto spending : row["inputSpending"].get_array()) {
        const element given = spending["given"];
        const size_t input = given["txinIndex"].get_uint64();
        const auto type = static_cast<uint8_t>(given["hashType"].get_uint64().value());
        const auto key = SecretKey::from_bytes(bytes_of(given["internalPrivkey"]));
        std::optional<Hash256> root;
        const element text = given["merkleRoot"];
        if (!text.is_null()) root = Hash256::from_bytes(bytes_of(text));
        const Hash256 tweak = taptweak_hash(key->public_key().x_only(), root ? &*root : nullptr);
        EXPECT_EQ(to_hex(tweak.span()), text_of(spending["intermediary"]["tweak"]));
        const auto tweaked = key->x_only_tweak_add(tweak.bytes());
        EXPECT_EQ(to_hex(tweaked->bytes()), text_of(spending["intermediary"]["tweakedPrivkey"]));
        const auto message = taproot_signature_hash(data, input, spent[input], type, parts, {});
        EXPECT_EQ(to_hex(message->span()), text_of(spending["intermediary"]["sigHash"]));
        const auto signature = tweaked->sign_schnorr(*message, {});
        Bytes item = to_bytes(signature);
        if (type != kSighashDefault) item.push_back(type);
        EXPECT_EQ(to_hex(item), text_of(spending["expected"]["witness"].at(0)));
        data.inputs[input].witness = {item};
        inputs.push_back(input);
    }
    const auto whole = std::make_shared<const SpendingTransaction>(make_transaction(data), spent);
    for (const size_t input : inputs) {
        EXPECT_FALSE(run_script_check({whole, static_cast<uint32_t>(input), kStandardScriptFlags}));
    }
    return static_cast<int>(inputs.size());
}

TEST(Bip341Vectors, trees_messages_and_signatures_match) {
    const auto text = read_vectors("bip341_wallet_vectors.json");
    if (!text) GTEST_SKIP() << "bip341_wallet_vectors.json not found: 14 cases left out";
    simdjson::dom::parser parser;
    const element whole = parser.parse(*text);
    int cases = 0;
    for (const auto row : whole["scriptPubKey"].get_array()) {
        check_output(row);
        ++cases;
    }
    for (const auto row : whole["keyPathSpending"].get_array()) cases += check_spending(row);
    expect_cases("bip341_wallet_vectors.json", cases, 14);
}

}  // namespace
}  // namespace parley
