#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>

#include "contrib/lab/commands/arguments.h"
#include "contrib/lab/commands/model_commands.h"
#include "contrib/lab/commands/scenario_command.h"
#include "contrib/lab/commands/text_file.h"
#include "contrib/lab/figures/report_page.h"
#include "rpc/jsonrpc/json_writer.h"

namespace parley::lab {
namespace {

namespace fs = std::filesystem;

constexpr const char* kReportHelp =
    "Usage: parley-lab report DIR [--json]\n"
    "\n"
    "Reads the results that run, sweep and compare have written with --out DIR, and writes\n"
    "DIR/report.html, a page that needs no other file and no network, and each figure of it as\n"
    "DIR/NAME.svg: F_h, S_t, S_m and growth against lambda Delta with theory and published\n"
    "points, proof of work against PBFT, propagation, depths of reorganisations. Only the page "
    "has\n"
    "the block tree and the views of PBFT, with a slider for the time. Several results in one\n"
    "directory, such as those of all levels, come into the same figures.\n"
    "\n"
    "  --json   print the names of the files as JSON\n";

bool is_result(const fs::path& path) {
    const std::string name = path.filename().string();
    return path.extension() == ".json" &&
           (name.starts_with("run_") || name.starts_with("sweep_") || name.starts_with("compare_"));
}

Expected<std::vector<std::string>, std::string> result_files(const std::string& directory) {
    std::vector<std::string> files;
    std::error_code error;
    for (fs::directory_iterator i(directory, error), end; !error && i != end; i.increment(error)) {
        if (is_result(i->path())) files.push_back(i->path().filename().string());
    }
    if (error) return Unexpected(fmt::format("cannot read {}; check the name", directory));
    if (files.empty()) {
        return Unexpected(
            fmt::format("{} has no results; run, sweep and compare write them with --out {}",
                        directory, directory));
    }
    std::sort(files.begin(), files.end());
    return files;
}

bool write_file(const fs::path& path, const std::string& text, std::vector<std::string>& written) {
    std::ofstream file(path);
    file << text;
    written.push_back(path.string());
    return file.flush().good();
}

}  // namespace

int run_report_command(const std::vector<std::string>& arguments) {
    std::string directory;
    bool json = false;
    const CommandLine line{"report", kReportHelp, {{"--json", flag_option(json)}}};
    if (const auto error = line.parse(take_file(arguments, directory))) return report(*error);
    if (directory.empty()) return report(line.error("the first argument is a directory."));
    const auto files = result_files(directory);
    if (!files) return report(line.error(files.error() + "."));
    std::vector<ResultPoint> points;
    for (const std::string& file : *files) {
        const std::string path = (fs::path(directory) / file).string();
        const auto text = read_text(path);
        if (!text) return report(line.error(text.error() + "."));
        const auto more = parse_results(*text);
        if (!more) return report(line.error(fmt::format("{}: {}.", path, more.error())));
        points.insert(points.end(), more->begin(), more->end());
    }
    const std::vector<Figure> figures = make_figures(points);
    std::vector<std::string> written;
    const fs::path folder(directory);
    bool good = write_file(folder / "report.html", report_page(*files, points, figures), written);
    for (const Figure& figure : figures)
        good =
            write_file(folder / (figure.file + ".svg"), chart_svg(figure.chart), written) && good;
    if (!good) return report(line.error(fmt::format("cannot write to {}.", directory)));
    rpc::JsonWriter list;
    list.object([&] { list.field_values("files", written); });
    if (json)
        fmt::print("{}\n", list.text());
    else
        fmt::print("{}\n", fmt::join(written, "\n"));
    return 0;
}

}  // namespace parley::lab
