// EngineFactory: what an engine registers in the list of engines.h: its name, its options, its
// tools, and how it is made. Everything outside consensus/ deals in these values and never asks for
// an engine by name. Reading option texts and files, and writing files, is the host's business.
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
#include "base/option_row.h"
#include "base/random.h"
#include "base/storage/storage.h"
#include "chain/rules/params.h"
#include "consensus/engine.h"

namespace parley {

/// What a node lends to its engine. `storage` is read while the engine is made, and only then; the
/// others outlive the engine.
struct EngineHost {
    const ChainParams& params;
    const Storage& storage;
    Random& random;
    LogSink& log;
};

/// What else the user chose that an engine may be at odds with.
struct EngineSurroundings {
    const ChainParams& params;
    bool checkpoints = false;  ///< some are set
    bool reindex = false;
};

/// An engine with its options, before it is made. A value: a node's configuration holds it.
struct EngineChoice {
    std::string name;  ///< a data directory remembers it and refuses another
    /// Blocks carry a seal beside them, which peers exchange with the blocks.
    bool sealed_blocks = false;
    /// Empty: usable. Else a sentence that names the option that is wrong.
    std::function<std::optional<std::string>(const EngineSurroundings&)> problem;
    /// The error is a sentence.
    std::function<Expected<std::unique_ptr<Engine>, std::string>(const EngineHost&)> make;
};

/// What the user chose among an engine's options, as its rows name them.
struct EngineSettings {
    struct File {
        std::string path;  ///< as the user wrote it
        std::string text;
    };
    std::map<std::string_view, int64_t> numbers;  ///< as the members of the rows hold them
    std::map<std::string_view, File> files;
    MiningSchedule schedule;  ///< -gen and -automine
};

/// A command that makes files for a new network and needs no node.
struct EngineTool {
    struct File {
        std::string name;
        std::string content;
        bool secret = false;  ///< only its owner may read it
    };
    struct Result {
        std::string directory;
        std::vector<File> files;  ///< in the order in which they are to be written
        std::string occupied;     ///< the sentence for the user when one of them exists
        std::string summary;      ///< for the user when all are written
    };
    std::string_view name;
    std::string_view arguments;  ///< as help shows them
    std::string_view help;
    /// `arguments` are those behind the tool's name. The error is a sentence.
    Expected<Result, std::string> (*run)(std::span<const std::string> arguments,
                                         const std::string& chain, Random& secrets);
};

struct EngineFactory {
    std::string_view name;
    std::vector<OptionInfo> (*options)();
    std::span<const EngineTool> tools;
    /// The error is a sentence that names the option that is wrong.
    Expected<EngineChoice, std::string> (*choose)(const EngineSettings& settings,
                                                  const ChainParams& params);
};

}  // namespace parley
