// What options of the network imply for others.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "node/daemon/options/start_options.h"
#include "tests/unit/daemon/temporary_directory.h"

namespace parley {
namespace {

using Lines = std::vector<std::string>;

class NetworkOptionsTest : public testing::Test {
 protected:
    StartOptions good(Lines arguments) {
        arguments.push_back("-datadir=" + directory_.path());
        auto result = read_start_options(arguments, directory_.path());
        EXPECT_TRUE(result) << result.error();
        return result ? std::move(*result) : StartOptions{};
    }

 private:
    const TemporaryDirectory directory_;
};

TEST_F(NetworkOptionsTest, dns_seeds_are_those_of_the_chain_unless_the_peers_are_chosen) {
    const auto seeds = [&](const Lines& arguments) {
        Lines all{"-testnet4"};
        all.insert(all.end(), arguments.begin(), arguments.end());
        return good(all).node->net.dns_seeds.size();
    };
    EXPECT_EQ(seeds({}), 2u);
    EXPECT_EQ(good({"-regtest"}).node->net.dns_seeds.size(), 0u) << "it has none";
    EXPECT_EQ(seeds({"-dnsseed=0"}), 0u);
    EXPECT_EQ(seeds({"-connect=0"}), 0u);
    EXPECT_EQ(seeds({"-connect=1.2.3.4", "-dnsseed"}), 0u);
    EXPECT_EQ(seeds({"-maxconnections=0"}), 0u);
    EXPECT_EQ(seeds({"-maxconnections=0", "-dnsseed"}), 2u);
    EXPECT_EQ(seeds({"-onlynet=onion", "-proxy=127.0.0.1"}), 0u);
    EXPECT_EQ(seeds({"-proxy=127.0.0.1"}), 2u) << "the proxy looks them up";
    EXPECT_TRUE(good({"-testnet4", "-forcednsseed"}).node->net.force_dns_seeds);
}

TEST_F(NetworkOptionsTest, what_options_imply_for_others_is_logged) {
    using testing::Contains;
    using testing::Not;
    const std::string cause = "parameter interaction: -connect or -maxconnections=0 set -> setting";
    const auto notes = [&](const Lines& arguments) {
        Lines all{"-regtest"};
        all.insert(all.end(), arguments.begin(), arguments.end());
        return good(all).notes;
    };
    EXPECT_THAT(notes({"-noconnect"}), Contains(cause + " -dnsseed=0"));
    EXPECT_THAT(notes({"-noconnect"}), Contains(cause + " -listen=0"));
    EXPECT_THAT(notes({"-noconnect", "-bind=127.0.0.1"}), Not(Contains(cause + " -listen=0")));
    EXPECT_THAT(notes({"-noconnect"}), Contains("DNS seeding disabled"));
    EXPECT_THAT(notes({}), Not(Contains("DNS seeding disabled")));
    const std::string seed_node = "-seednode is ignored when -connect is used";
    EXPECT_THAT(notes({"-connect=a", "-seednode=b"}), Contains(seed_node));
    EXPECT_THAT(notes({"-connect=0", "-seednode=b"}), Not(Contains(seed_node)));
    const std::string seeds = "-dnsseed is ignored when -connect is used";
    EXPECT_THAT(notes({"-connect=a", "-dnsseed"}), Contains(seeds));
    EXPECT_THAT(notes({"-noconnect", "-dnsseed", "-proxy=127.0.0.1"}),
                Contains(seeds + " and -proxy is specified"));
    EXPECT_THAT(notes({"-connect=a"}), Not(Contains(seeds)));
    EXPECT_THAT(notes({"-addnode= ", "-addnode=a"}),
                Contains("Warning: Ignoring empty -addnode value"));
    const auto added = good({"-regtest", "-addnode=", "-addnode=a"}).node->net.add_nodes;
    ASSERT_EQ(added.size(), 1u);
    EXPECT_EQ(added[0].endpoint, (Endpoint{"a", 18444}));
    EXPECT_EQ(added[0].text, "a") << "as getaddednodeinfo shows it";
}

}  // namespace
}  // namespace parley
