// verifychain and -checkblocks: re-checks stored blocks against the rules.
#include <fmt/format.h>

#include <algorithm>

#include "chain/rules/block_rules.h"
#include "chain/state/chainstate.h"

namespace parley {
namespace {

// Memory that a coin in an overlay takes, table and script included.
constexpr size_t kOverlayCoinBytes = 200;
// A cache without much room leaves so much for the check.
constexpr size_t kOverlayBytesMin = size_t{32} << 20;

// One run of Chainstate::verify.
class Verification {
 public:
    Verification(const Chainstate& chain, ScriptVerifier& verifier, CoinsOverlay& overlay,
                 int level)
        : chain_(chain), verifier_(verifier), overlay_(overlay), level_(level) {}

    // Downwards; the error is what is wrong with the block.
    Expected<void, std::string> look_at(const HeaderNode& node) {
        const auto block = chain_.read_block(node);
        if (!block) return Unexpected(block.error().message);
        if (level_ >= 1) {
            if (auto verdict = check_block(**block); !verdict)
                return Unexpected(verdict.error().to_string());
        }
        if (level_ < 2) return {};
        const auto undo = chain_.read_undo(node);
        if (!undo) return Unexpected(undo.error().message);
        if (level_ < 3) return {};
        if (!disconnect_block(chain_.params(), **block, node.height, *undo, overlay_))
            return Unexpected(std::string{"it does not fit the unspent outputs"});
        disconnected_.push_back(&node);
        return {};
    }

    // Upwards again.
    Expected<void, std::string> reconnect(const HeaderNode& node) {
        const auto block = chain_.read_block(node);
        if (!block) return Unexpected(block.error().message);
        const auto undo =
            connect_block({chain_.params(), *node.parent, node.hash}, **block, overlay_, verifier_);
        if (!undo) return Unexpected(undo.error().to_string());
        return {};
    }

    const std::vector<const HeaderNode*>& disconnected() const { return disconnected_; }

 private:
    const Chainstate& chain_;
    ScriptVerifier& verifier_;
    CoinsOverlay& overlay_;
    const int level_;
    std::vector<const HeaderNode*> disconnected_;
};

std::string problem_of(const HeaderNode& node, const std::string& what) {
    return fmt::format("block {} at height {}: {}", node.hash.to_string(), node.height.value(),
                       what);
}

}  // namespace

VerifyResult Chainstate::verify(int level, int32_t blocks) {
    VerifyResult result;
    CoinsOverlay overlay = coins_.overlay();
    Verification verification(*this, verifier_, overlay, level);
    const size_t overlay_bytes_max = std::max(options_.coins_cache_bytes, kOverlayBytesMin);
    for (const HeaderNode* node = &index_.tip(); node->parent != nullptr; node = node->parent) {
        if (blocks > 0 && result.blocks >= blocks) break;
        if (overlay.size() * kOverlayCoinBytes > overlay_bytes_max) {
            result.cut_short = true;
            break;
        }
        // Pruned blocks cannot be looked at; the ones below neither.
        if (!node->has_body()) break;
        if (auto good = verification.look_at(*node); !good) {
            result.problem = problem_of(*node, good.error());
            return result;
        }
        ++result.blocks;
    }
    if (level < 4) return result;
    const auto& nodes = verification.disconnected();
    for (auto node = nodes.rbegin(); node != nodes.rend(); ++node) {
        if (auto good = verification.reconnect(**node); !good) {
            result.problem = problem_of(**node, good.error());
            return result;
        }
    }
    return result;
}

}  // namespace parley
