// What signmessage and signmessagewithprivkey sign. Thread-safe.
#pragma once

#include <string_view>

#include "base/hash256.h"

namespace parley::rpc {

/// The prefix in it keeps a signed message from being a valid transaction.
Hash256 message_hash(std::string_view message);

}  // namespace parley::rpc
