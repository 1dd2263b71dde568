// BlockError: why a header or a block is not accepted. `reason` is bitcoind's word for it.
#pragma once

#include <cstdint>
#include <string>
#include <variant>

#include "base/storage/storage.h"

namespace parley {

/// What the error says about the block and about who sent it.
enum class BlockErrorKind : uint8_t {
    invalid_header,        ///< breaks a rule of headers; nobody can make it valid
    invalid_block,         ///< breaks a rule of blocks
    mutated,               ///< does not match its header: another body of this hash may be valid
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

/// Why a block was not found to be valid: it breaks a rule, or a store failed, and there is no
/// verdict.
using BlockFailure = std::variant<BlockError, StorageError>;

}  // namespace parley
