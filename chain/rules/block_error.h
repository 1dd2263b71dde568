// BlockError: why a header or a block was not accepted. `reason` is bitcoind's reject reason.
#pragma once

#include <cstdint>
#include <string>
#include <variant>

#include "base/storage/storage.h"

namespace parley {

/// What the error implies for the block and for its sender.
enum class BlockErrorKind : uint8_t {
    invalid_header,        ///< breaks a header rule: invalid for ever
    invalid_block,         ///< breaks a block rule
    mutated,               ///< does not match its header: another body for this hash may be valid
    missing_parent,        ///< the parent's header is unknown
    invalid_parent,        ///< a descendant of an invalid block
    cached_invalid,        ///< was found invalid before
    time_future,           ///< too far ahead of our clock; may be valid later
    conflicts_with_final,  ///< would replace a finalized block
    unknown_block,         ///< attach_seal, invalidate, ...: no such header
};

struct BlockError {
    BlockErrorKind kind = BlockErrorKind::invalid_block;
    std::string reason;  ///< bad-txnmrklroot, high-hash, ...
    std::string detail;  ///< for logs; may be empty

    /// "reason, detail", as bitcoind prints it.
    std::string to_string() const { return detail.empty() ? reason : reason + ", " + detail; }
};

/// Why a block was not found valid: it broke a rule, or a store failed and there is no verdict.
using BlockFailure = std::variant<BlockError, StorageError>;

}  // namespace parley
