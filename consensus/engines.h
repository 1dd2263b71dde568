// The list of engines. To add one, create its folder and add one line to engines.cpp.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "consensus/engine_factory.h"

namespace parley {

/// The first is the default.
std::span<const EngineFactory* const> engines();

/// Null: no such engine.
const EngineFactory* find_engine(std::string_view name);

/// "a, b or c", for help texts and errors.
std::string engine_names();

/// The default engine with its default options.
EngineChoice default_engine();

}  // namespace parley
