// The text forms of validator sets and keys, and the engine's factory.
#include "consensus/pbft/messages/validator_set.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/random.h"
#include "base/storage/memory_storage.h"
#include "chain/rules/params.h"
#include "consensus/pbft/pbft_engine.h"

namespace parley {
namespace {

using ::testing::HasSubstr;

TEST(PbftKeyFiles, generated_files_parse_and_fit_together) {
    SeededRandom random(1);
    const auto files = generate_pbft_keys(7, "labnet", random);
    ASSERT_TRUE(files);
    const auto parsed = parse_pbft_validators(files->validators);
    ASSERT_TRUE(parsed) << parsed.error();
    EXPECT_EQ(parsed->chain, "labnet");
    ASSERT_EQ(parsed->validators.size(), 7U);
    ASSERT_EQ(files->keys.size(), 7U);
    for (size_t i = 0; i < 7; ++i) {
        EXPECT_EQ(files->keys[i].size(), 65U);
        EXPECT_EQ(files->keys[i].back(), '\n');
        const auto key = parse_pbft_key(files->keys[i]);
        ASSERT_TRUE(key);
        EXPECT_EQ(key->public_key(), parsed->validators[i]);
    }
}

TEST(PbftKeyFiles, impossible_requests_are_refused) {
    SeededRandom random(1);
    EXPECT_FALSE(generate_pbft_keys(0, "labnet", random));
    EXPECT_FALSE(generate_pbft_keys(101, "labnet", random));
    EXPECT_FALSE(generate_pbft_keys(4, "main", random));
    EXPECT_TRUE(generate_pbft_keys(100, "regtest", random));
}

class ValidatorsFile : public ::testing::Test {
 protected:
    ValidatorsFile() {
        SeededRandom random(2);
        for (auto& key : keys) key = to_hex(SecretKey::generate(random).public_key().bytes());
    }
    std::string file(const std::string& list, const std::string& chain = "\"labnet\"") const {
        return "{\"chain\": " + chain + ", \"validators\": " + list + "}";
    }
    static std::string error(const std::string& text) {
        const auto parsed = parse_pbft_validators(text);
        return parsed ? "" : parsed.error();
    }
    std::array<std::string, 4> keys;
};

TEST_F(ValidatorsFile, good_one_is_read_in_order) {
    const auto parsed =
        parse_pbft_validators(file("[\"" + keys[2] + "\", \"" + keys[0] + "\"]", "\"regtest\""));
    ASSERT_TRUE(parsed);
    EXPECT_EQ(parsed->chain, "regtest");
    EXPECT_EQ(to_hex(parsed->validators[0].bytes()), keys[2]);
    EXPECT_EQ(to_hex(parsed->validators[1].bytes()), keys[0]);
}

TEST_F(ValidatorsFile, bad_ones_are_refused_with_a_sentence) {
    const std::string good = "[\"" + keys[0] + "\"]";
    EXPECT_THAT(error(""), HasSubstr("not valid JSON"));
    EXPECT_THAT(error(file(good).substr(0, 40)), HasSubstr("not valid JSON"));
    EXPECT_THAT(error(file(good) + "x"), HasSubstr("not valid JSON"));
    EXPECT_THAT(error("[]"), HasSubstr("one JSON object"));
    EXPECT_THAT(error("{}"), HasSubstr("\"chain\" is missing"));
    EXPECT_THAT(error("{\"chain\": \"labnet\"}"), HasSubstr("\"validators\" is missing"));
    EXPECT_THAT(error(file(good, "\"main\"")), HasSubstr("\"chain\" must be"));
    EXPECT_THAT(error(file(good, "7")), HasSubstr("\"chain\" must be"));
    EXPECT_THAT(error(file("[]")), HasSubstr("no validators"));
    EXPECT_THAT(error(file("7")), HasSubstr("array of strings"));
    EXPECT_THAT(error(file("[7]")), HasSubstr("array of strings"));
    EXPECT_THAT(error(file("[\"\"]")), HasSubstr("validator 0 is not"));
    EXPECT_THAT(error(file("[\"" + keys[0] + "\", \"" + keys[1].substr(2) + "\"]")),
                HasSubstr("validator 1 is not"));
    EXPECT_THAT(error(file("[\"05" + keys[0].substr(2) + "\"]")), HasSubstr("validator 0 is not"));
    EXPECT_THAT(error(file("[\"" + keys[0] + "\", \"" + keys[0] + "\"]")),
                HasSubstr("listed twice"));
    EXPECT_THAT(error("{\"chain\":\"labnet\",\"chain\":\"labnet\",\"validators\":" + good + "}"),
                HasSubstr("unknown or there twice"));
    EXPECT_THAT(error("{\"chain\":\"labnet\",\"validators\":" + good + ",\"x\":1}"),
                HasSubstr("unknown or there twice"));
    EXPECT_THAT(error(std::string(100'000, ' ')), HasSubstr("too large"));
}

TEST(PbftKey, only_64_digits_of_a_valid_key_are_taken) {
    const std::string one(63, '0');
    EXPECT_TRUE(parse_pbft_key(one + "1"));
    EXPECT_TRUE(parse_pbft_key("  " + one + "1\r\n"));
    for (const std::string& bad : {std::string(), one, one + "0", one + "11", std::string(64, 'f'),
                                   one + "g", one + "1\n" + one + "1\n"}) {
        const auto key = parse_pbft_key(bad);
        ASSERT_FALSE(key) << bad;
        EXPECT_EQ(key.error().find("00000"), std::string::npos) << "a secret in a message";
    }
}

TEST(ValidatorSetId, binds_members_and_order) {
    SeededRandom random(3);
    std::vector<PublicKey> keys;
    for (int i = 0; i < 4; ++i) keys.push_back(SecretKey::generate(random).public_key());
    const auto set = pbft::ValidatorSet::create(keys);
    ASSERT_TRUE(set);
    EXPECT_EQ(set->primary(0), 0);
    EXPECT_EQ(set->primary(7), 3);
    EXPECT_EQ(set->index_of(keys[2]), 2);
    std::swap(keys[0], keys[1]);
    const auto swapped = pbft::ValidatorSet::create(keys);
    keys.pop_back();
    const auto fewer = pbft::ValidatorSet::create(keys);
    ASSERT_TRUE(swapped && fewer);
    EXPECT_NE(set->id(), swapped->id());
    EXPECT_NE(swapped->id(), fewer->id());
    keys[0] = SecretKey::generate(random).public_key(false);
    EXPECT_FALSE(pbft::ValidatorSet::create(keys));
}

class Factory : public ::testing::Test {
 protected:
    Factory() {
        SeededRandom random(4);
        for (int i = 0; i < 4; ++i) {
            const SecretKey key = SecretKey::generate(random);
            options.validators.push_back(key.public_key());
            options.key = key;
        }
    }
    std::string error() const {
        const auto engine = make_pbft_engine(options, regtest_params(), storage, log);
        return engine ? "" : engine.error();
    }
    PbftOptions options;
    MemoryStorage storage;
    mutable NullLog log;
};

TEST_F(Factory, good_options_make_an_engine) {
    EXPECT_EQ(error(), "");
    const auto engine = make_pbft_engine(options, regtest_params(), storage, log);
    ASSERT_TRUE(engine);
    EXPECT_EQ((*engine)->name(), "pbft");
    EXPECT_EQ((*engine)->finality(), Finality::absolute);
}

TEST_F(Factory, bad_options_are_refused_with_a_sentence) {
    PbftOptions good = options;
    SeededRandom random(5);
    options.key = SecretKey::generate(random);
    EXPECT_THAT(error(), HasSubstr("not one of the validators'"));
    options = good;
    options.validators.clear();
    EXPECT_THAT(error(), HasSubstr("no validators"));
    options = good;
    options.base_timeout = Duration{1};
    EXPECT_THAT(error(), HasSubstr("-pbfttimeout"));
    options = good;
    options.timeout_max = options.base_timeout / 2;
    EXPECT_THAT(error(), HasSubstr("largest timeout"));
    options = good;
    options.empty_block_period = Duration{-1};
    EXPECT_THAT(error(), HasSubstr("-pbftemptyblocks"));
    options = good;
    options.time_bound = Duration{0};
    EXPECT_THAT(error(), HasSubstr("-pbfttimebound"));
}

}  // namespace
}  // namespace parley
