// `parley-cli <tool> ...`: runs a tool of the engines' list, such as one that makes the keys of a
// new network, and writes the files that it returns. Needs no node. Called by parley-cli's main.
#pragma once

#include <span>
#include <string>

#include "base/expected.h"
#include "base/random.h"
#include "consensus/engine_factory.h"

namespace parley {

/// Null: no engine has a tool of this name.
const EngineTool* find_engine_tool(std::string_view name);

/// `arguments` are those behind the tool's name. The result is text for stdout, the error a
/// sentence for stderr; nothing that exists is overwritten.
Expected<std::string, std::string> run_engine_tool(const EngineTool& tool,
                                                   std::span<const std::string> arguments,
                                                   const std::string& chain, Random& secrets);

}  // namespace parley
