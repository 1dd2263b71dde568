// Every row of every options struct, read from texts as a user writes them.
#include <gtest/gtest.h>

#include <set>

#include "consensus/pbft/pbft_engine.h"
#include "node/daemon/options/config_file.h"
#include "node/daemon/options/option_reader.h"
#include "node/daemon/options/option_table.h"
#include "node/daemon/options/start_options.h"
#include "tests/unit/daemon/temporary_directory.h"

namespace parley {
namespace {

// ---- rows with numbers

struct Reading {
    std::optional<int64_t> value;  ///< of the member
    std::string problem;
};

template <class Options>
Reading read(const OptionRow<Options>& row, const std::string& text) {
    Settings settings;
    EXPECT_TRUE(parse_command_line({"-" + std::string(row.name) + "=" + text}, settings));
    OptionReader reader(settings);
    Options options;
    reader.read(options);
    return {row.get(options), reader.problem()};
}

// As the user writes a number of the row's units.
template <class Options>
std::string written(const OptionRow<Options>& row, int64_t units) {
    return row.unit.decimals > 0 ? to_string(Amount{units}) : std::to_string(units);
}

template <class Options>
void expect_outside(const OptionRow<Options>& row, int64_t units, OutOfRange policy,
                    int64_t bound) {
    const auto reading = read(row, written(row, units));
    switch (policy) {
        case OutOfRange::refuse:
            EXPECT_NE(reading.problem, "") << row.name << " takes " << units;
            EXPECT_NE(reading.problem.find(row.name), std::string::npos) << reading.problem;
            EXPECT_EQ(reading.value, row.get(Options{})) << row.name;
            break;
        case OutOfRange::clamp:
            EXPECT_EQ(reading.problem, "") << row.name << " refuses " << units;
            EXPECT_EQ(reading.value, row.raw(bound)) << row.name << " " << units;
            break;
        case OutOfRange::use_default:
            EXPECT_EQ(reading.problem, "") << row.name << " refuses " << units;
            EXPECT_EQ(reading.value, row.get(Options{})) << row.name << " " << units;
            break;
    }
}

template <class Options>
void expect_number_row(const OptionRow<Options>& row) {
    ASSERT_LE(row.min, row.max) << row.name;
    for (const int64_t units : {row.min, row.max}) {
        const auto reading = read(row, written(row, units));
        EXPECT_EQ(reading.problem, "") << row.name << " refuses " << units;
        EXPECT_EQ(reading.value, row.raw(units)) << row.name << " " << units;
        EXPECT_FALSE(row.out_of_range(reading.value)) << row.name << " " << units;
    }
    if (row.min > INT64_MIN) expect_outside(row, row.min - 1, row.below, row.min);
    if (row.max < INT64_MAX) expect_outside(row, row.max + 1, row.above, row.max);
    EXPECT_NE(read(row, "many").problem, "") << row.name;
    if (row.unit.decimals > 0) return;
    // Beyond 64 bits a number is the largest or the least.
    const std::string digits(30, '9');
    EXPECT_EQ(read(row, digits).value, read(row, std::to_string(INT64_MAX)).value) << row.name;
    EXPECT_EQ(read(row, "-" + digits).value, read(row, std::to_string(INT64_MIN)).value)
        << row.name;
}

template <class Options>
void expect_word_row(const OptionRow<Options>& row) {
    for (const OptionWord& word : row.words)
        EXPECT_EQ(read(row, std::string(word.word)).value, word.value) << row.name;
    EXPECT_NE(read(row, "many").problem, "") << row.name;
}

template <class Options>
void expect_rows() {
    EXPECT_EQ(out_of_range(Options{}).value_or(""), "");
    for (const OptionRow<Options>& row : Options::rows()) {
        if (row.get == nullptr) continue;
        const auto standard = row.get(Options{});
        EXPECT_EQ(standard.has_value(), row.help.find("{default}") != std::string_view::npos)
            << row.name;
        if (standard) {
            EXPECT_NE(row.help_text().find("(default: " + row.show(*standard)), std::string::npos)
                << row.help_text();
        }
        if (row.unit.argument.empty()) {
            EXPECT_EQ(read(row, "").value, 1) << row.name;
            EXPECT_EQ(read(row, "0").value, 0) << row.name;
            EXPECT_NE(read(row, "many").problem, "") << row.name;
        } else if (!row.words.empty()) {
            expect_word_row(row);
        } else if (!row.unit.hexadecimal) {
            expect_number_row(row);
        }
    }
}

TEST(OptionRows, range_default_and_outside_of_each) {
    expect_rows<LabnetOptions>();
    expect_rows<ChainOptions>();
    expect_rows<NodeOptions>();
    expect_rows<MempoolOptions>();
    expect_rows<BlockBuilderOptions>();
    expect_rows<NetOptions>();
    expect_rows<WalletOptions>();
    expect_rows<PbftOptions>();
    expect_rows<DaemonOptions>();
    expect_rows<LogOptions>();
    expect_rows<TransportOptions>();
    expect_rows<HttpOptions>();
    expect_rows<MinerPoolOptions>();
}

TEST(OptionRows, table_has_each_name_once_with_help_where_it_has_an_effect) {
    std::set<std::string_view> names;
    for (const OptionInfo& row : option_table()) {
        EXPECT_TRUE(names.insert(row.name).second) << row.name;
        EXPECT_EQ(row.help.empty(), row.no_effect) << row.name;
        EXPECT_EQ(find_option(row.name), &row);
        EXPECT_EQ(row.help_text().find_first_of("{}"), std::string::npos) << row.help_text();
    }
}

// ---- a whole start

class StartRange : public testing::Test {
 protected:
    Expected<StartOptions, std::string> start(std::vector<std::string> arguments) {
        arguments.insert(arguments.end(), {"-regtest", "-datadir=" + directory_.path()});
        return read_start_options(arguments, directory_.path());
    }
    StartOptions good(const std::vector<std::string>& arguments) {
        auto result = start(arguments);
        EXPECT_TRUE(result) << result.error();
        return result ? std::move(*result) : StartOptions{};
    }
    std::string refusal(const std::vector<std::string>& arguments) {
        const auto result = start(arguments);
        return result ? "accepted" : result.error();
    }

