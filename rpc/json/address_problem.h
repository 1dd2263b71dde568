// describe_address_problem: why a text is not an address of a chain, in bitcoind's words. For the
// texts that decode_address() refuses. Thread-safe.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "chain/primitives/address.h"

namespace parley::rpc {

struct AddressProblem {
    std::string sentence;
    std::vector<size_t> positions;  ///< of wrong characters, where they are known
};

/// REQUIRES: decode_address() has refused the text.
AddressProblem describe_address_problem(const AddressPrefixes& prefixes, std::string_view text);

}  // namespace parley::rpc
