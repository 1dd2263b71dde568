// Descriptors with several keys, nested scripts and script trees: scripts, texts and their errors.
#include <gtest/gtest.h>

#include "base/crypto/hash.h"
#include "chain/primitives/address.h"
#include "chain/rules/params.h"
#include "wallet/descriptor/descriptor.h"

namespace parley {
namespace {

// The public keys of the numbers 1 to 4.
const std::string kKeyOne = "0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798";
const std::string kKeyTwo = "02c6047f9441ed7d6d3045406e95c07cd85c778e4b8cef3ca7abac09b95c709ee5";
const std::string kKeyThree = "02f9308a019258c31049344f85f89d5229b531c845836f99b08601f113bce036f9";
const std::string kKeyFour = "02e493dbf1c10d80f3581e4904930b1404cc6c13900ee0758474fa94abe8c4cd13";
const std::string kKeyOneLong =
    "0479be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798483ada7726a3c4655da4fbfc0e11"
    "08a8fd17b448a68554199c47d08ffb10d4b8";
// BIP32's first test vector.
const std::string kRootXpub =
    "xpub661MyMwAqRbcFtXgS5sYJABqqG9YLmC4Q1Rdap9gSE8NqtwybGhePY2gZ29ESFjqJoCu1Rupje8YtGqsefD265TMg7"
    "usUDFdp6W1EGMcet8";
const std::string kRootXprv =
    "xprv9s21ZrQH143K3QTDL4LXw2F7HEK3wJUD2nW2nRk4stbPy6cq3jPPqjiChkVvvNKmPGJxWUtg6LnF5kejMRNNU3TGtR"
    "BeJgk33yuGBxrMPHi";

std::string x_only(const std::string& key) {
    return key.substr(2);
}

class DescriptorScriptsTest : public testing::Test {
 protected:
    Descriptor good(const std::string& text) const {
        auto parsed = Descriptor::parse(text, params, false);
        EXPECT_TRUE(parsed) << text << ": " << (parsed ? "" : parsed.error());
        return parsed.value();
    }
    std::string bad(const std::string& text) const {
        const auto parsed = Descriptor::parse_all(text, params, false);
        EXPECT_FALSE(parsed) << text;
        return parsed ? "" : parsed.error();
    }
    std::string script(const std::string& text, uint32_t position = 0) const {
        const auto scripts = good(text).scripts(position);
        EXPECT_EQ(scripts.size(), 1u) << text;
        return scripts.empty() ? "" : to_hex(scripts[0].bytes());
    }
    std::string body(const Descriptor& descriptor, KeyForm form = KeyForm::public_only) const {
        const std::string text = descriptor.to_string(params, form);
        return text.substr(0, text.find('#'));
    }

