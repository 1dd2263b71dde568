#include "node/daemon/options/start_options.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "node/daemon/options/config_file.h"
#include "node/daemon/options/option_reader.h"
#include "node/daemon/options/option_table.h"
#include "node/daemon/options/proxy_options.h"
#include "node/daemon/options/settings_file.h"
#include "node/daemon/options/unsupported.h"

namespace parley {
namespace {

namespace fs = std::filesystem;

// The cookie file is protected by its permissions; a password in a file that everybody can read is
// not. Only a warning: such files are in use, and bitcoind accepts them.
Expected<void, std::string> parse_file(const std::string& path, std::string_view text,
                                       Settings& settings, std::string_view name) {
    auto done = parse_config_file(text, name, settings);
    std::error_code error;
    const auto permissions = fs::status(path, error).permissions();
    constexpr auto kOthers = fs::perms::group_read | fs::perms::others_read;
    if (done && !error && (permissions & kOthers) != fs::perms::none &&
        text.find("rpcpassword") != std::string_view::npos)
        settings.add_warning(fmt::format(
            "Other users of this machine can read rpcpassword in {0}. Run chmod 600 {0}, or use "
            "the cookie file or rpcauth instead.",
            path));
    return done;
}

Expected<void, std::string> read_one(const std::string& path, Settings& settings) {
    std::error_code error;
    if (fs::is_directory(path, error))
        return Unexpected(fmt::format(
            "Error reading configuration file: Config file \"{}\" is a directory.", path));
    const auto text = read_text_file(path);
    if (!text)
        return Unexpected(
            fmt::format("Error reading configuration file: specified config file \"{}\" could not "
                        "be opened.",
                        path));
    return parse_file(path, *text, settings, path);
}

// The main configuration file: "" if there is none, or with -noconf.
std::string configuration_file(const std::string& data_directory, const Settings& settings) {
    if (settings.has("conf")) {
        std::string path = OptionReader(settings).text("conf");
        return path.empty() || path.front() == '/' ? path : data_directory + "/" + path;
    }
    for (const char* name : {"/parley.conf", "/bitcoin.conf"}) {
        std::error_code error;
        if (fs::exists(data_directory + name, error)) return data_directory + name;
    }
    return {};
}

// Files that the main one includes: those of the chain's section first. REQUIRES: select_chain().
Expected<void, std::string> read_included(const std::string& data_directory, Settings& settings) {
    const std::vector<std::string> names = settings.list("includeconf");
    for (const std::string& name : names) {
        const std::string path = name.starts_with('/') ? name : data_directory + "/" + name;
        std::error_code error;
        if (fs::is_directory(path, error))
            return Unexpected(fmt::format(
                "Error reading configuration file: Included config file \"{}\" is a directory.",
                path));
        const auto text = read_text_file(path);
        if (!text)
            return Unexpected(fmt::format(
                "Error reading configuration file: Failed to include configuration file {}", name));
        if (auto done = parse_file(path, *text, settings, name); !done) return done;
    }
    // Names from included files were added to the list.
    const std::vector<std::string> all = settings.list("includeconf");
    for (const std::string& name : all) {
        if (std::ranges::find(names, name) == names.end())
            settings.add_notice(
                fmt::format("warning: -includeconf cannot be used from included files; ignoring "
                            "-includeconf={}",
                            name));
    }
    return {};
}

// Empty: -nosettings.
std::string settings_file(const Locations& locations, const Settings& settings) {
    if (!settings.has("settings")) return locations.chain_directory + "/settings.json";
    const std::string path = OptionReader(settings).text("settings");
    return path.empty() || path.front() == '/' ? path : locations.chain_directory + "/" + path;
}

}  // namespace

Expected<Locations, std::string> read_config_files(Settings& settings, const std::string& home) {
    // The configuration file is found through the command line and may then change the locations;
    // so may the files that it includes.
    auto locations = read_locations(settings, home);
    if (!locations) return locations;
    const std::string data_directory = locations->data_directory;
    const std::string path = configuration_file(data_directory, settings);
    if (!path.empty()) {
        if (auto done = read_one(path, settings); !done) return Unexpected(done.error());
        locations = read_locations(settings, home);
        if (!locations) return locations;
        settings.select_chain(locations->chain);
        if (auto done = read_included(data_directory, settings); !done)
            return Unexpected(done.error());
    }
    locations = read_locations(settings, home);
    if (!locations) return locations;
    locations->configuration_file = path;
    settings.select_chain(locations->chain);
    locations->settings_file = settings_file(*locations, settings);
    const auto file = read_settings_file(locations->settings_file);
    if (!file) return Unexpected(file.error());
    if (auto done = file->apply(settings); !done) return Unexpected(done.error());
    return locations;
}

namespace {

// A sentence about a configuration file that looks as if it counted and does not, because the user
// named another one. Empty: there is none, or the user accepts that.
std::optional<std::string> find_ignored_file(const Locations& locations, Settings& settings) {
    const std::string& used = locations.configuration_file;
    const std::string usual = configuration_file(locations.data_directory, Settings{});
    if (used.empty() || usual.empty()) return std::nullopt;
    std::error_code error;
    if (fs::equivalent(used, usual, error)) return std::nullopt;
    const std::string source =
        settings.has("conf")
            ? fmt::format("command line argument \"-conf={}\"", OptionReader(settings).text("conf"))
            : fmt::format("data directory \"{}\"", fs::path(used).parent_path().string());
    std::string sentence = fmt::format(
        "Data directory \"{1}\" contains a \"{0}\" file which is ignored, because a different "
        "configuration file \"{2}\" from {3} is being used instead. Possible ways to address this "
        "would be to:\n- Delete or rename the \"{0}\" file in data directory \"{1}\".\n- Change "
        "datadir= or conf= options to specify one configuration file, not two, and use "
        "includeconf= to include any other configuration files.",
        fs::path(usual).filename().string(), locations.data_directory, used, source);
    if (!OptionReader(settings).flag("allowignoredconf"))
        return sentence +
               "\n- Set allowignoredconf=1 option to treat this condition as a warning, not an "
               "error.";
    settings.add_warning(std::move(sentence));
    return std::nullopt;
}

}  // namespace

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
    if (auto problem = find_ignored_file(*locations, settings))
        return Unexpected(std::move(*problem));
    if (auto problem = settings.misplaced()) return Unexpected(std::move(*problem));
    if (auto problem = find_unsupported(settings)) return Unexpected(std::move(*problem));
    if (auto problem = find_meaningless(settings)) return Unexpected(std::move(*problem));
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

    result.notices = settings.notices();
    if (reader.has("checkpoints"))
        result.notices.emplace_back(
            "Warning: Option '-checkpoints' is set but checkpoints were removed. This option has "
            "no effect.");
    for (const char* limited : {"ancestor", "descendant"}) {
        if (reader.has(fmt::format("limit{}size", limited)))
            result.notices.push_back(fmt::format(
                "Warning: Option '-limit{0}size' is given but {0} size limits have been "
                "replaced with cluster size limits (see -limitclustersize). This "
                "option has no effect.",
                limited));
    }
    for (const std::string& warning : settings.warnings())
        result.notes.push_back("Warning: " + warning);
    if (result.daemon.http.allowed.empty() && reader.has("rpcbind"))
        result.notes.emplace_back(
            "Warning: option -rpcbind was ignored because -rpcallowip was not specified, refusing "
            "to allow everyone to connect");
    for (std::string& note : network_notes(reader)) result.notes.push_back(std::move(note));
    for (const std::string& name : settings.mentioned()) {
        if (find_option(name)->no_effect)
            result.notes.push_back(
                fmt::format("Option -{} is accepted and has no effect in Parley", name));
    }
    return result;
}

}  // namespace parley
