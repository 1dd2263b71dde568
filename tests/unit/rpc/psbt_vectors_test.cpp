// The test vectors of BIP174, BIP370, BIP371 and BIP373, in bitcoind's collection: what is refused
// and why, what is accepted and unchanged when written again, and the work of each role.
#include <gtest/gtest.h>

#include "rpc/jsonrpc/json.h"
#include "tests/unit/vectors.h"
#include "wallet/psbt/psbt_signer.h"

namespace parley {
namespace {

class PsbtVectors : public testing::Test {
 protected:
    void SetUp() override {
        const auto text = read_vectors("rpc_psbt.json");
        if (!text) GTEST_SKIP() << "rpc_psbt.json not found: 134 cases left out";
        json = rpc::parse_json(*text);
        ASSERT_TRUE(json);
    }
    const rpc::Json::Array& group(std::string_view name) const { return json->find(name)->array(); }

    static Psbt good(const std::string& text) {
        auto psbt = Psbt::from_base64(text);
        EXPECT_TRUE(psbt) << text << ": " << (psbt ? "" : psbt.error());
        return psbt ? std::move(*psbt) : Psbt{};
    }

    std::optional<rpc::Json> json;
};

TEST_F(PsbtVectors, invalid_ones_are_refused_with_their_reasons) {
    int cases = 0;
    for (const rpc::Json& text : group("invalid")) {
        EXPECT_FALSE(Psbt::from_base64(text.string())) << cases << ": " << text.string();
        ++cases;
    }
    for (const rpc::Json& pair : group("invalid_with_msg")) {
        const auto psbt = Psbt::from_base64(pair.array()[0].string());
        ASSERT_FALSE(psbt) << pair.array()[1].string();
        EXPECT_EQ(psbt.error().find(pair.array()[1].string()), 0u)
            << psbt.error() << " instead of " << pair.array()[1].string();
        ++cases;
    }
    expect_cases("rpc_psbt.json", cases, 86);
}

TEST_F(PsbtVectors, valid_ones_survive_a_round_trip) {
    int cases = 0;
    for (const rpc::Json& text : group("valid")) {
        const Psbt first = good(text.string());
        const Psbt again = good(first.to_base64());
        EXPECT_EQ(again.to_base64(), first.to_base64()) << cases;
        EXPECT_EQ(again.unique_id(), first.unique_id());
        EXPECT_TRUE(!first.locktime() || analyze_psbt(first).inputs.size() <= first.inputs.size());
        ++cases;
    }
    expect_cases("rpc_psbt.json", cases, 48);
}

TEST_F(PsbtVectors, combiner_finalizer_and_extractor_make_the_known_results) {
    for (const rpc::Json& row : group("combiner")) {
        const auto& parts = row.find("combine")->array();
        Psbt merged = good(parts[0].string());
        for (size_t i = 1; i < parts.size(); ++i)
            EXPECT_TRUE(merged.merge(good(parts[i].string())));
        EXPECT_EQ(merged.to_base64(), row.find("result")->string());
    }
    for (const rpc::Json& row : group("finalizer")) {
        Psbt psbt = good(row.find("finalize")->string());
        EXPECT_TRUE(finalize_and_extract(psbt));
        EXPECT_EQ(psbt.to_base64(), row.find("result")->string());
    }
    for (const rpc::Json& row : group("extractor")) {
        Psbt psbt = good(row.find("extract")->string());
        const auto transaction = finalize_and_extract(psbt);
        ASSERT_TRUE(transaction);
        Writer writer;
        write_transaction(writer, *transaction, WitnessEncoding::with);
        EXPECT_EQ(to_hex(writer.data()), row.find("result")->string());
    }
}

}  // namespace
}  // namespace parley
