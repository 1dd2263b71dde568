// ScriptOps: iterates over the opcodes of a script. It only splits the bytes into opcodes and their
// data; it does not interpret them. Borrows the script. Not thread-safe, but cheap to construct.
#pragma once

#include <cstdint>
#include <optional>

#include "base/bytes.h"

namespace parley {

struct ScriptOp {
    uint8_t opcode = 0;
    ByteSpan data;  ///< of a data push; empty for OP_N and all others
};

class ScriptOps {
 public:
    explicit ScriptOps(ByteSpan script) : rest_(script) {}

    /// Empty: at the end, or malformed.
    std::optional<ScriptOp> next();

    /// A push extended past the end. rest() then starts with that push.
    bool malformed() const { return malformed_; }
    /// The bytes from the next opcode on.
    ByteSpan rest() const { return rest_; }

 private:
    ByteSpan rest_;
    bool malformed_ = false;
};

/// Only pushes (OP_RESERVED counts as one, as in bitcoind). False if malformed.
bool is_push_only(ByteSpan script);

/// Whether the push is the shortest possible for its data (BIP62 rule 3).
bool is_minimal_push(const ScriptOp& op);

}  // namespace parley
