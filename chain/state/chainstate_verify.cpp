// verifychain and -checkblocks: re-checks stored blocks against the rules.
#include <fmt/format.h>

#include <algorithm>

#include "chain/rules/block_rules.h"
#include "chain/state/chainstate.h"

namespace parley {
namespace {

// Memory of a coin in an overlay, including table and script.
constexpr size_t kOverlayCoinBytes = 200;
// Used if the cache limit leaves less.
constexpr size_t kOverlayBytesMin = size_t{32} << 20;

// One run of Chainstate::verify.
class Verification {
 public:
    Verification(const Chainstate& chain, ScriptVerifier& verifier, CoinsOverlay& overlay,
                 int level)
        : chain_(chain), verifier_(verifier), overlay_(overlay), level_(level) {}

    // Towards genesis. An invalid block is reported as Code::corruption.
    Expected<void, StorageError> look_at(const HeaderNode& node) {
        const auto block = chain_.read_block(node);
        if (!block) return Unexpected(block.error());
        if (level_ >= 1) {
            if (auto verdict = check_block(**block); !verdict)
                return damaged(verdict.error().to_string());
        }
        if (level_ < 2) return {};
        const auto undo = chain_.read_undo(node);
        if (!undo) return Unexpected(undo.error());
        if (level_ < 3) return {};
        if (auto loaded = load_coins_to_disconnect(**block, node.height, overlay_); !loaded)
            return loaded;
        if (!disconnect_block(chain_.params(), **block, node.height, *undo, overlay_))
            return damaged("it does not match the UTXO set");
        disconnected_.push_back(&node);
        return {};
    }

    // Towards the tip.
    Expected<void, StorageError> reconnect(const HeaderNode& node) {
        const auto block = chain_.read_block(node);
        if (!block) return Unexpected(block.error());
        const ConnectContext context{chain_.params(), *node.parent, node.hash};
        if (auto loaded = load_coins_to_connect(context, **block, overlay_); !loaded) return loaded;
        const auto undo = connect_block(context, **block, overlay_, verifier_);
        if (!undo) return damaged(undo.error().to_string());
        return {};
    }

    const std::vector<const HeaderNode*>& disconnected() const { return disconnected_; }

 private:
    static Unexpected<StorageError> damaged(std::string what) {
        return Unexpected(StorageError{StorageError::Code::corruption, std::move(what)});
    }

    const Chainstate& chain_;
    ScriptVerifier& verifier_;
    CoinsOverlay& overlay_;
    const int level_;
    std::vector<const HeaderNode*> disconnected_;
};

// Damage is reported in the result; a store that cannot be read is an error.
Expected<VerifyResult, StorageError> report(VerifyResult result, const HeaderNode& node,
                                            const StorageError& error) {
    if (error.code != StorageError::Code::corruption) return Unexpected(error);
    result.problem = fmt::format("block {} at height {}: {}", node.hash.to_string(),
                                 node.height.value(), error.message);
    return result;
}

}  // namespace

Expected<VerifyResult, StorageError> Chainstate::verify(int level, int32_t blocks) {
    VerifyResult result;
    CoinsOverlay overlay = coins_->overlay();
    Verification verification(*this, verifier_, overlay, level);
    const size_t overlay_bytes_max = std::max(options_.coins_cache_bytes, kOverlayBytesMin);
    for (const HeaderNode* node = &index_.tip(); node->parent != nullptr; node = node->parent) {
        if (blocks > 0 && result.blocks >= blocks) break;
        if (overlay.size() * kOverlayCoinBytes > overlay_bytes_max) {
            result.cut_short = true;
            break;
        }
        // Pruned blocks, and those below them, cannot be checked.
        if (!node->has_body() || !node->has_undo()) {
            log_.info(LogCategory::general, "Block verification stopping at height {} (no data)",
                      node->height.value());
            result.cut_short = true;
            break;
        }
        if (auto good = verification.look_at(*node); !good)
            return report(result, *node, good.error());
        ++result.blocks;
    }
    if (level < 4) return result;
    const auto& nodes = verification.disconnected();
    for (auto node = nodes.rbegin(); node != nodes.rend(); ++node) {
        if (auto good = verification.reconnect(**node); !good)
            return report(result, **node, good.error());
    }
    return result;
}

}  // namespace parley