    ChainParams params = main_params();
};

TEST_F(DescriptorScriptsTest, multisig_keeps_or_sorts_its_keys) {
    const std::string given = "5121" + kKeyTwo + "21" + kKeyOne + "52ae";
    const std::string sorted = "5121" + kKeyOne + "21" + kKeyTwo + "52ae";
    EXPECT_EQ(script("multi(1," + kKeyTwo + "," + kKeyOne + ")"), given);
    EXPECT_EQ(script("sortedmulti(1," + kKeyTwo + "," + kKeyOne + ")"), sorted);
}

TEST_F(DescriptorScriptsTest, wrapping_hashes_the_inner_script) {
    const std::string inner = "multi(1," + kKeyOne + ")";
    const Script redeem = good(inner).scripts(0)[0];
    EXPECT_EQ(good("sh(" + inner + ")").scripts(0)[0], p2sh_script(hash160(redeem.bytes())));
    const Script program = good("wsh(" + inner + ")").scripts(0)[0];
    EXPECT_EQ(program.size(), 34u);
    EXPECT_EQ(good("sh(wsh(" + inner + "))").scripts(0)[0], p2sh_script(hash160(program.bytes())));
    // The address of BIP141's nested form for the key of the number 1.
    EXPECT_EQ(
        encode_address(params.address_prefixes, good("sh(wpkh(" + kKeyOne + "))").scripts(0)[0]),
        "3JvL6Ymt8MVWiCNHC7oWU6nLeHNJKLZGLN");
    SolvingData data;
    good("sh(wsh(" + inner + "))").solve(0, data, false);
    ASSERT_NE(data.find_redeem_script(hash160(program.bytes())), nullptr);
    ASSERT_NE(data.find_witness_script(witness_program(program)->program), nullptr);
    EXPECT_EQ(*data.find_witness_script(witness_program(program)->program), redeem);
}

TEST_F(DescriptorScriptsTest, taproot_key_path_is_bip86s) {
    // BIP86's first receiving address.
    EXPECT_EQ(encode_address(params.address_prefixes,
                             good("tr([73c5da0a/86h/0h/"
                                  "0h]xpub6BgBgsespWvERF3LHQu6CnqdvfEvtMcQjYrcRzx53QJjSxarj2afYWcLt"
                                  "eoGVky7D3UKDP9QyrLprQ3VCECoY49yfdDEHGCtMMj92pReUsQ/0/*)")
                                 .scripts(0)[0]),
              "bc1p5cyxnuxmeuwuvkwfem96lqzszd02n6xdcjrs20cac6yqjjwudpxqkedrcr");
    // rawtr() does not tweak.
    EXPECT_EQ(script("rawtr(" + x_only(kKeyOne) + ")"), "5120" + x_only(kKeyOne));
    EXPECT_NE(script("tr(" + x_only(kKeyOne) + ")"), "5120" + x_only(kKeyOne));
}

TEST_F(DescriptorScriptsTest, taproot_tree_commits_to_every_leaf) {
    const std::string text = "tr(" + x_only(kKeyOne) + ",{pk(" + x_only(kKeyTwo) + "),{multi_a(1," +
                             x_only(kKeyThree) + "," + x_only(kKeyFour) + "),pk(" +
                             x_only(kKeyFour) + ")}})";
    SolvingData data;
    const auto scripts = good(text).solve(0, data, false);
    ASSERT_EQ(data.trees.size(), 1u);
    const auto& [output_key, tree] = *data.trees.begin();
    EXPECT_EQ(scripts[0], witness_script(1, output_key));
    ASSERT_EQ(tree.leaves().size(), 3u);
    EXPECT_EQ(tree.leaves()[0].depth, 1);
    EXPECT_EQ(tree.leaves()[1].depth, 2);
    EXPECT_EQ(to_hex(tree.leaves()[1].script.bytes()),
              "20" + x_only(kKeyThree) + "ac20" + x_only(kKeyFour) + "ba519c");
    for (size_t i = 0; i < tree.leaves().size(); ++i) {
        const TaprootLeaf& leaf = tree.leaves()[i];
        EXPECT_TRUE(verify_taproot_commitment(tree.control_block(i), output_key,
                                              tapleaf_hash(leaf.version, leaf.script.bytes())));
    }
    EXPECT_EQ(body(good(text)), text);
    EXPECT_EQ(body(infer_descriptor(params, scripts[0], data)).substr(0, 13), "tr([751e76e8]");
}

TEST_F(DescriptorScriptsTest, sorted_tapscript_multisig_sorts_by_x) {
    SolvingData data;
    good("tr(" + x_only(kKeyOne) + ",sortedmulti_a(2," + x_only(kKeyThree) + "," + x_only(kKeyTwo) +
         "))")
        .solve(0, data, false);
    EXPECT_EQ(to_hex(data.trees.begin()->second.leaves()[0].script.bytes()),
              "20" + x_only(kKeyTwo) + "ac20" + x_only(kKeyThree) + "ba529c");
}

TEST_F(DescriptorScriptsTest, multipath_expands_to_one_descriptor_for_each_value) {
    const auto all = Descriptor::parse_all(
        "wsh(multi(1," + kRootXpub + "/<0;1h;7>/*," + kKeyOne + "," + kRootXpub + "/<2;3;4>))",
        params, false);
    ASSERT_TRUE(all);
    ASSERT_EQ(all->size(), 3u);
    EXPECT_EQ(body((*all)[1]),
              "wsh(multi(1," + kRootXpub + "/1h/*," + kKeyOne + "," + kRootXpub + "/3))");
    EXPECT_TRUE((*all)[1].scripts(0).empty());
    EXPECT_EQ(body((*all)[2]),
              "wsh(multi(1," + kRootXpub + "/7/*," + kKeyOne + "," + kRootXpub + "/4))");
    const auto tree = Descriptor::parse_all(
        "tr(" + kRootXpub + "/<0;1>,pk(" + x_only(kKeyOne) + "))", params, false);
    ASSERT_TRUE(tree);
    EXPECT_EQ(tree->size(), 2u);
    EXPECT_EQ(bad("wpkh(" + kRootXpub + "/<0>)"),
              "wpkh(): Multipath key path specifiers must have at least two items");
    EXPECT_EQ(bad("wpkh(" + kRootXpub + "/<0;0>)"),
              "wpkh(): Duplicated key path value 0 in multipath specifier");
    EXPECT_EQ(bad("wpkh(" + kRootXpub + "/<0;1>/<2;3>)"),
              "wpkh(): Multiple multipath key path specifiers found");
    EXPECT_EQ(bad("wpkh([01234567/<0;1>]" + kRootXpub + ")"),
              "wpkh(): Key path value '<0;1>' specifies multipath in a section where multipath is "
              "not allowed");
    EXPECT_EQ(bad("multi(1," + kRootXpub + "/<0;1>," + kRootXpub + "/<0;1;2>)"),
              "multi(): Multipath derivation paths have mismatched lengths");
    EXPECT_EQ(bad("tr(" + kRootXpub + "/<0;1>,pk(" + kRootXpub + "/<0;1;2>))"),
              "tr(): Multipath internal key mismatches multipath subscripts lengths");
}

TEST_F(DescriptorScriptsTest, to_string_shows_secrets_only_when_asked) {
    const std::string text = "wsh(multi(1," + kRootXprv + "/3h/*," + kKeyOne + "))";
    EXPECT_EQ(body(good(text), KeyForm::secret), text);
    EXPECT_EQ(body(good(text)), "wsh(multi(1," + kRootXpub + "/3h/*," + kKeyOne + "))");
    const std::string normalised = body(good(text), KeyForm::normalised);
    EXPECT_EQ(normalised.substr(0, 31), "wsh(multi(1,[3442193e/3h]xpub68");
    EXPECT_EQ(good(normalised).scripts(9), good(text).scripts(9));
    EXPECT_EQ(good(normalised).id(params), good(text).id(params));
}

TEST_F(DescriptorScriptsTest, place_of_a_function_is_checked) {
    const std::string pk = "pk(" + kKeyOne + ")";
    const auto in = [](const std::string& outer, const std::string& inner) {
        return outer + "(" + inner + ")";
    };
    EXPECT_EQ(bad(in("sh", in("sh", pk))), "Can only have sh() at top level");
    EXPECT_EQ(bad(in("wsh", in("wsh", pk))), "Can only have wsh() at top level or inside sh()");
    EXPECT_EQ(bad(in("wsh", in("wpkh", kKeyOne))),
              "Can only have wpkh() at top level or inside sh()");
    EXPECT_EQ(bad(in("sh", in("combo", kKeyOne))), "Can only have combo() at top level");
    EXPECT_EQ(bad(in("sh", in("tr", x_only(kKeyOne)))), "Can only have tr at top level");
    EXPECT_EQ(bad(in("sh", in("rawtr", x_only(kKeyOne)))), "Can only have rawtr at top level");
    EXPECT_EQ(bad(in("sh", "raw(51)")), "Can only have raw() at top level");
    EXPECT_EQ(bad(in("sh", "addr(x)")), "Can only have addr() at top level");
    EXPECT_EQ(bad(in("wsh", "multi_a(1," + kKeyOne + ")")),
              "Can only have multi_a/sortedmulti_a inside tr()");
    EXPECT_EQ(bad("tr(" + kKeyOne + ",multi(1," + kKeyOne + "))"),
              "Can only have multi/sortedmulti at top level, in sh(), or in wsh()");
    EXPECT_EQ(bad(in("sh", kKeyOne)), "A function is needed within P2SH");
    EXPECT_EQ(bad(in("wsh", kKeyOne)), "A function is needed within P2WSH");
    EXPECT_EQ(bad("older(10)"), "Miniscript expressions can only be used in wsh or tr.");
    EXPECT_EQ(bad(pk + pk + "x"), "'" + pk + pk + "x' is not a valid descriptor function");
}

TEST_F(DescriptorScriptsTest, multisig_limits_are_bitcoinds) {
    const auto keys = [](size_t count, const std::string& key) {
        std::string list;
        for (size_t i = 0; i < count; ++i) list += "," + key;
        return list;
    };
    EXPECT_EQ(bad("multi(a" + keys(1, kKeyOne) + ")"), "Multi threshold 'a' is not valid");
    EXPECT_EQ(bad("multi(0" + keys(1, kKeyOne) + ")"),
              "Multisig threshold cannot be 0, must be at least 1");
    EXPECT_EQ(bad("multi(3" + keys(2, kKeyOne) + ")"),
              "Multisig threshold cannot be larger than the number of keys; threshold is 3 but "
              "only 2 keys specified");
    EXPECT_EQ(bad("multi(1" + keys(4, kKeyOne) + ")"),
              "Cannot have 4 pubkeys in bare multisig; only at most 3 pubkeys");
    good("sh(multi(1" + keys(15, kKeyOne) + "))");
    EXPECT_EQ(bad("sh(multi(1" + keys(16, kKeyOne) + "))"),
              "P2SH script is too large, 547 bytes is larger than 520 bytes");
    good("wsh(multi(1" + keys(20, kKeyOne) + "))");
    EXPECT_EQ(bad("wsh(multi(1" + keys(21, kKeyOne) + "))"),
              "Cannot have 21 keys in multisig; must have between 1 and 20 keys, inclusive");
    good("tr(" + kKeyOne + ",multi_a(999" + keys(999, x_only(kKeyOne)) + "))");
    EXPECT_EQ(bad("tr(" + kKeyOne + ",multi_a(1" + keys(1000, x_only(kKeyOne)) + "))"),
              "Cannot have 1000 keys in multi_a; must have between 1 and 999 keys, inclusive");
    EXPECT_EQ(bad("wsh(multi(1))"),
              "Cannot have 0 keys in multisig; must have between 1 and 20 keys, inclusive");
}

TEST_F(DescriptorScriptsTest, keys_are_checked_where_they_stand) {
    good("sh(pk(" + kKeyOneLong + "))");
    EXPECT_EQ(bad("wsh(pk(" + kKeyOneLong + "))"), "pk(): Uncompressed keys are not allowed");
    EXPECT_EQ(bad("tr(" + kKeyOneLong + ")"), "tr(): Uncompressed keys are not allowed");
    EXPECT_EQ(bad("pk(06" + kKeyOneLong.substr(2) + ")"),
              "pk(): Hybrid public keys are not allowed");
    EXPECT_EQ(bad("pk(" + x_only(kKeyOne) + ")"),
              "pk(): Pubkey '" + x_only(kKeyOne) + "' is invalid");
    EXPECT_EQ(bad("pk( " + kKeyOne + ")"),
              "pk(): Key ' " + kKeyOne + "' is invalid due to whitespace");
    EXPECT_EQ(bad("wsh(multi(1," + kKeyOne + " ))"),
              "Multi: Key '" + kKeyOne + " ' is invalid due to whitespace");
    EXPECT_EQ(bad("pk([aaaaaaaa][aaaaaaaa]" + kKeyOne + ")"),
              "pk(): Multiple ']' characters found for a single pubkey");
    EXPECT_EQ(bad("pk([aaaaaaa]" + kKeyOne + ")"),
              "pk(): Fingerprint is not 4 bytes (7 characters instead of 8 characters)");
    EXPECT_EQ(bad("pk([gaaaaaaa]" + kKeyOne + ")"), "pk(): Fingerprint 'gaaaaaaa' is not hex");
    EXPECT_EQ(bad("pk(aaaaaaaa]" + kKeyOne + ")"),
              "pk(): Key origin start '[ character expected but not found, got 'a' instead");
    EXPECT_EQ(bad("pk(" + kRootXpub + "/2147483648)"),
              "pk(): Key path value 2147483648 is out of range");
    EXPECT_EQ(bad("pk(" + kRootXpub + "/1aa)"), "pk(): Key path value '1aa' is not a valid uint32");
    EXPECT_EQ(bad("pk(musig(" + kKeyOne + "))"),
              "pk(): musig() is only allowed in tr() and rawtr()");
    EXPECT_EQ(bad("rawtr(" + kKeyOne + "," + kKeyOne + ")"), "rawtr(): only one key expected.");
}

TEST_F(DescriptorScriptsTest, infer_shows_what_is_known) {
    for (const std::string& text :
         {"pkh(" + kKeyOne + ")", "wpkh(" + kKeyOne + ")", "sh(wpkh(" + kKeyOne + "))",
          "multi(1," + kKeyOne + "," + kKeyTwo + ")", "sh(multi(1," + kKeyOne + "))",
          "wsh(multi(2," + kKeyOne + "," + kKeyTwo + "))", "sh(wsh(pk(" + kKeyOne + ")))",
          "sh(wsh(pkh(" + kKeyOne + ")))"}) {
        SolvingData data;
        const Script output = good(text).solve(0, data, false)[0];
        const Descriptor inferred = infer_descriptor(params, output, data);
        EXPECT_EQ(inferred.kind(), good(text).kind());
        EXPECT_EQ(inferred.scripts(0)[0], output) << text;
        // Without the data, only the address or the script remains.
        const Descriptor blind = infer_descriptor(params, output, {});
        EXPECT_EQ(blind.is_solvable(), text.starts_with("multi")) << text;
        EXPECT_EQ(blind.scripts(0)[0], output);
    }
    EXPECT_EQ(body(infer_descriptor(params, Script{Bytes{0x51}}, {})), "raw(51)");
}

}  // namespace
}  // namespace parley
