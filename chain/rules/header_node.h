// HeaderNode: a header in the header tree, with its score and the state of its block. HeaderRules:
// the pure half of a consensus engine. The tree itself, which owns and links the nodes, is
// BlockIndex (chain/state). Nodes never move. Reading them is thread-safe as long as the tree does
// not change.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/expected.h"
#include "base/uint256.h"
#include "chain/primitives/block.h"

namespace parley {

/// Cumulative along a branch and comparable between branches: cumulative work, or the height of the
/// last certified block.
using Score = U256;

/// How far a header's block has been validated.
enum class BlockStatus : uint8_t {
    header_only,  ///< no body yet
    stored,       ///< the body passed check and accept, and is in the block files
    connected,    ///< the body passed connect at least once; undo data is in the files
    invalid,      ///< this block broke a rule, or a user invalidated it
    invalid_ancestor
};

struct FilePosition {
    uint32_t file = 0;
    uint64_t offset = 0;  ///< of the data, behind magic and length
    uint32_t size = 0;    ///< bytes; 0: nothing stored

    bool operator==(const FilePosition&) const = default;
};

struct HeaderNode {
    BlockHeader header;
    BlockHash hash;
    Height height{0};
    const HeaderNode* parent = nullptr;
    const HeaderNode* skip = nullptr;          ///< skip list: makes ancestor() O(log n)
    const HeaderNode* first_child = nullptr;   ///< the last added; next_sibling leads to the others
    const HeaderNode* next_sibling = nullptr;  ///< the child of the same parent added before

    std::optional<Score> score;  ///< empty: not eligible, for its or an ancestor's seal is missing
    Bytes seal;                  ///< stored beside the header; empty if the engine has none
    BlockStatus status = BlockStatus::header_only;
    bool invalidated = false;  ///< by invalidateblock, undone by reconsiderblock
    uint32_t number = 0;       ///< in its tree, by arrival; not stored
    uint64_t sequence = 0;     ///< order of the bodies' arrival; 0: no body
    /// Order in which the bodies of the block and all its ancestors were complete; the lower wins a
    /// tie. 0: in the best chain since the start, or not complete. Not stored.
    uint64_t completed = 0;
    int32_t precedence = 0;  ///< compared before `completed` on a tie; the lower wins. Not stored
    uint32_t transactions = 0;        ///< in the body; 0: unknown
    uint64_t chain_transactions = 0;  ///< in this and all ancestors; 0: some body is missing
    FilePosition block_position;
    FilePosition undo_position;

    /// REQUIRES: 0 <= target <= height.
    const HeaderNode* ancestor(Height target) const;
    /// Median of the times of this block and the ten before it (BIP113), in Unix seconds.
    int64_t median_time_past() const;
    int64_t time() const { return header.time; }
    bool is_invalid() const {
        return status == BlockStatus::invalid || status == BlockStatus::invalid_ancestor;
    }
    bool has_body() const { return block_position.size != 0; }
    /// The body was connected once, and has been removed since.
    bool is_pruned() const { return transactions != 0 && !has_body() && parent != nullptr; }
    bool has_undo() const { return undo_position.size != 0; }
};

/// Deepest common ancestor.
const HeaderNode* fork_point(const HeaderNode* a, const HeaderNode* b);

/// Why an engine refuses a header. `reason` is bitcoind's where it has one (high-hash,
/// bad-diffbits, ...).
struct HeaderError {
    std::string reason;
    std::string detail;
};

/// The pure half of a consensus engine.
class HeaderRules {
 public:
    virtual ~HeaderRules() = default;

    /// Whether the header is authentic as far as this can be decided without its parent. Called
    /// first, so that making the node do the rest costs the sender some work.
    virtual Expected<void, HeaderError> check_header(const BlockHeader& /*header*/,
                                                     const BlockHash& /*hash*/) const {
        return {};
    }

    /// Whether the header with this seal is authentic below `parent`, and the branch's score with
    /// it. An empty score: the header is acceptable, but the block is not eligible for the best
    /// chain until its seal arrives. Does not check times: chain/ checks time_min() and the future
    /// bound. REQUIRES: check_header() passed.
    virtual Expected<std::optional<Score>, HeaderError> verify_header(
        const BlockHeader& header, const BlockHash& hash, ByteSpan seal,
        const HeaderNode& parent) const = 0;

    /// The lowest time that a block on top of `parent` may have, in Unix seconds. By default
    /// Bitcoin's rule: above the median of the last eleven blocks. It must not be below that
    /// median, so that median times past, and with them BIP113's locktimes, never go back.
    virtual int64_t time_min(const HeaderNode& parent) const {
        return parent.median_time_past() + 1;
    }

    virtual Score genesis_score(const BlockHeader& genesis) const = 0;

    /// The compact target required of a block below `parent` with this time (Unix seconds).
    virtual uint32_t next_bits(const HeaderNode& parent, int64_t time) const = 0;
};

}  // namespace parley
