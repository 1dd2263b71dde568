#include "contrib/lab/scenario/run_trace.h"

#include <utility>

namespace parley::lab {
namespace {

constexpr std::pair<const char*, TracedKind> kKinds[] = {{"proposal", TracedKind::proposal},
                                                         {"commit", TracedKind::commit},
                                                         {"view_change", TracedKind::view_change},
                                                         {"new_view", TracedKind::new_view}};

}  // namespace

const char* to_string(TracedKind kind) {
    for (const auto& [name, each] : kKinds) {
        if (each == kind) return name;
    }
    return "";
}

std::optional<TracedKind> traced_kind(const std::string& name) {
    for (const auto& [known, kind] : kKinds) {
        if (name == known) return kind;
    }
    return std::nullopt;
}

}  // namespace parley::lab
