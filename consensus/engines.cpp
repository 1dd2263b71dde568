#include "consensus/engines.h"

#include <algorithm>

#include "consensus/pbft/pbft_engine.h"
#include "consensus/pow/pow_engine.h"

namespace parley {
namespace {

constexpr const EngineFactory* kEngines[] = {
    &kPowFactory,
    &kPbftFactory,
};

}  // namespace

std::span<const EngineFactory* const> engines() {
    return kEngines;
}

const EngineFactory* find_engine(std::string_view name) {
    const auto found = std::ranges::find(kEngines, name, &EngineFactory::name);
    return found == std::ranges::end(kEngines) ? nullptr : *found;
}

std::string engine_names() {
    std::string names;
    for (const EngineFactory* engine : kEngines) {
        if (!names.empty()) names += engine == *std::rbegin(kEngines) ? " or " : ", ";
        names += engine->name;
    }
    return names;
}

EngineChoice default_engine() {
    return pow_choice({});
}

}  // namespace parley
