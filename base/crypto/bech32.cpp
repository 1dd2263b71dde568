// Bech32 and Bech32m, BIP173 and BIP350.
#include <algorithm>
#include <array>
#include <map>
#include <utility>

#include "base/check.h"
#include "base/crypto/bech32_errors.h"
#include "base/encoding.h"

namespace parley {
namespace {

constexpr std::string_view kAlphabet = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";
constexpr size_t kLengthMax =
    90;  // BIP173: up to this length, the checksum detects any four errors
constexpr size_t kChecksumSize = 6;
constexpr char kSeparator = '1';

// The final checksum constants, which are the only difference between the two variants.
constexpr uint32_t constant_of(Bech32Variant variant) {
    return variant == Bech32Variant::bech32 ? 1 : 0x2bc830a3;
}

// The remainder of the values, as a polynomial over GF(32), modulo BIP173's generator.
class Remainder {
 public:
    explicit Remainder(uint32_t remainder = 1) : remainder_(remainder) {}

    void add(uint8_t value) {
        static constexpr std::array<uint32_t, 5> kGenerator{0x3b6a57b2, 0x26508e6d, 0x1ea119fa,
                                                            0x3d4233dd, 0x2a1462b3};
        const uint32_t top = remainder_ >> 25;
        remainder_ = (remainder_ & 0x1ffffff) << 5 ^ value;
        for (size_t i = 0; i < kGenerator.size(); ++i) {
            if (top >> i & 1) remainder_ ^= kGenerator[i];
        }
    }
    // The high bits of each character, a zero, the low bits.
    void add_prefix(std::string_view prefix) {
        for (const char c : prefix) add(static_cast<uint8_t>(static_cast<uint8_t>(c) >> 5));
        add(0);
        for (const char c : prefix) add(static_cast<uint8_t>(c & 31));
    }
    uint32_t value() const { return remainder_; }

