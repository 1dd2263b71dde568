#include "node/daemon/options/settings.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "node/daemon/options/option_table.h"
#include "rpc/jsonrpc/json_writer.h"

namespace parley {

void Settings::add(Source source, std::string_view section, std::string_view name, Value value) {
    entries_[std::string(name)].push_back({source, std::string(section), std::move(value)});
}

void Settings::for_each(
    const std::function<void(Source, std::string_view section, std::string_view name,
                             const Value&)>& visitor) const {
    for (const auto& [name, entries] : entries_) {
        for (const Entry& entry : entries) visitor(entry.source, entry.section, name, entry.value);
    }
}

std::vector<std::string> Settings::log_lines() const {
    std::vector<std::string> lines;
    for (const auto& [wanted, title] : {std::pair{Source::file, "Config file arg:"},
                                        std::pair{Source::command_line, "Command-line arg:"}}) {
        for (const auto& [name, entries] : entries_) {
            for (const auto& [source, section, value] : entries) {
                if (source != wanted) continue;
                const std::string text = is_secret(name) ? "****"
                                         : value.negated ? "false"
                                                         : rpc::json_quote(value.text);
                lines.push_back(fmt::format(
                    "{} {}{}={}", title, section.empty() ? "" : "[" + section + "] ", name, text));
            }
        }
    }
    return lines;
}

std::optional<int> Settings::rank(std::string_view name, const Entry& entry) const {
    if (entry.source == Source::command_line) return 0;
    if (entry.source == Source::settings_json) return 1;
    if (entry.section == chain_) return 2;
    if (!entry.section.empty()) return std::nullopt;
    const OptionInfo* option = find_option(name);
    if (option != nullptr && option->network_only && chain_ != "main") return std::nullopt;
    return 3;
}

std::optional<Settings::Value> Settings::find(std::string_view name) const {
    const auto found = entries_.find(name);
    if (found == entries_.end()) return std::nullopt;
    const Entry* best = nullptr;
    int best_rank = 0;
    for (const Entry& entry : found->second) {
        const auto entry_rank = rank(name, entry);
        if (!entry_rank) continue;
        const bool later_counts = entry.source == Source::command_line;
        if (best == nullptr || *entry_rank < best_rank ||
            (*entry_rank == best_rank && later_counts)) {
            best = &entry;
            best_rank = *entry_rank;
        }
    }
    return best == nullptr ? std::nullopt : std::optional{best->value};
}

std::vector<std::string> Settings::list(std::string_view name) const {
    const auto found = entries_.find(name);
    if (found == entries_.end()) return {};
    std::vector<std::string> result;
    for (int wanted = 0; wanted <= 3; ++wanted) {
        std::vector<std::string> values;
        bool negated = false;
        for (const Entry& entry : found->second) {
            if (rank(name, entry) != wanted) continue;
            if (entry.value.negated) {
                values.clear();
                negated = true;
            } else {
                values.push_back(entry.value.text);
            }
        }
        result.insert(result.end(), values.begin(), values.end());
        if (negated) break;
    }
    return result;
}

std::optional<std::string> Settings::misplaced() const {
    std::string sentences;
    for (const auto& [name, entries] : entries_) {
        const OptionInfo* option = find_option(name);
        if (option == nullptr || !option->network_only || chain_ == "main" || has(name)) continue;
        sentences +=
            fmt::format("{}Config setting for -{} only applied on {} network when in [{}] section.",
                        sentences.empty() ? "" : " ", name, chain_, chain_);
    }
    return sentences.empty() ? std::nullopt : std::optional{std::move(sentences)};
}

std::vector<std::string> Settings::mentioned() const {
    std::vector<std::string> result;
    for (const auto& [name, entries] : entries_) {
        if (has(name)) result.push_back(name);
    }
    return result;
}

}  // namespace parley
