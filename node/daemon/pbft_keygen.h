// `parley-cli pbftkeygen <n> <directory>`: keys and the validators file for a new PBFT network,
// made without a node. Called by parley-cli's main.
#pragma once

#include <string>
#include <vector>

#include "base/expected.h"
#include "base/random.h"

namespace parley {

/// `arguments` are those behind the command's name. The result is text for stdout, the error a
/// sentence for stderr; nothing that exists is overwritten.
Expected<std::string, std::string> run_pbft_keygen(const std::vector<std::string>& arguments,
                                                   const std::string& chain, Random& secrets);

}  // namespace parley
