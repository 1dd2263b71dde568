// HeaderPresync: measures a long chain of headers before any of them is stored. In the first pass
// the peer sends the chain and we keep 16 bytes per 2,000 headers: a keyed digest of the last hash
// of each message. When the claimed work is enough, the peer sends the same chain again. Headers
// name their parents' hashes, so a digest that is met again commits all headers before it; they are
// released for storing. A chain with too little work never costs more than those digests.
//
// Compare bitcoind's headerssync, which keeps single bits and a window of headers. Owned by
// HeaderGate; one per peer. Core thread.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "chain/rules/header_node.h"

namespace parley {

class HeaderPresync {
 public:
    /// Headers measured in one chain at most: ten times the length of Bitcoin's.
    static constexpr uint64_t kMeasuredMax = 10'000'000;

    /// The chain's first header is a child of `start`, which has a score. The key must be secret,
    /// so that nobody can prepare two chains with the same digests.
    HeaderPresync(const HeaderNode& start, uint64_t key0, uint64_t key1);

    /// Whether headers below this one continue the pass.
    bool expects(const BlockHash& previous) const { return previous == last_; }
    const HeaderNode& start() const { return *start_; }
    /// The last header of this pass, to continue from.
    const BlockHash& last() const { return last_; }
    /// The score that the chain claims to have, as far as it was measured.
    const Score& claimed() const { return claimed_; }
    uint64_t measured() const { return measured_; }

    /// First pass. REQUIRES: the headers are linked, and expects() the first; `claimed` is the
    /// score after the last; this pass has not ended.
    void measure(const std::vector<BlockHeader>& headers, const Score& claimed);
    /// The chain has enough work: the second pass begins at its start.
    void begin_download();
    bool downloading() const { return downloading_; }
    /// Second pass. The headers that are now known to be those measured, in order; later ones wait.
    /// Empty: the peer sent another chain. REQUIRES: as for measure(), and begin_download() was
    /// called.
    std::optional<std::vector<BlockHeader>> download(std::vector<BlockHeader> headers);
    /// All measured headers were released.
    bool complete() const { return downloading_ && next_mark_ == marks_.size(); }

 private:
    struct Mark {
        uint64_t count = 0;  ///< headers up to here
        uint64_t digest = 0;
    };

    uint64_t digest(const BlockHash& hash) const;

    const HeaderNode* start_;
    uint64_t key0_;
    uint64_t key1_;
    BlockHash last_;
    Score claimed_;
    uint64_t measured_ = 0;
    std::vector<Mark> marks_;

    bool downloading_ = false;
    uint64_t downloaded_ = 0;
    size_t next_mark_ = 0;
    std::vector<BlockHeader> waiting_;  ///< after the last mark that was met; < 2 messages
};

}  // namespace parley
