#include "node/daemon/options/start_options.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "base/random.h"
#include "base/storage/memory_storage.h"
#include "tests/unit/daemon/temporary_directory.h"

namespace parley {
namespace {

using Lines = std::vector<std::string>;

class StartOptionsTest : public testing::Test {
 protected:
    Expected<StartOptions, std::string> read(Lines arguments) {
        arguments.push_back("-datadir=" + directory_.path());
        return read_start_options(arguments, directory_.path());
    }
    StartOptions good(const Lines& arguments) {
        auto result = read(arguments);
        EXPECT_TRUE(result) << result.error();
        return result ? std::move(*result) : StartOptions{};
    }
    std::string refusal(const Lines& arguments) {
        const auto result = read(arguments);
        EXPECT_FALSE(result);
        return result ? "" : result.error();
    }
    void write(const std::string& name, const std::string& text) {
        std::filesystem::create_directories(
            (directory_ / name).substr(0, (directory_ / name).find_last_of('/')));
        std::ofstream(directory_ / name) << text;
    }

    TemporaryDirectory directory_;
};

TEST_F(StartOptionsTest, regtest_defaults) {
    const StartOptions start = good({"-regtest"});
    EXPECT_EQ(start.daemon.chain, "regtest");
    EXPECT_EQ(start.daemon.chain_directory, directory_ / "regtest");
    EXPECT_EQ(start.daemon.blocks_directory, directory_ / "regtest/blocks");
    EXPECT_EQ(start.daemon.transport.default_port, 18444);
    EXPECT_EQ(start.daemon.http.binds,
              (std::vector<Endpoint>{{"127.0.0.1", 18443}, {"::1", 18443}}));
    EXPECT_EQ(start.daemon.http.cookie_file, directory_ / "regtest/.cookie");
    EXPECT_EQ(start.daemon.log.path, directory_ / "regtest/debug.log");
    EXPECT_TRUE(start.daemon.log.console);
    EXPECT_EQ(start.node->engine.name, "pow");
    EXPECT_TRUE(start.notes.empty());
    EXPECT_FALSE(std::filesystem::exists(directory_ / "regtest"));
    EXPECT_EQ(good({}).daemon.chain_directory, directory_.path());
}

TEST_F(StartOptionsTest, chain_may_be_chosen_in_the_file) {
    write("parley.conf", "chain=labnet\n[labnet]\nport=7\npowtargetspacing=2\n");
    const StartOptions start = good({});
    EXPECT_EQ(start.daemon.chain, "labnet");
    EXPECT_EQ(start.daemon.transport.default_port, 7);
    EXPECT_EQ(start.node->params.target_spacing_s, 2);
}

TEST_F(StartOptionsTest, bitcoin_conf_is_read_where_there_is_no_parley_conf) {
    write("bitcoin.conf", "regtest=1\nincludeconf=more.conf\n");
    write("more.conf", "[regtest]\nrpcport=9\n");
    EXPECT_EQ(good({}).daemon.http.binds[0].port, 9);
    write("parley.conf", "regtest=1\n");
    EXPECT_EQ(good({}).daemon.http.binds[0].port, 18443);
    EXPECT_EQ(good({"-noconf"}).daemon.chain, "main");
}

TEST_F(StartOptionsTest, settings_json_goes_between_command_line_and_file) {
    write("parley.conf", "regtest=1\n[regtest]\nrpcport=1\n");
    write("regtest/settings.json", R"({"rpcport": 2})");
    EXPECT_EQ(good({}).daemon.http.binds[0].port, 2);
    EXPECT_EQ(good({"-rpcport=3"}).daemon.http.binds[0].port, 3);
    EXPECT_EQ(good({"-nosettings"}).daemon.http.binds[0].port, 1);
}

TEST_F(StartOptionsTest, connect_zero_dials_nobody_and_does_not_listen_unless_asked_to) {
    const StartOptions start = good({"-regtest", "-connect=0"});
    EXPECT_TRUE(start.node->net.connect_only);
    EXPECT_TRUE(start.node->net.connect.empty());
    EXPECT_FALSE(start.daemon.transport.listening);
    EXPECT_TRUE(good({"-regtest", "-connect=0", "-listen"}).daemon.transport.listening);
    EXPECT_TRUE(good({"-regtest", "-noconnect", "-bind=127.0.0.1"}).daemon.transport.listening);
    EXPECT_FALSE(good({"-regtest", "-maxconnections=0"}).daemon.transport.listening);
    const StartOptions some = good({"-regtest", "-connect=127.0.0.1", "-connect=[::1]:5"});
    EXPECT_EQ(some.node->net.connect, (std::vector<Endpoint>{{"127.0.0.1", 18444}, {"::1", 5}}));
}

TEST_F(StartOptionsTest, options_without_meaning_are_noted) {
    const StartOptions start = good({"-regtest", "-discover=0", "-rpcbind=0.0.0.0"});
    ASSERT_EQ(start.notes.size(), 2u);
    EXPECT_NE(start.notes[0].find("-rpcbind was ignored"), std::string::npos);
    EXPECT_NE(start.notes[1].find("-discover"), std::string::npos);
}

TEST_F(StartOptionsTest, privacy_that_cannot_be_had_is_refused) {
    constexpr const char* kTor =
        "Outbound connections restricted to Tor (-onlynet=onion) but the proxy for reaching the "
        "Tor network is ";
    const std::pair<Lines, std::string> cases[] = {
        {{"-proxy"}, "Can not set -proxy with no value. Please specify value with -proxy=value."},
        {{"-proxy=abc..abc:23456"}, "Invalid -proxy address or hostname: 'abc..abc:23456'"},
        {{"-proxy=1.2.3.999"}, "Invalid -proxy address or hostname: '1.2.3.999'"},
        {{"-proxy=unix:"}, "Invalid -proxy address or hostname: 'unix:'"},
        {{"-proxy=unix:" + std::string(108, 'x')}, "Invalid -proxy address or hostname: 'unix:xx"},
        {{"-proxy=192.0.0.1:def"}, "Invalid port specified in -proxy: '192.0.0.1:def'"},
        {{"-proxy=192.0.0.1:0"}, "Invalid port specified in -proxy: '192.0.0.1:0'"},
        {{"-proxy=192.0.0.1:65536=ipv4"},
         "Invalid port specified in -proxy: '192.0.0.1:65536=ipv4'"},
        {{"-proxy=127.0.0.1:9050="},
         "Invalid -proxy address or hostname, ends with '=': '127.0.0.1:9050='"},
        {{"-proxy=127.0.0.1:9050=foo"},
         "Unrecognized network in -proxy='127.0.0.1:9050=foo': 'foo'"},
        {{"-proxy=127.0.0.1:9050=i2p"},
         "Unrecognized network in -proxy='127.0.0.1:9050=i2p': 'i2p'"},
        {{"-onion=xyz..xyz:23456"}, "Invalid -onion address or hostname: 'xyz..xyz:23456'"},
        {{"-onion=192.0.0.1:def"}, "Invalid port specified in -onion: '192.0.0.1:def'"},
        {{"-i2psam=def..def:23456"}, "Invalid -i2psam address or hostname: 'def..def:23456'"},
        {{"-i2psam=192.0.0.1:def"}, "Invalid port specified in -i2psam: '192.0.0.1:def'"},
        {{"-privatebroadcast"}, "-privatebroadcast is not supported"},
        {{"-avoidpartialspends=1"}, "-avoidpartialspends is not supported"},
        {{"-paytxfee=0.001"}, "-paytxfee is not supported"},
        {{"-onlynet=onion"},
         std::string(kTor) + "not provided: none of -proxy, -onion or -listenonion is given"},
        {{"-onlynet=onion", "-proxy=127.0.0.1=ipv4"}, std::string(kTor) + "not provided"},
        {{"-onlynet=onion", "-onion=0"}, std::string(kTor) + "explicitly forbidden: -onion=0"},
        {{"-onlynet=onion", "-noonion", "-proxy=127.0.0.1"},
         std::string(kTor) + "explicitly forbidden: -onion=0"},
        {{"-onlynet=i2p"},
         "Outbound connections restricted to i2p (-onlynet=i2p) but -i2psam is not provided"},
        {{"-onlynet=cjdns"},
         "Outbound connections restricted to CJDNS (-onlynet=cjdns) but -cjdnsreachable is not "
         "provided"},
        {{"-onlynet=luck"}, "Unknown network specified in -onlynet: 'luck'"},
        {{"-forcednsseed", "-nodnsseed"},
         "Cannot set -forcednsseed to true when setting -dnsseed to false."},
        {{"-onlynet=onion", "-onion=127.0.0.1", "-dnsseed"},
         "Incompatible options: -dnsseed=1 was explicitly specified, but -onlynet forbids "
         "connections to IPv4/IPv6"},
        {{"-walletdir=absent"}, "absent\" does not exist"},
    };
    for (const auto& [arguments, sentence] : cases) {
        Lines all{"-regtest"};
        all.insert(all.end(), arguments.begin(), arguments.end());
        const std::string refused = refusal(all);
        EXPECT_NE(refused.find(sentence), std::string::npos) << arguments[0] << ": " << refused;
    }
    good({"-regtest", "-i2psam=0", "-privatebroadcast=0", "-avoidpartialspends=0",
          "-walletbroadcast", "-paytxfee=0.00"});
}

TEST_F(StartOptionsTest, networks_and_their_proxies) {
    struct Case {
        Lines arguments;
        const char* ipv4;
        const char* ipv6;
        const char* onion;
        const char* cjdns;
        const char* names;
    };
    const Case cases[] = {
        {{}, "", "", "", "", ""},
        {{"-proxy=127.0.0.1"},
         "127.0.0.1:9050",
         "127.0.0.1:9050",
         "127.0.0.1:9050",
         "127.0.0.1:9050",
         "127.0.0.1:9050"},
        {{"-proxy=[::1]:5", "-noonion"}, "[::1]:5", "[::1]:5", "", "[::1]:5", "[::1]:5"},
        {{"-proxy=tor:1", "-onion=unix:/run/x"}, "tor:1", "tor:1", "unix:/run/x", "tor:1", "tor:1"},
        {{"-proxy=a:1", "-onion="}, "a:1", "a:1", "a:1", "a:1", "a:1"},
        {{"-onion=a:1"}, "", "", "a:1", "", ""},
        {{"-proxy=a:1=ipv6"}, "", "a:1", "", "", "a:1"},
        {{"-proxy=a:1", "-proxy=b:2=tor", "-proxy=0=cjdns"}, "a:1", "a:1", "b:2", "", "a:1"},
        {{"-proxy=a:1=IPv4", "-proxy=b:2=onion"}, "a:1", "", "b:2", "", "a:1"},
        {{"-proxy=a:1", "-proxy=0"}, "", "", "", "", ""},
        {{"-proxy=a:1", "-noproxy"}, "", "", "", "", ""},
    };
    for (const Case& expected : cases) {
        Lines all{"-regtest"};
        all.insert(all.end(), expected.arguments.begin(), expected.arguments.end());
        const StartOptions start = good(all);
        const Proxies& proxies = start.node->net.proxies;
        EXPECT_EQ(proxies.networks[Network::ipv4].address, expected.ipv4) << all.back();
        EXPECT_EQ(proxies.networks[Network::ipv6].address, expected.ipv6) << all.back();
        EXPECT_EQ(proxies.networks[Network::onion].address, expected.onion) << all.back();
        EXPECT_EQ(proxies.networks[Network::cjdns].address, expected.cjdns) << all.back();
        EXPECT_EQ(proxies.networks[Network::i2p].address, "") << all.back();
        EXPECT_EQ(proxies.names.address, expected.names) << all.back();
        EXPECT_EQ(start.daemon.transport.proxies, proxies);
        EXPECT_EQ(start.node->net.reachable[Network::onion], *expected.onion != 0);
    }
    EXPECT_TRUE(good({"-regtest", "-proxy=a"}).node->net.proxies.names.randomize_credentials);
    EXPECT_FALSE(good({"-regtest", "-proxy=a", "-proxyrandomize=0"})
                     .node->net.proxies.names.randomize_credentials);
}

TEST_F(StartOptionsTest, onlynet_limits_automatic_connections) {
    const auto reachable = [&](const Lines& arguments) {
        Lines all{"-regtest"};
        all.insert(all.end(), arguments.begin(), arguments.end());
        std::string names;
        const StartOptions start = good(all);
        for (const Network network : kNetworks) {
            if (start.node->net.reachable[network]) names += std::string(to_string(network)) + " ";
        }
        return names;
    };
    EXPECT_EQ(reachable({}), "ipv4 ipv6 ");
    EXPECT_EQ(reachable({"-onlynet=ipv6"}), "ipv6 ");
    EXPECT_EQ(reachable({"-onlynet=ipv6", "-onlynet=ipv4"}), "ipv4 ipv6 ");
    EXPECT_EQ(reachable({"-onion=127.0.0.1", "-cjdnsreachable"}), "ipv4 ipv6 onion cjdns ");
    EXPECT_EQ(reachable({"-onion=127.0.0.1", "-onlynet=Onion"}), "onion ");
    EXPECT_EQ(reachable({"-cjdnsreachable", "-onlynet=cjdns"}), "cjdns ");
    EXPECT_EQ(reachable({"-i2psam=127.0.0.1"}), "ipv4 ipv6 i2p ");
    EXPECT_EQ(reachable({"-i2psam=127.0.0.1", "-onlynet=i2p"}), "i2p ");
    // As in bitcoind, which waits for what Tor says; here, nothing is reached.
    EXPECT_EQ(reachable({"-onlynet=onion", "-listenonion=1"}), "");
}

TEST_F(StartOptionsTest, a_proxy_ends_listening_unless_it_is_asked_for) {
    const auto listening = [&](const Lines& arguments) {
        Lines all{"-regtest"};
        all.insert(all.end(), arguments.begin(), arguments.end());
        return good(all).daemon.transport.listening;
    };
    EXPECT_TRUE(listening({}));
    EXPECT_FALSE(listening({"-proxy=127.0.0.1"}));
    EXPECT_FALSE(listening({"-proxy=127.0.0.1=ipv6"}));
    EXPECT_TRUE(listening({"-proxy=127.0.0.1", "-listen"}));
    EXPECT_TRUE(listening({"-proxy=127.0.0.1", "-bind=127.0.0.1"}));
    EXPECT_TRUE(listening({"-noproxy"}));
    EXPECT_TRUE(listening({"-onion=127.0.0.1"}));
    const StartOptions start = good({"-regtest", "-proxy=127.0.0.1"});
    EXPECT_NE(std::find(start.notes.begin(), start.notes.end(),
                        "parameter interaction: -proxy set -> setting -listen=0"),
              start.notes.end());
    EXPECT_FALSE(good({"-regtest", "-dns=0"}).daemon.transport.resolve_names);
}

TEST_F(StartOptionsTest, values_without_meaning_are_refused_even_of_options_without_effect) {
    const std::pair<const char*, const char*> cases[] = {
        {"-maxuploadtarget=abc", "Unable to parse -maxuploadtarget: 'abc'"},
        {"-maxuploadtarget=M", "Unable to parse -maxuploadtarget: 'M'"},
        {"-whitelist=foo", "Invalid netmask specified in -whitelist: 'foo'"},
        {"-whitelist=noban@1.2.3.4/33", "Invalid netmask specified in -whitelist: '1.2.3.4/33'"},
        {"-whitelist=oaknoban@127.0.0.1", "Invalid P2P permission: 'oaknoban'"},
        {"-whitebind=noban@127.0.0.1", "Need to specify a port with -whitebind: '127.0.0.1'"},
        {"-blockfilterindex=foo", "Unknown -blockfilterindex value foo."},
        {"-peerblockfilters", "Cannot set -peerblockfilters without -blockfilterindex."},
        {"-externalip=foo:x", "Cannot resolve -externalip address: 'foo:x'"},
    };
    for (const auto& [argument, sentence] : cases)
        EXPECT_EQ(refusal({"-regtest", argument}), sentence);
    good({"-regtest", "-maxuploadtarget=10G", "-whitelist=127.0.0.1", "-blockfilterindex",
          "-whitelist=noban,in@::1/64", "-whitebind=all@127.0.0.1:9", "-externalip=1.2.3.4"});
}

TEST_F(StartOptionsTest, options_of_bitcoind_are_known) {
    good({"-regtest", "-alertnotify=true", "-blocksxor=0", "-maxapsfee=0.1", "-dbbatchsize=1000",
          "-txospenderindex=0", "-acceptstalefeeestimates", "-printpriority",
          "-peertimeout=999999999", "-prevoutfetchthreads=1", "-loglevelalways"});
}

TEST_F(StartOptionsTest, included_files_belong_to_their_section_and_include_no_others) {
    write("bitcoin.conf", "regtest=1\nincludeconf=all.conf\n[regtest]\nincludeconf=own.conf\n");
    write("all.conf", "[regtest]\nrpcport=9\nincludeconf=deeper.conf\n");
    write("own.conf", "[regtest]\nrpcport=8\n");
    const StartOptions start = good({});
    EXPECT_EQ(start.daemon.http.binds[0].port, 8) << "the section's files are read first";
    EXPECT_EQ(start.notices,
              Lines{"warning: -includeconf cannot be used from included files; ignoring "
                    "-includeconf=deeper.conf"});
    EXPECT_EQ(good({"-noincludeconf"}).daemon.http.binds[0].port, 18443);
    std::filesystem::remove(directory_ / "own.conf");
    EXPECT_EQ(refusal({}),
              "Error reading configuration file: Failed to include configuration file own.conf");
    std::filesystem::create_directory(directory_ / "own.conf");
    EXPECT_NE(refusal({}).find("is a directory."), std::string::npos);
    EXPECT_EQ(refusal({"-includeconf=x"}),
              "Error parsing command line arguments: -includeconf cannot be used from commandline; "
              "-includeconf=\"x\"");
}

TEST_F(StartOptionsTest, password_that_others_can_read_is_noted) {
    using std::filesystem::perms;
    write("bitcoin.conf", "regtest=1\nrpcuser=u\nrpcpassword=p\n");
    const auto file = directory_ / "bitcoin.conf";
    for (const auto& [mode, noted] : {std::pair{perms::owner_read, false},
                                      {perms::owner_read | perms::group_read, true},
                                      {perms::owner_read | perms::others_read, true}}) {
        std::filesystem::permissions(file, mode);
        const auto notes = good({}).notes;
        const bool found = std::any_of(notes.begin(), notes.end(), [](const std::string& note) {
            return note.find("can read rpcpassword") != std::string::npos;
        });
        EXPECT_EQ(found, noted);
    }
}

TEST_F(StartOptionsTest, double_negative_is_on_and_noted) {
    const StartOptions start = good({"-regtest", "-nolisten=0"});
    EXPECT_TRUE(start.daemon.transport.listening);
    EXPECT_EQ(start.notes,
              Lines{"Warning: Parsed potentially confusing double-negative -listen=0"});
    EXPECT_EQ(refusal({"-noincludeconf=0"}),
              "Error parsing command line arguments: -includeconf cannot be used from commandline; "
              "-includeconf=true");
}

TEST_F(StartOptionsTest, conf_inside_the_file_is_refused) {
    write("bitcoin.conf", "regtest=1\nconf=other.conf\n");
    EXPECT_EQ(refusal({}),
              "Error reading configuration file: conf cannot be set in the configuration file; use "
              "includeconf= if you want to include additional config files");
}

TEST_F(StartOptionsTest, configuration_that_another_one_hides_is_named) {
    write("bitcoin.conf", "regtest=1\n");
    write("other.conf", "regtest=1\n");
    const std::string sentence = refusal({"-conf=other.conf"});
    EXPECT_NE(sentence.find("contains a \"bitcoin.conf\" file which is ignored"), std::string::npos)
        << sentence;
    EXPECT_NE(sentence.find("\"-conf=other.conf\""), std::string::npos);
    const StartOptions start = good({"-conf=other.conf", "-allowignoredconf"});
    ASSERT_EQ(start.notes.size(), 1u);
    EXPECT_NE(start.notes[0].find("which is ignored"), std::string::npos);
    good({"-conf=bitcoin.conf"});
    good({"-noconf"});
}

TEST_F(StartOptionsTest, network_options_outside_the_section_are_refused) {
    write("parley.conf", "regtest=1\nrpcport=7\n");
    EXPECT_EQ(refusal({}),
              "Config setting for -rpcport only applied on regtest network when in [regtest] "
              "section.");
    EXPECT_EQ(good({"-rpcport=8"}).daemon.http.binds.at(0).port, 8);
    EXPECT_EQ(good({"-regtest=0"}).daemon.http.binds.at(0).port, 7);
}

TEST_F(StartOptionsTest, values_reach_the_modules) {
    const StartOptions start = good(
        {"-chain=labnet", "-powstartbits=1f00ffff", "-powretargetinterval=5", "-genthreads=3",
         "-genrate=12345", "-testlinkdelay=50", "-automine=poisson:2", "-dbcache=8", "-par=1",
         "-minrelaytxfee=0.00002", "-maxmempool=5", "-stopatheight=9", "-wallet=a", "-wallet=b",
         "-uacomment=one", "-rpcthreads=2", "-rpcworkqueue=3", "-fallbackfee=0.0001",
         "-genesisoutput=bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080:1.5"});
    EXPECT_EQ(start.node->params.start_bits, 0x1f00ffffu);
    EXPECT_EQ(start.node->params.retarget_interval_blocks, 5);
    EXPECT_TRUE(start.node->params.genesis_coins_spendable);
    EXPECT_EQ(start.daemon.miner.threads, 3u);
    EXPECT_EQ(start.daemon.miner.rate_max, 12345u);
    EXPECT_EQ(start.daemon.transport.link_delay, std::chrono::milliseconds(50));
    SeededRandom random(1);
    NullLog log;
    MemoryStorage storage;
    const auto engine = start.node->engine.make({start.node->params, storage, random, log});
    ASSERT_TRUE(engine);
    EXPECT_EQ((*engine)->miner()->schedule().kind, MiningSchedule::Kind::poisson);
    EXPECT_EQ(start.node->chain.coins_cache_bytes, size_t{8} << 20);
    EXPECT_EQ(start.daemon.par, 1);
    EXPECT_EQ(start.node->mempool.min_relay_fee, FeeRate{2000});
    EXPECT_EQ(start.node->mempool.usage_bytes_max, 5'000'000);
    EXPECT_EQ(start.node->node.stop_at_height, 9);
    EXPECT_EQ(start.node->node.wallets, (Lines{"a", "b"}));
    EXPECT_EQ(start.node->net.user_agent, "/Satoshi:31.0.0/Parley:0.1.0(one)/");
    EXPECT_EQ(start.daemon.http.threads, 2u);
    EXPECT_EQ(start.daemon.http.work_queue_max, 3u);
    EXPECT_EQ(start.node->wallet.fallback_fee, FeeRate{10'000});
}

TEST_F(StartOptionsTest, bad_values_are_named) {
    const std::pair<Lines, const char*> cases[] = {
        {{"-port=seven"}, "-port"},
        {{"-port=70000"}, "-port"},
        {{"-rpcport=-1"}, "-rpcport"},
        {{"-listen=yes"}, "-listen"},
        {{"-automine=sometimes"}, "-automine"},
        {{"-consensus=luck"}, "-consensus"},
        {{"-genrate=fast"}, "-genrate"},
        {{"-minrelaytxfee=lots"}, "-minrelaytxfee"},
        {{"-chain=moonnet"}, "moonnet"},
        {{"-testnet4", "-consensus=pbft"}, "-chain=regtest"},
        {{"-signet", "-signetchallenge=xyz"}, "-signetchallenge"},
        {{"-signet", "-automine=1"}, "signet"},
        {{"-regtest", "-testactivationheight=segwit"}, "name@height"},
        {{"-regtest", "-testactivationheight=segwit@-1"}, "Invalid height value (segwit@-1)"},
        {{"-regtest", "-testactivationheight=luck@1"}, "Invalid name (luck@1)"},
        {{"-regtest", "-vbparams=testdummy:1"}, "deployment:start:end"},
        {{"-regtest", "-vbparams=testdummy:x:1"}, "Invalid nStartTime (x)"},
        {{"-regtest", "-vbparams=testdummy:1:x"}, "Invalid nTimeout (x)"},
        {{"-regtest", "-vbparams=testdummy:1:2:x"}, "Invalid min_activation_height (x)"},
        {{"-regtest", "-vbparams=luck:1:2"}, "Invalid deployment (luck)"},
        {{"-regtest", "-test=luck"}, "-test"},
        {{"-regtest", "-minimumchainwork=xyz"},
         "Invalid minimum work specified (xyz), must be up to 64 hex digits"},
        {{"-regtest", "-assumevalid=xyz"},
         "Invalid assumevalid block hash specified (xyz), must be up to 64 hex digits"},
        {{"-regtest", "-checkpoint=5"}, "-checkpoint"},
        {{"-regtest", "-checkpoint=0:00"}, "-checkpoint"},
        {{"-regtest", "-chain=main"}, "Can use at most one"},
        {{"-regtest", "-consensus=pbft"}, "-pbftvalidators"},
        {{"-regtest", "-pbftkey=x"}, "-consensus=pbft"},
        {{"-regtest", "-consensus=pbft", "-gen"}, "-gen and -automine need -consensus=pow"},
        {{"-regtest", "-consensus=pbft", "-reindex"}, "-reindex needs -consensus=pow"},
        {{"-regtest", "-consensus=pbft", "-pbfttimeout=9"}, "a whole number from 10 to 600000"},
        {{"-regtest", "-powstartbits=207fffff"}, "-chain=labnet"},
        {{"-labnet", "-powstartbits=xyz"}, "-powstartbits"},
        {{"-labnet", "-genesisoutput=nowhere:1"}, "genesisoutput"},
        {{"-regtest", "-miningaddress=1BoatSLRHtKNngkdXEeobR76b53LETtpyT"}, "-miningaddress"},
        {{"-regtest", "-gen", "-automine=tx"}, "-automine"},
        {{"-regtest", "-conf=absent.conf"}, "absent.conf"},
        {{"-regtest", "-loadblock=absent.dat"}, "absent.dat"},
        {{"-regtest", "-blocksdir=/nonexistent/x"}, "/nonexistent/x"},
        {{"-regtest", "-addnode=:x"}, "-addnode"},
        {{"-regtest", "-uacomment=a/b"}, "User Agent comment (a/b)"},
    };
    for (const auto& [arguments, named] : cases) {
        const std::string sentence = refusal(arguments);
        EXPECT_NE(sentence.find(named), std::string::npos) << sentence;
    }
    const auto absent = read_start_options({"-datadir=/nonexistent/x"}, "/");
    ASSERT_FALSE(absent);
    EXPECT_EQ(absent.error().find("Specified data directory \"/nonexistent/x\" does not exist"),
              0u);
}

TEST_F(StartOptionsTest, pbft_files_are_read_and_named_when_bad) {
    write("bad.json", "{");
    EXPECT_NE(
        refusal({"-regtest", "-consensus=pbft", "-pbftvalidators=" + (directory_ / "bad.json")})
            .find("bad.json"),
        std::string::npos);
    EXPECT_NE(refusal({"-regtest", "-consensus=pbft", "-pbftvalidators=/nonexistent"})
                  .find("/nonexistent"),
              std::string::npos);
}

TEST_F(StartOptionsTest, secret_key_that_others_can_read_is_refused) {
    write("key.hex", "no key");
    const Lines arguments{"-regtest", "-consensus=pbft", "-pbftkey=" + (directory_ / "key.hex")};
    using std::filesystem::perms;
    for (const perms others : {perms::group_read, perms::others_read, perms::others_write}) {
        std::filesystem::permissions(directory_ / "key.hex",
                                     perms::owner_read | perms::owner_write | others);
        EXPECT_NE(refusal(arguments).find("can be read by other users. Run chmod 600"),
                  std::string::npos);
    }
    std::filesystem::permissions(directory_ / "key.hex", perms::owner_read | perms::owner_write);
    EXPECT_EQ(refusal(arguments).find("other users"), std::string::npos);
}

TEST_F(StartOptionsTest, help_and_version_read_nothing_else) {
    write("parley.conf", "[broken\n");
    EXPECT_TRUE(good({"-help"}).show_help);
    EXPECT_TRUE(good({"-h"}).show_help);
    EXPECT_TRUE(good({"-version"}).show_version);
    EXPECT_NE(refusal({}).find("line 1"), std::string::npos);
}

}  // namespace
}  // namespace parley
