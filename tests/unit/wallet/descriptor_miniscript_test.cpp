// Miniscript in descriptors: texts, scripts, inference and errors.
#include <gtest/gtest.h>

#include "base/crypto/sha256.h"
#include "chain/rules/params.h"
#include "miniscript_fixture.h"
#include "wallet/descriptor/descriptor.h"

namespace parley {
namespace {

// BIP32's first test vector.
const std::string kVectorXpub =
    "xpub661MyMwAqRbcFtXgS5sYJABqqG9YLmC4Q1Rdap9gSE8NqtwybGhePY2gZ29ESFjqJoCu1Rupje8YtGqsefD265TMg7"
    "usUDFdp6W1EGMcet8";
const std::string kVectorXprv =
    "xprv9s21ZrQH143K3QTDL4LXw2F7HEK3wJUD2nW2nRk4stbPy6cq3jPPqjiChkVvvNKmPGJxWUtg6LnF5kejMRNNU3TGtR"
    "BeJgk33yuGBxrMPHi";

std::string in_p2wsh(std::string_view text) {
    return expand_test_text(text, MiniscriptContext::p2wsh);
}
std::string in_tapscript(std::string_view text) {
    return expand_test_text(text, MiniscriptContext::tapscript);
}

class DescriptorMiniscriptTest : public testing::Test {
 protected:
    std::vector<Descriptor> all(const std::string& text) const {
        auto parsed = Descriptor::parse_all(text, params, false);
        EXPECT_TRUE(parsed) << text << ": " << (parsed ? "" : parsed.error());
        return parsed ? std::move(*parsed) : std::vector<Descriptor>{};
    }
    Descriptor good(const std::string& text) const { return all(text).at(0); }
    std::string bad(const std::string& text) const {
        const auto parsed = Descriptor::parse_all(text, params, false);
        return parsed ? "accepted" : parsed.error();
    }
    std::string body(const Descriptor& descriptor, KeyForm form = KeyForm::public_only) const {
        const std::string text = descriptor.to_string(params, form);
        return text.substr(0, text.find('#'));
    }

