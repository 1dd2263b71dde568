// `parley-cli <tool> ...`: runs a tool of an engine, such as the one that creates the keys of a new
// network, and writes the resulting files. Needs no node. Called by parley-cli's main.
#pragma once

#include <span>
#include <string>

#include "base/expected.h"
#include "base/random.h"
#include "consensus/engine_factory.h"

namespace parley {

/// Null: no engine has a tool with this name.
const EngineTool* find_engine_tool(std::string_view name);

/// `arguments` are those after the tool's name. The result is text for stdout, the error a sentence
/// for stderr; existing files are never overwritten.
Expected<std::string, std::string> run_engine_tool(const EngineTool& tool,
                                                   std::span<const std::string> arguments,
                                                   const std::string& chain, Random& secrets);

}  // namespace parley
