// HeaderNode: a header in its tree, with its score and the state of its block. HeaderRules: what a
// consensus engine knows about headers (its pure half). Neither is the tree itself, which owns the
// nodes and links them (chain/state). Nodes never move. Reading them is thread-safe as long as the
// tree does not change.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/expected.h"
#include "base/uint256.h"
#include "chain/primitives/block.h"

namespace parley {

/// Cumulative along a branch, comparable between branches: cumulative work, or a height that is
/// certified.
using Score = U256;

/// What is known about the block of a header.
enum class BlockStatus : uint8_t {
    header_only,  ///< no body yet
    stored,       ///< the body passed check and accept, and is in the block files
    connected,    ///< the body passed connect at least once; undo data is in the files
    invalid,      ///< this block broke a rule (or was invalidated by hand)
    invalid_ancestor
};

struct FilePosition {
    uint32_t file = 0;
    uint64_t offset = 0;  ///< of the data, behind magic and length
    uint32_t size = 0;    ///< bytes; 0 means: nothing stored

    bool operator==(const FilePosition&) const = default;
};

struct HeaderNode {
    BlockHeader header;
    BlockHash hash;
    Height height{0};
    const HeaderNode* parent = nullptr;
    const HeaderNode* skip = nullptr;  ///< an ancestor some way down, for ancestor() in O(log n)
    const HeaderNode* first_child = nullptr;   ///< the youngest; the others follow by next_sibling
    const HeaderNode* next_sibling = nullptr;  ///< an older child of the same parent

    std::optional<Score> score;  ///< empty: not eligible, its seal is missing, or its parent's is
    Bytes seal;                  ///< beside the header; empty where the engine has none
    BlockStatus status = BlockStatus::header_only;
    bool invalidated = false;   ///< by invalidateblock, undone by reconsiderblock
    uint32_t number = 0;        ///< in its tree, in the order of arrival; not stored
    uint64_t sequence = 0;      ///< order in which bodies arrived; the lower wins a tie. 0: no body
    int32_t precedence = 0;     ///< the lower wins a tie before the order of arrival; not stored
    uint32_t transactions = 0;  ///< in the body; 0: unknown
    uint64_t chain_transactions = 0;  ///< in this and all ancestors; 0: some body is missing
    FilePosition block_position;
    FilePosition undo_position;

    /// REQUIRES: 0 <= target <= height.
    const HeaderNode* ancestor(Height target) const;
    /// Median of the times of this and the ten blocks before (BIP113), in Unix seconds.
    int64_t median_time_past() const;
    int64_t time() const { return header.time; }
    bool is_invalid() const {
        return status == BlockStatus::invalid || status == BlockStatus::invalid_ancestor;
    }
    bool has_body() const { return block_position.size != 0; }
    /// The body was here, was connected, and was removed.
    bool is_pruned() const { return transactions != 0 && !has_body() && parent != nullptr; }
    bool has_undo() const { return undo_position.size != 0; }
};

/// Deepest common ancestor.
const HeaderNode* fork_point(const HeaderNode* a, const HeaderNode* b);

/// Why an engine refuses a header. `reason` is bitcoind's word where it has one (high-hash,
/// bad-diffbits, ...).
struct HeaderError {
    std::string reason;
    std::string detail;
};

/// A consensus engine's pure half.
class HeaderRules {
 public:
    virtual ~HeaderRules() = default;

    /// Is this header authentic as far as it can be said without its parent? Comes first, so that
    /// the rest costs who sent it some work.
    virtual Expected<void, HeaderError> check_header(const BlockHeader& /*header*/,
                                                     const BlockHash& /*hash*/) const {
        return {};
    }

    /// Is this header, which passed check_header, with this seal, authentic below `parent`; and
    /// what is the branch's score with it. An empty score: the header is acceptable, but the block
    /// is not eligible for the best chain until its seal arrives. No time rules here: chain/ checks
    /// median time past and the future bound.
    virtual Expected<std::optional<Score>, HeaderError> verify_header(
        const BlockHeader& header, const BlockHash& hash, ByteSpan seal,
        const HeaderNode& parent) const = 0;

    virtual Score genesis_score(const BlockHeader& genesis) const = 0;

    /// The compact target that a block below `parent` with this time (Unix seconds) must carry.
    virtual uint32_t next_bits(const HeaderNode& parent, int64_t time) const = 0;
};

}  // namespace parley
