#include "base/encoding.h"

#include <algorithm>
#include <array>

#include "base/check.h"
#include "base/crypto/sha256.h"

namespace parley {
namespace {

constexpr std::string_view kBase58Alphabet =
    "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
constexpr std::string_view kBase64Alphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr size_t kBase58ChecksumSize = 4;

constexpr int kNoDigit = -1;

// The value of each character in an alphabet, or kNoDigit.
constexpr std::array<int8_t, 256> digit_values(std::string_view alphabet) {
    std::array<int8_t, 256> values{};
    for (auto& value : values) value = kNoDigit;
    for (size_t i = 0; i < alphabet.size(); ++i) {
        values[static_cast<uint8_t>(alphabet[i])] = static_cast<int8_t>(i);
    }
    return values;
}

constexpr auto kBase58Values = digit_values(kBase58Alphabet);
constexpr auto kBase64Values = digit_values(kBase64Alphabet);

// number = number * factor + carry, on a little-endian number of digits below `base`; grows it as
// needed.
void multiply_add(Bytes& number, unsigned base, unsigned factor, unsigned carry) {
    for (auto& digit : number) {
        carry += digit * factor;
        digit = static_cast<uint8_t>(carry % base);
        carry /= base;
    }
    for (; carry > 0; carry /= base) number.push_back(static_cast<uint8_t>(carry % base));
}

}  // namespace

std::string base58_encode(ByteSpan bytes) {
    const auto zeros = static_cast<size_t>(
        std::find_if(bytes.begin(), bytes.end(), [](uint8_t b) { return b != 0; }) - bytes.begin());
    Bytes number;
    for (const uint8_t byte : bytes.subspan(zeros)) multiply_add(number, 58, 256, byte);
    std::string text(zeros, kBase58Alphabet[0]);
    for (auto digit = number.rbegin(); digit != number.rend(); ++digit)
        text += kBase58Alphabet[*digit];
    return text;
}

std::optional<Bytes> base58_decode(std::string_view text, size_t size_max) {
    const size_t zeros = std::min(text.find_first_not_of(kBase58Alphabet[0]), text.size());
    Bytes number;
    for (const char c : text.substr(zeros)) {
        const int value = kBase58Values[static_cast<uint8_t>(c)];
        if (value == kNoDigit) return std::nullopt;
        multiply_add(number, 256, 58, static_cast<unsigned>(value));
        // The limit also prevents quadratic time for long texts.
        if (zeros + number.size() > size_max) return std::nullopt;
    }
    if (zeros > size_max) return std::nullopt;
    Bytes bytes(zeros, 0);
    bytes.insert(bytes.end(), number.rbegin(), number.rend());
    return bytes;
}

std::string base58check_encode(ByteSpan payload) {
    Bytes bytes = to_bytes(payload);
    append(bytes, sha256d(payload).span().first(kBase58ChecksumSize));
    return base58_encode(bytes);
}

std::optional<Bytes> base58check_decode(std::string_view text, size_t size_max) {
    auto bytes = base58_decode(text, size_max + kBase58ChecksumSize);
    if (!bytes || bytes->size() < kBase58ChecksumSize) return std::nullopt;
    const ByteSpan payload = ByteSpan{*bytes}.first(bytes->size() - kBase58ChecksumSize);
    const Hash256 hash = sha256d(payload);
    if (!std::equal(bytes->end() - kBase58ChecksumSize, bytes->end(), hash.data()))
        return std::nullopt;
    bytes->resize(payload.size());
    return bytes;
}

std::string base64_encode(ByteSpan bytes) {
    std::string text;
    text.reserve((bytes.size() + 2) / 3 * 4);
    for (size_t i = 0; i < bytes.size(); i += 3) {
        const size_t given = std::min<size_t>(3, bytes.size() - i);
        uint32_t group = 0;
        for (size_t k = 0; k < 3; ++k) group = group << 8 | (k < given ? bytes[i + k] : 0u);
        for (size_t k = 0; k < 4; ++k) {
            text += k <= given ? kBase64Alphabet[group >> (18 - 6 * k) & 63] : '=';
        }
    }
    return text;
}

std::optional<Bytes> base64_decode(std::string_view text) {
    if (text.size() % 4 != 0) return std::nullopt;
    for (int i = 0; i < 2 && !text.empty() && text.back() == '='; ++i) text.remove_suffix(1);
    Bytes values;
    values.reserve(text.size());
    for (const char c : text) {
        const int value = kBase64Values[static_cast<uint8_t>(c)];
        if (value == kNoDigit) return std::nullopt;
        values.push_back(static_cast<uint8_t>(value));
    }
    return convert_bits(values, 6, 8, false);
}

std::optional<Bytes> convert_bits(ByteSpan values, int from, int to, bool pad) {
    CHECK(from >= 1 && from <= 8 && to >= 1 && to <= 8);
    const uint32_t mask = (1u << to) - 1;
    uint32_t buffer = 0;  // holds `bits` pending bits
    int bits = 0;
    Bytes result;
    result.reserve((values.size() * static_cast<size_t>(from) + 7) / static_cast<size_t>(to));
    for (const uint8_t value : values) {
        if (value >> from != 0) return std::nullopt;
        buffer = (buffer << from | value) & 0xffff;
        for (bits += from; bits >= to;) {
            bits -= to;
            result.push_back(static_cast<uint8_t>(buffer >> bits & mask));
        }
    }
    const uint32_t rest = buffer << (to - bits) & mask;
    if (pad) {
        if (bits > 0) result.push_back(static_cast<uint8_t>(rest));
    } else if (bits >= from || rest != 0) {
        return std::nullopt;
    }
    return result;
}

}  // namespace parley