 private:
    uint32_t remainder_;
};

bool is_upper(char c) {
    return c >= 'A' && c <= 'Z';
}
bool is_lower(char c) {
    return c >= 'a' && c <= 'z';
}
char to_lower(char c) {
    return is_upper(c) ? static_cast<char>(c - 'A' + 'a') : c;
}

bool valid_prefix(std::string_view prefix) {
    return !prefix.empty() &&
           std::all_of(prefix.begin(), prefix.end(), [](char c) { return c >= 33 && c <= 126; });
}

}  // namespace

std::string bech32_encode(const Bech32& content) {
    CHECK(valid_prefix(content.prefix) &&
          std::none_of(content.prefix.begin(), content.prefix.end(), is_upper));
    Remainder remainder;
    remainder.add_prefix(content.prefix);
    std::string text = content.prefix + kSeparator;
    for (const uint8_t value : content.values) {
        CHECK(value < 32);
        remainder.add(value);
        text += kAlphabet[value];
    }
    for (size_t i = 0; i < kChecksumSize; ++i) remainder.add(0);
    const uint32_t checksum = remainder.value() ^ constant_of(content.variant);
    for (size_t i = 0; i < kChecksumSize; ++i)
        text += kAlphabet[checksum >> (5 * (kChecksumSize - 1 - i)) & 31];
    return text;
}

std::optional<Bech32> bech32_decode(std::string_view text) {
    if (text.size() > kLengthMax) return std::nullopt;
    const size_t separator = text.rfind(kSeparator);
    if (separator == std::string_view::npos || text.size() - separator - 1 < kChecksumSize)
        return std::nullopt;
    if (std::any_of(text.begin(), text.end(), is_upper) &&
        std::any_of(text.begin(), text.end(), is_lower)) {
        return std::nullopt;
    }
    Bech32 content;
    content.prefix = text.substr(0, separator);
    if (!valid_prefix(content.prefix)) return std::nullopt;
    std::transform(content.prefix.begin(), content.prefix.end(), content.prefix.begin(), to_lower);

    Remainder remainder;
    remainder.add_prefix(content.prefix);
    for (const char c : text.substr(separator + 1)) {
        const size_t value = kAlphabet.find(to_lower(c));
        if (value == std::string_view::npos) return std::nullopt;
        content.values.push_back(static_cast<uint8_t>(value));
        remainder.add(static_cast<uint8_t>(value));
    }
    content.values.resize(content.values.size() - kChecksumSize);
    for (const auto variant : {Bech32Variant::bech32, Bech32Variant::bech32m}) {
        content.variant = variant;
        if (remainder.value() == constant_of(variant)) return content;
    }
    return std::nullopt;
}

namespace {

// For each difference that one wrong character makes to the remainder: how far the character is
// from the end. Differences add up, because the code is linear.
std::map<uint32_t, size_t> single_errors(size_t length) {
    std::map<uint32_t, size_t> errors;
    for (uint8_t value = 1; value < 32; ++value) {
        Remainder difference{0};
        difference.add(value);
        for (size_t from_end = 0; from_end < length; ++from_end) {
            errors.emplace(difference.value(), from_end);
            difference.add(0);
        }
    }
    return errors;
}

// Distances from the end of one or two wrong characters that explain the difference; empty: more
// are wrong. Two patterns of two never explain the same one, for any four errors are detected.
std::vector<size_t> explain(uint32_t difference, const std::map<uint32_t, size_t>& singles) {
    if (const auto one = singles.find(difference); one != singles.end()) return {one->second};
    for (const auto& [first, from_end] : singles) {
        const auto second = singles.find(difference ^ first);
        if (second != singles.end() && second->second != from_end)
            return {from_end, second->second};
    }
    return {};
}

// The positions of characters outside the printable range, and of the case that came second.
std::vector<size_t> bad_characters(std::string_view text) {
    std::vector<size_t> positions;
    bool upper = false;
    bool lower = false;
    for (size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        const bool second_case = (is_lower(c) && upper) || (is_upper(c) && lower);
        if (second_case || c < 33 || c > 126) positions.push_back(i);
        if (!second_case) {
            upper |= is_upper(c);
            lower |= is_lower(c);
        }
    }
    return positions;
}

std::string lower_case(std::string_view text) {
    std::string lower;
    for (const char c : text) lower += to_lower(c);
    return lower;
}

Bech32Problem find_checksum_problem(std::string_view text, size_t separator, const Bytes& values) {
    const auto singles = single_errors(values.size());
    Bech32Problem problem{"Invalid checksum", {}};
    for (const Bech32Variant variant : {Bech32Variant::bech32, Bech32Variant::bech32m}) {
        Remainder remainder;
        remainder.add_prefix(lower_case(text.substr(0, separator)));
        for (const uint8_t value : values) remainder.add(value);
        const uint32_t difference = remainder.value() ^ constant_of(variant);
        if (difference == 0) return {};
        std::vector<size_t> positions;
        for (const size_t from_end : explain(difference, singles))
            positions.push_back(text.size() - 1 - from_end);
        std::sort(positions.begin(), positions.end());
        // The variant that explains the text with fewer errors is the likely one.
        const bool better =
            problem.positions.empty() || positions.size() < problem.positions.size();
        if (positions.empty() || !better) continue;
        problem.positions = std::move(positions);
        problem.sentence = variant == Bech32Variant::bech32 ? "Invalid Bech32 checksum"
                                                            : "Invalid Bech32m checksum";
    }
    return problem;
}

}  // namespace

Bech32Problem find_bech32_problem(std::string_view text) {
    if (text.size() > kLengthMax) {
        Bech32Problem problem{"Bech32 string too long", {}};
        for (size_t i = kLengthMax; i < text.size(); ++i) problem.positions.push_back(i);
        return problem;
    }
    if (auto positions = bad_characters(text); !positions.empty())
        return {"Invalid character or mixed case", std::move(positions)};
    const size_t separator = text.rfind(kSeparator);
    if (separator == std::string_view::npos) return {"Missing separator", {}};
    if (separator == 0 || separator + kChecksumSize >= text.size())
        return {"Invalid separator position", {separator}};
    Bytes values;
    for (size_t i = separator + 1; i < text.size(); ++i) {
        const size_t value = kAlphabet.find(to_lower(text[i]));
        if (value == std::string_view::npos) return {"Invalid Base 32 character", {i}};
        values.push_back(static_cast<uint8_t>(value));
    }
    return find_checksum_problem(text, separator, values);
}

}  // namespace parley
