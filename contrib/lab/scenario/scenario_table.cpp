#include "contrib/lab/scenario/scenario_table.h"

#include <algorithm>
#include <cmath>

namespace parley::lab {
namespace {

const toml::table kEmptyTable;

int64_t line_of(const toml::node& node) {
    return static_cast<int64_t>(node.source().begin.line);
}

}  // namespace

std::string ScenarioTable::place(const char* key) const {
    return name_.empty() ? key : fmt::format("{}.{}", name_, key);
}

int64_t ScenarioTable::line(const char* key) const {
    const toml::node* node = table_.get(key);
    return node == nullptr ? line_ : line_of(*node);
}

const toml::node* ScenarioTable::find(const char* key, bool required) {
    allow({key});
    const toml::node* node = table_.get(key);
    if (node == nullptr && required) {
        errors_.add(line_, fmt::format("{} is missing", place(key)), ScenarioFault::missing_key);
    }
    return node;
}

double ScenarioTable::number(const char* key, double low, double high,
                             std::optional<double> otherwise) {
    const toml::node* node = find(key, !otherwise);
    if (node == nullptr) return otherwise.value_or(low);
    const auto value = node->value<double>();
    if (!node->is_number() || !value) {
        errors_.add(line_of(*node), fmt::format("{} is not a number", place(key)));
    } else if (!(*value >= low && *value <= high)) {
        errors_.add(line_of(*node), fmt::format("{} is {:g}; it must be from {:g} to {:g}",
                                                place(key), *value, low, high));
    } else {
        return *value;
    }
    return low;
}

uint64_t ScenarioTable::whole(const char* key, uint64_t low, uint64_t high,
                              std::optional<uint64_t> otherwise) {
    const toml::node* node = find(key, !otherwise);
    if (node == nullptr) return otherwise.value_or(low);
    const auto value = node->value_exact<int64_t>();
    if (!value) {
        errors_.add(line_of(*node), fmt::format("{} is not a whole number", place(key)));
    } else if (*value < 0 || static_cast<uint64_t>(*value) < low ||
               static_cast<uint64_t>(*value) > high) {
        errors_.add(line_of(*node), fmt::format("{} is {}; it must be from {} to {}", place(key),
                                                *value, low, high));
    } else {
        return static_cast<uint64_t>(*value);
    }
    return low;
}

std::string ScenarioTable::text(const char* key, std::optional<std::string> otherwise) {
    const toml::node* node = find(key, !otherwise);
    if (node == nullptr) return otherwise.value_or("");
    const auto value = node->value_exact<std::string>();
    if (!value) errors_.add(line_of(*node), fmt::format("{} is not a text in quotes", place(key)));
    return value.value_or("");
}

bool ScenarioTable::flag(const char* key, bool otherwise) {
    const toml::node* node = find(key, false);
    if (node == nullptr) return otherwise;
    const auto value = node->value_exact<bool>();
    if (!value) errors_.add(line_of(*node), fmt::format("{} is not true or false", place(key)));
    return value.value_or(otherwise);
}

std::vector<double> ScenarioTable::numbers(const char* key) {
    const toml::node* node = find(key, false);
    if (node == nullptr) return {};
    const toml::array* array = node->as_array();
    std::vector<double> result;
    if (array == nullptr) {
        errors_.add(line_of(*node), fmt::format("{} is not a list of numbers", place(key)));
        return {};
    }
    for (const toml::node& item : *array) {
        const auto value = item.value<double>();
        if (!item.is_number() || !value || !std::isfinite(*value) || *value < 0) {
            errors_.add(line_of(item),
                        fmt::format("{}[{}] is not a number from 0", place(key), result.size()));
            return {};
        }
        result.push_back(*value);
    }
    return result;
}

ScenarioTable ScenarioTable::table(const char* key, bool required) {
    const toml::node* node = find(key, required);
    const toml::table* found = node == nullptr ? nullptr : node->as_table();
    if (node != nullptr && found == nullptr) {
        // Before its keys, which are missing now.
        errors_.add(line_of(*node), fmt::format("{} is not a table", place(key)),
                    ScenarioFault::missing_key);
    }
    return {found == nullptr ? kEmptyTable : *found, place(key), line(key), errors_};
}

void ScenarioTable::allow(std::initializer_list<const char*> keys) {
    for (const char* key : keys) {
        if (std::find(asked_.begin(), asked_.end(), key) == asked_.end()) asked_.emplace_back(key);
    }
}

void ScenarioTable::expect_no_more() {
    // The table is sorted by name; the error is about the first line.
    const toml::key* first = nullptr;
    for (const auto& [key, node] : table_) {
        if (std::find(asked_.begin(), asked_.end(), key.str()) != asked_.end()) continue;
        if (first == nullptr || key.source().begin.line < first->source().begin.line) first = &key;
    }
    if (first == nullptr) return;
    const std::string known = fmt::format("{}", fmt::join(asked_, ", "));
    errors_.add(static_cast<int64_t>(first->source().begin.line),
                fmt::format("unknown key {}; known here: {}",
                            place(std::string(first->str()).c_str()), known),
                ScenarioFault::unknown_key);
}

}  // namespace parley::lab