    const ChainParams params = main_params();
};

TEST_F(DescriptorMiniscriptTest, text_and_script_roundTrip) {
    for (const std::string& text :
         {in_p2wsh("wsh(and_v(v:pk(@1),older(10)))"),
          in_p2wsh("sh(wsh(or_d(pk(@1),and_v(v:pkh(@2),after(100)))))"),
          in_p2wsh("wsh(thresh(2,pk(@1),s:pk(@2),sln:after(1231488000)))"),
          in_p2wsh("wsh(andor(multi(2,@1,@2),older(10),and_v(v:sha256(#7),pk(@3))))"),
          in_tapscript("tr(@9,and_v(v:pk(@1),older(10)))"),
          in_tapscript("tr(@9,{pk(@8),or_d(multi_a(2,@1,@2,@3),and_v(v:pkh(@4),after(7)))})")}) {
        const Descriptor descriptor = good(text);
        EXPECT_EQ(body(descriptor), text);
        SolvingData data;
        const auto scripts = descriptor.solve(0, data, false);
        ASSERT_EQ(scripts.size(), 1u) << text;
        // The inferred text has the same script, with the origin of each key.
        const Descriptor inferred = infer_descriptor(params, scripts[0], data);
        EXPECT_EQ(inferred.kind(), descriptor.kind()) << body(inferred);
        EXPECT_EQ(inferred.scripts(0), scripts) << body(inferred);
        const Descriptor blind = infer_descriptor(params, scripts[0], {});
        EXPECT_TRUE(blind.kind() == Descriptor::Kind::addr ||
                    blind.kind() == Descriptor::Kind::rawtr);
    }
}

TEST_F(DescriptorMiniscriptTest, script_inside_isTheMiniscripts) {
    const auto expression =
        parse_test_miniscript("and_v(v:pk(@1),older(10))", MiniscriptContext::p2wsh);
    ASSERT_TRUE(expression);
    const Script script = expression->expression.script(expression->keys);
    EXPECT_EQ(good(in_p2wsh("wsh(and_v(v:pk(@1),older(10)))")).scripts(0).at(0),
              witness_script(0, sha256(script.bytes()).span()));
}

TEST_F(DescriptorMiniscriptTest, ranges_multipathAndSecrets_workInside) {
    const std::string text = "wsh(and_v(v:pk(" + kVectorXprv + "/<0;1>/*),older(10)))";
    const auto paths = all(text);
    ASSERT_EQ(paths.size(), 2u);
    EXPECT_TRUE(paths[0].is_range());
    EXPECT_TRUE(paths[0].has_secret());
    EXPECT_EQ(body(paths[1]), "wsh(and_v(v:pk(" + kVectorXpub + "/1/*),older(10)))");
    EXPECT_EQ(body(paths[0], KeyForm::secret),
              "wsh(and_v(v:pk(" + kVectorXprv + "/0/*),older(10)))");
    EXPECT_NE(paths[0].scripts(0), paths[1].scripts(0));
    EXPECT_NE(paths[0].scripts(0), paths[0].scripts(1));
    EXPECT_FALSE(paths[0].derive_public_key(0));
    EXPECT_EQ(bad("wsh(or_d(pk(" + kVectorXpub + "/<0;1>/*),and_v(v:pk(" + kVectorXpub +
                  "/<2;3;4>/*),older(10))))"),
              "Miniscript: Multipath derivation paths have mismatched lengths");
}

TEST_F(DescriptorMiniscriptTest, errors_areBitcoinds) {
    EXPECT_EQ(bad(in_p2wsh("and_v(v:pk(@1),older(10))")),
              "Miniscript expressions can only be used in wsh or tr.");
    EXPECT_EQ(bad("older(10)"), "Miniscript expressions can only be used in wsh or tr.");
    EXPECT_EQ(bad("sh(older(10))"), "Miniscript expressions can only be used in wsh or tr.");
    EXPECT_EQ(bad("wsh(older)"), "A function is needed within P2WSH");
    EXPECT_EQ(bad(in_p2wsh("wsh(and_v(v:pk(@1)))")), "A function is needed within P2WSH");
    EXPECT_EQ(bad(in_tapscript("tr(@1,and_v(v:pk(@2)))")),
              "'" + in_tapscript("and_v(v:pk(@2))") + "' is not a valid descriptor function");
    EXPECT_EQ(bad("wsh(older(10))"), "older(10) is not sane: witnesses without signature exist");
    EXPECT_EQ(bad(in_p2wsh("wsh(and_v(pk(@1),older(10)))")),
              in_p2wsh("and_v(pk(@1),older(10)) is invalid"));
    EXPECT_EQ(bad(in_p2wsh("wsh(and_v(v:pk(@1),pk(@1)))")),
              in_p2wsh("and_v(v:pk(@1),pk(@1)) is not sane: contains duplicate public keys"));
    EXPECT_EQ(bad("wsh(and_v(v:pk(" + kVectorXpub + "/0/*),pk(" + kVectorXpub + "/0/*)))"),
              "and_v(v:pk(" + kVectorXpub + "/0/*),pk(" + kVectorXpub +
                  "/0/*)) is not sane: contains duplicate public keys");
    EXPECT_EQ(bad(in_p2wsh("wsh(or_i(pk(@1),or_b(older(1),a:pk(@2))))")),
              in_p2wsh("or_b(older(1),a:pk(@2)) is invalid"));
    EXPECT_EQ(bad(in_p2wsh("wsh(and_b(after(1),a:and_b(after(1000000000),a:pk(@1))))")),
              in_p2wsh("and_b(after(1),a:and_b(after(1000000000),a:pk(@1))) is not sane: contains "
                       "mixes of timelocks expressed in blocks and seconds"));
    EXPECT_EQ(bad("wsh(and_v(v:pk(02),older(10)))"), "Pubkey '02' is invalid");
}

}  // namespace
}  // namespace parley
