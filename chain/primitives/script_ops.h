// ScriptOps: walks the opcodes of a script. It only cuts the bytes into opcodes and their data;
// meaning is the interpreter's business. Borrows the script. Not thread-safe, but cheap to make.
#pragma once

#include <cstdint>
#include <optional>

#include "base/bytes.h"

namespace parley {

struct ScriptOp {
    uint8_t opcode = 0;
    ByteSpan data;  ///< what a push pushes; empty for OP_N and all others
};

class ScriptOps {
 public:
    explicit ScriptOps(ByteSpan script) : rest_(script) {}

    /// Empty: at the end, or malformed.
    std::optional<ScriptOp> next();

    /// A push ran past the end. What is left then starts with that push.
    bool malformed() const { return malformed_; }
    /// Bytes from the next opcode on.
    ByteSpan rest() const { return rest_; }

 private:
    ByteSpan rest_;
    bool malformed_ = false;
};

/// Nothing but pushes (OP_RESERVED counts as one, as in bitcoind); false where it is malformed.
bool is_push_only(ByteSpan script);

/// Is this push the shortest that there is for its data (BIP62 rule 3)?
bool is_minimal_push(const ScriptOp& op);

}  // namespace parley
