// The list of engines. An engine is added by its folder and by one line in engines.cpp.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "consensus/engine_factory.h"

namespace parley {

/// The first one is the default.
std::span<const EngineFactory* const> engines();

/// Null: there is no such engine.
const EngineFactory* find_engine(std::string_view name);

/// "a, b or c", for help texts and errors.
std::string engine_names();

/// The default engine with its default options.
EngineChoice default_engine();

}  // namespace parley
