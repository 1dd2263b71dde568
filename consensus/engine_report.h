// EngineReport: an engine's report about its state, as a tree of values. The reader chooses the
// presentation (rpc/ makes JSON of it). A value.
#pragma once

#include <chrono>
#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace parley {

class EngineReport {
 public:
    struct Nothing {};
    using List = std::vector<EngineReport>;
    /// Members keep their order.
    using Object = std::vector<std::pair<std::string, EngineReport>>;
    using Value = std::variant<Nothing, bool, uint64_t, int64_t, std::chrono::milliseconds,
                               std::string, List, Object>;

    EngineReport() = default;
    EngineReport(bool flag) : value_(flag) {}
    template <std::unsigned_integral T>
    EngineReport(T number) : value_(uint64_t{number}) {}
    template <std::signed_integral T>
    EngineReport(T number) : value_(int64_t{number}) {}
    EngineReport(std::chrono::milliseconds duration) : value_(duration) {}
    EngineReport(std::string text) : value_(std::move(text)) {}
    EngineReport(std::string_view text) : value_(std::string{text}) {}
    EngineReport(const char* text) : value_(std::string{text}) {}
    EngineReport(List list) : value_(std::move(list)) {}
    EngineReport(Object object) : value_(std::move(object)) {}

    const Value& value() const { return value_; }

 private:
    Value value_;
};

}  // namespace parley
