// EngineFactory: an engine's entry in the list of engines.h: its name, options and tools, and how
// to create it. Code outside consensus/ works with these values and never tests for an engine's
// name. Reading option texts and files, and writing files, is left to the host.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/expected.h"
#include "base/log.h"
#include "base/option_rows.h"
#include "base/random.h"
#include "base/storage/storage.h"
#include "chain/rules/params.h"
#include "consensus/engine.h"

namespace parley {

/// What a node passes to its engine. `storage` is only read during construction; the other
/// references must outlive the engine.
struct EngineHost {
    const ChainParams& params;
    const Storage& storage;
    Random& random;
    LogSink& log;
};

/// Other options that may be incompatible with an engine.
struct EngineSurroundings {
    const ChainParams& params;
    bool checkpoints = false;  ///< at least one is set
    bool reindex = false;
};

/// An engine with its options, not created yet. A value: part of a node's configuration.
struct EngineChoice {
    std::string name;  ///< recorded in the data directory, which refuses another
    /// Whether blocks have a seal, which peers exchange along with them.
    bool sealed_blocks = false;
    /// How long the engine waits for messages of its peers before it acts; zero: it has no
    /// messages.
    Duration timeout{0};
    /// Empty: usable. Otherwise a sentence that names the offending option.
    std::function<std::optional<std::string>(const EngineSurroundings&)> problem;
    /// The error is a sentence.
    std::function<Expected<std::unique_ptr<Engine>, std::string>(const EngineHost&)> make;
};

/// The user's settings of an engine's options, by the names in its rows.
struct EngineSettings {
    struct File {
        std::string path;  ///< as the user wrote it
        std::string text;
    };
    std::map<std::string_view, int64_t> numbers;  ///< as the members of the rows hold them
    std::map<std::string_view, File> files;
    MiningSchedule schedule;  ///< -gen and -automine
};

/// A command that creates files for a new network and needs no running node.
struct EngineTool {
    struct File {
        std::string name;
        std::string content;
        bool secret = false;  ///< readable by its owner only
    };
    struct Result {
        std::string directory;
        std::vector<File> files;  ///< in the order of writing
        std::string occupied;     ///< error text if one of them exists
        std::string summary;      ///< text printed when all are written
    };
    std::string_view name;
    std::string_view arguments;  ///< as shown by help
    std::string_view help;
    /// `arguments` are those after the tool's name. The error is a sentence.
    Expected<Result, std::string> (*run)(std::span<const std::string> arguments,
                                         const std::string& chain, Random& secrets);
};

struct EngineFactory {
    std::string_view name;
    std::vector<OptionInfo> (*options)();
    std::span<const EngineTool> tools;
    /// The error is a sentence that names the offending option.
    Expected<EngineChoice, std::string> (*choose)(const EngineSettings& settings,
                                                  const ChainParams& params);
};

}  // namespace parley
