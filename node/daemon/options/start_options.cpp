#include "node/daemon/options/start_options.h"

#include <fmt/format.h>

#include <filesystem>

#include "node/daemon/options/config_file.h"
#include "node/daemon/options/option_reader.h"
#include "node/daemon/options/option_table.h"
#include "node/daemon/options/unsupported.h"

namespace parley {
namespace {

namespace fs = std::filesystem;

Expected<void, std::string> read_one(const std::string& path, Settings& settings) {
    const auto text = read_text_file(path);
    if (!text)
        return Unexpected(
            fmt::format("Error reading configuration file: specified config file \"{}\" could not "
                        "be opened. Create it, or remove the option.",
                        path));
    return parse_config_file(*text, path, settings);
}

Expected<void, std::string> read_configuration(const std::string& data_directory,
                                               Settings& settings) {
    std::string path;
    if (settings.has("conf")) {
        path = OptionReader(settings).text("conf");
        if (path.empty()) return {};  // -noconf
        if (path.front() != '/') path = data_directory + "/" + path;
    } else {
        path = data_directory + "/parley.conf";
        std::error_code error;
        if (!fs::exists(path, error)) path = data_directory + "/bitcoin.conf";
        if (!fs::exists(path, error)) return {};
    }
    if (auto done = read_one(path, settings); !done) return done;
    // As in bitcoind, an included file cannot include others.
    for (std::string included : settings.list("includeconf")) {
        if (included.empty() || included == "0") continue;
        if (included.front() != '/') included = data_directory + "/" + included;
        if (auto done = read_one(included, settings); !done) return done;
    }
    return {};
}

Expected<void, std::string> read_settings_file(const Locations& locations, Settings& settings) {
    std::string path = locations.chain_directory + "/settings.json";
    if (settings.has("settings")) {
        path = OptionReader(settings).text("settings");
        if (path.empty()) return {};
        if (path.front() != '/') path = locations.chain_directory + "/" + path;
    }
    std::error_code error;
    if (!fs::exists(path, error)) return {};
    const auto text = read_text_file(path);
    if (!text)
        return Unexpected(fmt::format(
            "Settings file {} could not be read. Check its permissions, or use -nosettings.",
            path));
    return parse_settings_json(*text, path, settings);
}

}  // namespace

Expected<Locations, std::string> read_config_files(Settings& settings, const std::string& home) {
    // Twice: the configuration file is found through the command line and may then change the
    // locations.
    auto locations = read_locations(settings, home);
    if (!locations) return locations;
    if (auto done = read_configuration(locations->data_directory, settings); !done)
        return Unexpected(done.error());
    locations = read_locations(settings, home);
    if (!locations) return locations;
    settings.select_chain(locations->chain);
    if (auto done = read_settings_file(*locations, settings); !done)
        return Unexpected(done.error());
    return locations;
}

Expected<StartOptions, std::string> read_start_options(const std::vector<std::string>& arguments,
                                                       const std::string& home) {
    StartOptions result;
    Settings settings;
    if (auto done = parse_command_line(arguments, settings); !done) return Unexpected(done.error());
    for (const char* name : {"?", "h", "help"})
        result.show_help |= OptionReader(settings).flag(name);
    result.show_version = OptionReader(settings).flag("version");
    if (result.show_help || result.show_version) return result;

    const auto locations = read_config_files(settings, home);
    if (!locations) return Unexpected(locations.error());
    if (auto problem = settings.misplaced()) return Unexpected(std::move(*problem));
    if (auto problem = find_unsupported(settings)) return Unexpected(std::move(*problem));
    auto node = read_node_config(settings, locations->chain);
    if (!node) return Unexpected(node.error());
    result.node.emplace(std::move(*node));
    auto daemon = read_daemon_options(settings, *locations, *result.node);
    if (!daemon) return Unexpected(daemon.error());
    result.daemon = std::move(*daemon);
    OptionReader reader(settings);
    result.wait_for_background = reader.flag("daemonwait");
    result.background = result.wait_for_background || reader.flag("daemon");
    if (!reader.problem().empty()) return Unexpected(reader.problem());

    for (const std::string& warning : settings.warnings())
        result.notes.push_back("Warning: " + warning);
    if (result.daemon.http.allowed.empty() && reader.has("rpcbind"))
        result.notes.emplace_back(
            "Warning: option -rpcbind was ignored because -rpcallowip was not specified, refusing "
            "to allow everyone to connect");
    for (const std::string& name : settings.mentioned()) {
        if (find_option(name)->no_effect)
            result.notes.push_back(
                fmt::format("Option -{} is accepted and has no effect in Parley", name));
    }
    return result;
}

}  // namespace parley
