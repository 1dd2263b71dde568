// The checksum of an output descriptor, after its '#' (BIP380). Thread-safe.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace parley {

/// The eight characters after '#'. Empty: a character not allowed in descriptors.
std::optional<std::string> descriptor_checksum(std::string_view body);

}  // namespace parley
