// The checksum behind an output descriptor's '#' (BIP380). Thread-safe.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace parley {

/// The eight characters behind '#'. Empty: a character that descriptors do not have.
std::optional<std::string> descriptor_checksum(std::string_view body);

}  // namespace parley
