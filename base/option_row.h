// OptionRow: everything about one option of the command line, stated once: name, unit, range, help,
// and the member of an options struct that holds what the user chose. The default is the member's
// own initialiser. Each options struct has its table beside it, as a static function rows():
//
//     OptionRows<PoolOptions> PoolOptions::rows() {
//         static constexpr auto kRows = option_rows(
//             OptionGroup::mempool,
//             option<&PoolOptions::expiry>("expiry", kHours,
//                                          "Forget after this long (default: {default})"));
//         return kRows;
//     }
//
// No text is parsed here: the host reads texts into rows. Values. Thread-safe: constant.
#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "base/option_rows.h"
#include "base/time.h"

namespace parley {

/// The heading under which -help lists an option.
enum class OptionGroup : uint8_t { general, connection, rpc, zmq, mempool, mining, wallet, debug };

/// How the user writes a value, and what one of it is in the member.
struct OptionUnit {
    std::string_view argument;  ///< as -help shows it: "<s>"; empty: a flag
    int64_t scale = 1;          ///< what the member counts in one unit
    int decimals = 0;           ///< digits behind the point
    bool hexadecimal = false;   ///< eight digits
};
inline constexpr OptionUnit kFlag{};
inline constexpr OptionUnit kCount{"<n>"};
inline constexpr OptionUnit kAmount{"<amount>", 1, 8};
inline constexpr OptionUnit kMilliseconds{"<ms>", 1'000};
inline constexpr OptionUnit kSeconds{"<s>", 1'000'000};
inline constexpr OptionUnit kHours{"<h>", 3'600'000'000};
inline constexpr OptionUnit kMegabytes{"<MB>", 1'000'000};
inline constexpr OptionUnit kMebibytes{"<MiB>", int64_t{1} << 20};

/// A longer time saturates here: it is more than the 136 years of a 32-bit time, and can be added
/// to any point of a clock that counts nanoseconds.
inline constexpr Duration kOptionDurationMax = std::chrono::hours{24 * 365 * 140};

/// What happens to a number outside the range.
enum class OutOfRange : uint8_t { refuse, clamp, use_default };

/// A word that stands for a value.
struct OptionWord {
    std::string_view word;
    int64_t value = 0;
};

struct OptionDetails {
    int64_t min = 0;  ///< in units
    int64_t max = std::numeric_limits<int64_t>::max();
    OutOfRange below = OutOfRange::refuse;
    OutOfRange above = OutOfRange::refuse;
    /// What the user reads instead of the general sentence, with {value}, {min} and {max}.
    std::string_view refusal = {};
    std::string_view refusal_below = {};  ///< empty: the same
    std::span<const OptionWord> words = {};
    OptionGroup group = OptionGroup::general;
    /// On chains other than main, it counts in the chain's own section of the file only.
    bool network_only = false;
    /// Accepted, so that scripts keep working, without a meaning here.
    bool no_effect = false;
    /// The value names a file, which the host reads. For the user whose file cannot be read.
    std::string_view file_hint = {};
    /// That file holds a secret: only its owner may have access.
    bool secret_file = false;
};

struct OptionInfo : OptionDetails {
    std::string_view name;
    OptionUnit unit;
    /// {default}, {min} and {max} stand for the values of this row.
    std::string_view help;

    // What option() adds for a member:
    int64_t raw_min = std::numeric_limits<int64_t>::min();  ///< what the member can hold
    int64_t raw_max = std::numeric_limits<int64_t>::max();
    /// The member's initialiser as a number, empty where it has none, or as a text. Null: the row
    /// has no such member.
    std::optional<int64_t> (*default_number)() = nullptr;
    std::string (*default_text)() = nullptr;

    /// What the member holds for so many units: saturated, never overflown.
    int64_t raw(int64_t units) const;
    /// A value of the member as the user would write it.
    std::string show(int64_t raw_value) const;
    /// `help` with its values filled in.
    std::string help_text() const;
    /// "a whole number from 1 to 5", as in "It must be ...".
    std::string expected() const;
    /// The sentence for a value that is refused; `text` is as the user wrote it.
    std::string refuse(std::string_view text, bool is_below) const;
    /// Empty, or the sentence for a member's value outside the range.
    std::optional<std::string> out_of_range(std::optional<int64_t> raw_value) const;
};

/// Without a member, the host reads the option by hand.
template <class Options>
struct OptionRow : OptionInfo {
    std::optional<int64_t> (*get)(const Options&) = nullptr;  ///< empty: an optional without value
    void (*set)(Options&, int64_t raw_value) = nullptr;
    std::string Options::*text = nullptr;
    std::vector<std::string> Options::*list = nullptr;
};

namespace option_detail {

template <class>
struct MemberOf;
template <class Owner, class Type>
struct MemberOf<Type Owner::*> {
    using Options = Owner;
    using Value = Type;
};

template <class Value>
struct Scalar {
    using Type = Value;
};
template <class Value>
struct Scalar<std::optional<Value>> {
    using Type = Value;
};

// Arithmetic types, enumerations, durations and strong types are numbers.
template <class Value>
constexpr int64_t to_raw(const Value& value) {
    if constexpr (requires { value.count(); }) {
        return value.count();
    } else if constexpr (requires { value.value(); }) {
        return value.value();
    } else if constexpr (std::is_same_v<Value, uint64_t>) {
        return static_cast<int64_t>(std::min(value, uint64_t{INT64_MAX}));
    } else {
        return static_cast<int64_t>(value);
    }
}

template <auto Member>
std::optional<int64_t> get(const typename MemberOf<decltype(Member)>::Options& options) {
    const auto& value = options.*Member;
    if constexpr (requires { value.has_value(); }) {
        return value ? std::optional{to_raw(*value)} : std::nullopt;
    } else {
        return to_raw(value);
    }
}

}  // namespace option_detail

/// The row of a member.
template <auto Member>
constexpr auto option(std::string_view name, OptionUnit unit, std::string_view help,
                      const OptionDetails& details = {})
    -> OptionRow<typename option_detail::MemberOf<decltype(Member)>::Options> {
    using Options = typename option_detail::MemberOf<decltype(Member)>::Options;
    using Value = typename option_detail::MemberOf<decltype(Member)>::Value;
    OptionRow<Options> row{{details, name, unit, help}};
    if constexpr (std::is_same_v<Value, std::string>) {
        row.text = Member;
        row.default_text = [] { return Options{}.*Member; };
    } else if constexpr (std::is_same_v<Value, std::vector<std::string>>) {
        row.list = Member;
    } else {
        using Scalar = typename option_detail::Scalar<Value>::Type;
        if constexpr (std::is_same_v<Scalar, Duration>) {
            row.raw_min = -kOptionDurationMax.count();
            row.raw_max = kOptionDurationMax.count();
        } else if constexpr (std::is_integral_v<Scalar>) {
            using Limits = std::numeric_limits<Scalar>;
            row.raw_min = static_cast<int64_t>(Limits::min());
            row.raw_max = sizeof(Scalar) < 8 ? static_cast<int64_t>(Limits::max()) : INT64_MAX;
        }
        row.get = &option_detail::get<Member>;
        row.set = [](Options& options, int64_t raw) { options.*Member = static_cast<Scalar>(raw); };
        row.default_number = [] { return option_detail::get<Member>(Options{}); };
    }
    return row;
}

/// The row of an option that the host reads by hand.
template <class Options>
constexpr OptionRow<Options> option(std::string_view name, OptionUnit unit, std::string_view help,
                                    const OptionDetails& details = {}) {
    return {{details, name, unit, help}};
}

/// A table. Rows that name no group of their own are in `group`.
template <class... Rows>
constexpr auto option_rows(OptionGroup group, const Rows&... rows) {
    std::array table{rows...};
    for (auto& row : table) {
        if (row.group == OptionGroup::general) row.group = group;
    }
    return table;
}

/// Empty, or the sentence for the first value outside its row's range: the same check for options
/// that a user wrote and for those that are built in code.
template <class Options>
std::optional<std::string> out_of_range(const Options& options) {
    for (const OptionRow<Options>& row : Options::rows()) {
        if (row.get == nullptr) continue;
        if (auto problem = row.out_of_range(row.get(options))) return problem;
    }
    return std::nullopt;
}

/// The rows without their members, for tables of several structs.
template <class Options>
std::vector<OptionInfo> option_infos() {
    return {Options::rows().begin(), Options::rows().end()};
}

}  // namespace parley