    TemporaryDirectory directory_;
};

TEST_F(StartRange, values_that_bitcoind_accepts) {
    using namespace std::chrono_literals;
    EXPECT_EQ(good({"-peertimeout=999999999"}).node->net.handshake_timeout, 999'999'999s);
    EXPECT_EQ(good({"-rpcservertimeout=99000"}).daemon.http.timeout, 99'000s);
    EXPECT_EQ(good({"-maxtipage=9223372036854775807"}).node->node.tip_age_max, kOptionDurationMax);
    EXPECT_EQ(good({"-limitclustercount=64"}).node->mempool.cluster_count_max, 64);
    EXPECT_EQ(good({"-limitclustercount=1"}).node->mempool.cluster_count_max, 1);
    EXPECT_EQ(good({"-limitclustersize=1"}).node->mempool.cluster_virtual_bytes_max, 1'000);
    EXPECT_EQ(good({"-limitclustersize=7500"}).node->mempool.cluster_virtual_bytes_max, 7'500'000);
    EXPECT_EQ(good({"-limitclustersize=250", "-maxmempool=10"}).node->mempool.usage_bytes_max,
              10'000'000);
    EXPECT_EQ(good({"-limitclustersize=1", "-maxmempool=1"}).node->mempool.usage_bytes_max,
              1'000'000);
    EXPECT_EQ(good({"-maxmempool=0"}).node->mempool.usage_bytes_max, 0);
    EXPECT_EQ(good({"-maxmempool=9223372036854775807"}).node->mempool.usage_bytes_max, INT64_MAX);
    EXPECT_EQ(good({"-checklevel=9"}).node->node.check_level, 4);
    EXPECT_EQ(good({"-checkblocks=-1"}).node->node.check_blocks, 0);
    EXPECT_EQ(good({"-dbcache=0"}).node->chain.coins_cache_bytes, size_t{4} << 20);
    EXPECT_EQ(good({"-keypool=0"}).node->wallet.lookahead, 1u);
    EXPECT_EQ(good({"-rpcthreads=0"}).daemon.http.threads, 1u);
    EXPECT_EQ(good({"-timeout=0"}).daemon.transport.dial_timeout, 5s);
    EXPECT_EQ(good({"-maxconnections=99999"}).node->net.connections_max, 10'000u);
    EXPECT_EQ(good({"-minrelaytxfee=0", "-maxtxfee=0"}).node->wallet.fee_max, Amount{0});
    EXPECT_EQ(good({"-prune=9223372036854775807"}).node->chain.prune_target_bytes,
              uint64_t{INT64_MAX});
}

TEST_F(StartRange, refusals_are_bitcoinds_sentences) {
    const std::pair<std::vector<std::string>, const char*> cases[] = {
        {{"-peertimeout=0"}, "peertimeout must be a positive integer."},
        {{"-peertimeout=soon"}, "peertimeout must be a positive integer."},
        {{"-limitclustercount=65"}, "limitclustercount must be less than or equal to 64"},
        {{"-limitclustersize=7501"}, "-maxmempool must be at least 301 MB"},
        {{"-maxmempool=4"}, "-maxmempool must be at least 5 MB"},
        {{"-maxmempool=-1"}, "-maxmempool must be at least 5 MB"},
        {{"-maxconnections=-1"}, "-maxconnections must be greater or equal than zero"},
        {{"-prune=-1"}, "Prune cannot be configured with a negative value."},
        {{"-port=70000"}, "Invalid port specified in -port: '70000'"},
        {{"-rpcport=seven"}, "Invalid port specified in -rpcport: 'seven'"},
        {{"-minrelaytxfee=lots"}, "Invalid amount for -minrelaytxfee=<amount>: 'lots'"},
        {{"-blockmaxweight=4000001"},
         "-blockmaxweight (4000001) exceeds consensus maximum block weight (4000000)"},
        {{"-blockreservedweight=1999"},
         "-blockreservedweight (1999) is lower than minimum safety value of (2000)"},
        {{"-maxtxfee=0.00000099"},
         "Invalid amount for -maxtxfee=<amount>: '0.00000099' (must be at least the minrelay fee "
         "of 0.00000100 BTC/kvB to prevent stuck transactions)"},
        {{"-genthreads=0"},
         "Invalid value for -genthreads: '0'. It must be a whole number from 1 to 256."},
    };
    for (const auto& [arguments, sentence] : cases) EXPECT_EQ(refusal(arguments), sentence);
}

}  // namespace
}  // namespace parley
