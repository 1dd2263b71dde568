#include "wallet/descriptor/descriptor_checksum.h"

#include <array>
#include <cstdint>

namespace parley {

namespace {

/// BIP380: the position gives a character's symbol (low 5 bits) and its group (the bits above).
constexpr std::string_view kInputCharacters =
    "0123456789()[],'/*abcdefgh@:$%{}"
    "IJKLMNOPQRSTUVWXYZ&+-.;<=>?!^_|~"
    "ijklmnopqrstuvwxyzABCDEFGH`#\"\\ ";
constexpr std::string_view kChecksumCharacters = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";

/// One step of the BCH code over GF(32).
uint64_t polymod_step(uint64_t checksum, uint64_t symbol) {
    constexpr std::array<uint64_t, 5> kGenerators{0xf5dee51989, 0xa9fdca3312, 0x1bab10e32d,
                                                  0x3706b1677a, 0x644d626ffd};
    const uint64_t top = checksum >> 35;
    checksum = ((checksum & 0x7ffffffff) << 5) ^ symbol;
    for (size_t i = 0; i < kGenerators.size(); ++i) {
        if ((top >> i) & 1) checksum ^= kGenerators[i];
    }
    return checksum;
}

}  // namespace

std::optional<std::string> descriptor_checksum(std::string_view body) {
    uint64_t checksum = 1;
    uint64_t groups = 0;
    int grouped = 0;
    for (const char character : body) {
        const size_t position = kInputCharacters.find(character);
        if (position == std::string_view::npos) return std::nullopt;
        checksum = polymod_step(checksum, position & 31);
        groups = groups * 3 + (position >> 5);
        if (++grouped == 3) {
            checksum = polymod_step(checksum, groups);
            groups = 0;
            grouped = 0;
        }
    }
    if (grouped > 0) checksum = polymod_step(checksum, groups);
    for (int i = 0; i < 8; ++i) checksum = polymod_step(checksum, 0);
    checksum ^= 1;
    std::string result;
    for (int i = 0; i < 8; ++i) result += kChecksumCharacters[(checksum >> (5 * (7 - i))) & 31];
    return result;
}

}  // namespace parley
