// The options that select the chain and the trusted blocks: ChainParams, and their part of
// NodeConfig. Called once at start-up.
#pragma once

#include <string>

#include "base/expected.h"
#include "node/config.h"
#include "node/daemon/options/option_reader.h"

namespace parley {

/// The parameters of the named chain, modified by its options. REQUIRES: the chain exists. The
/// error is a sentence.
Expected<ChainParams, std::string> read_chain_params(OptionReader& reader,
                                                     const std::string& chain);

/// -minimumchainwork, -assumevalid, -checkpoint.
void read_trust(OptionReader& reader, NodeConfig& config);

}  // namespace parley
