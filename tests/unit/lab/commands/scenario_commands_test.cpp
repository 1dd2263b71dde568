// run, sweep, compare and report as a user calls them, and the scenarios that come with them.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "contrib/lab/commands/model_commands.h"
#include "contrib/lab/commands/text_file.h"
#include "contrib/lab/scenario/scenario.h"
#include "contrib/lab/scenario/scenario_network.h"
#include "tests/unit/daemon/temporary_directory.h"

namespace parley::lab {
namespace {

namespace fs = std::filesystem;

const fs::path kScenarios = fs::path(PARLEY_SOURCE_DIR) / "contrib/lab/scenarios";

struct Result {
    int status = 0;
    std::string out;
    std::string error;
};

Result call(int (*command)(const std::vector<std::string>&),
            const std::vector<std::string>& arguments) {
    testing::internal::CaptureStdout();
    testing::internal::CaptureStderr();
    Result result;
    result.status = command(arguments);
    result.out = testing::internal::GetCapturedStdout();
    result.error = testing::internal::GetCapturedStderr();
    return result;
}

class ScenarioCommands : public testing::Test {
 protected:
    std::string file() const { return (kScenarios / "two_miners.toml").string(); }
    std::string out() const { return directory_ / "out"; }

    TemporaryDirectory directory_;
};

TEST_F(ScenarioCommands, sweep_compare_and_run_fill_one_report) {
    const Result sweep =
        call(run_sweep_command, {file(), "--vary", "delay.mean_s=1,10", "--vary", "stop.heights=50",
                                 "--level", "model", "--out", out()});
    ASSERT_EQ(sweep.status, 0) << sweep.error;
    EXPECT_NE(sweep.out.find("delay.mean_s=10 stop.heights=50"), std::string::npos) << sweep.out;
    const Result compare = call(run_compare_command, {file(), "--vary", "pbft.validators=2",
                                                      "--vary", "stop.heights=20", "--out", out()});
    ASSERT_EQ(compare.status, 0) << compare.error;
    EXPECT_NE(compare.out.find("consensus=pbft"), std::string::npos);
    const Result run = call(run_run_command, {file(), "--level", "model", "--out", out()});
    ASSERT_EQ(run.status, 0) << run.error;
    EXPECT_NE(run.out.find("Theory, first order"), std::string::npos) << run.out;
    EXPECT_EQ(*read_text(out() + "/scenario.toml"), *read_text(file()));
    const Result report = call(run_report_command, {out()});
    ASSERT_EQ(report.status, 0) << report.error;
    const std::string page = *read_text(out() + "/report.html");
    EXPECT_NE(page.find("compare_sim.json, run_model.json, sweep_model.json"), std::string::npos);
    for (const char* figure : {"stale_of_all", "pow_and_pbft", "propagation"})
        EXPECT_TRUE(fs::exists(fs::path(out()) / (std::string(figure) + ".svg"))) << figure;
}

TEST_F(ScenarioCommands, errors_name_the_file_and_what_to_do) {
    EXPECT_EQ(call(run_run_command, {}).error,
              "Error: the first argument is a file. Try parley-lab run --help.\n");
    EXPECT_EQ(call(run_sweep_command, {file()}).error,
              "Error: choose what to --vary. Try parley-lab sweep --help.\n");
    EXPECT_NE(call(run_sweep_command, {file(), "--vary", "delay.men_s=1"})
                  .error.find("two_miners.toml: unknown key delay.men_s"),
              std::string::npos);
    EXPECT_NE(call(run_report_command, {directory_.path()})
                  .error.find("has no results; run, sweep and compare write them with --out"),
              std::string::npos);
    EXPECT_EQ(call(run_report_command, {out()}).status, 1);
    std::ofstream(directory_ / "run_sim.json") << "{}";
    EXPECT_NE(call(run_report_command, {directory_.path()})
                  .error.find("run_sim.json: \"title\" is missing"),
              std::string::npos);
}

TEST(ReadyScenarios, all_can_be_read_and_have_connected_networks) {
    size_t files = 0;
    for (const auto& entry : fs::directory_iterator(kScenarios)) {
        if (entry.path().extension() != ".toml") continue;
        ++files;
        const std::string text = *read_text(entry.path().string());
        EXPECT_TRUE(text.starts_with("# ")) << entry.path() << " begins with its paragraph";
        const auto scenario = parse_scenario(text, entry.path().filename().string());
        ASSERT_TRUE(scenario) << scenario.error();
        EXPECT_FALSE(scenario->title.empty());
        const auto network = build_network(*scenario, "f", scenario->first_seed);
        EXPECT_TRUE(network) << network.error();
    }
    EXPECT_GE(files, 8u);
}

}  // namespace
}  // namespace parley::lab
