// The options that say which chain this is and what is believed of it: ChainParams, and their part
// of NodeConfig. Called once at the start.
#pragma once

#include <string>

#include "base/expected.h"
#include "node/config.h"
#include "node/daemon/options/option_reader.h"

namespace parley {

/// The parameters of the chain of this name, as its options change them. REQUIRES: the chain is
/// known. The error is a sentence.
Expected<ChainParams, std::string> read_chain_params(OptionReader& reader,
                                                     const std::string& chain);

/// -minimumchainwork, -assumevalid, -checkpoint.
void read_trust(OptionReader& reader, NodeConfig& config);

}  // namespace parley
