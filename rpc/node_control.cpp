#include "rpc/node_control.h"

#include "rpc/jsonrpc/call.h"
#include "rpc/methods/chain_lookup.h"

namespace parley {

namespace rpc {

bool NodeGateway::run_control(const std::function<void(NodeControl&)>& call) {
    return run([&call](Node& node) {
        NodeControlImpl control{node};
        call(control);
    });
}

}  // namespace rpc

BlockSummary NodeControlImpl::tip() const {
    return summarise(node_.chain(), node_.chain().tip());
}

std::optional<BlockSummary> NodeControlImpl::block_summary(const BlockHash& hash) const {
    const HeaderNode* node = node_.chain().find(hash);
    if (node == nullptr) return std::nullopt;
    return summarise(node_.chain(), *node);
}

std::optional<BlockSummary> NodeControlImpl::block_at(Height height) const {
    const HeaderNode* node = node_.chain().at_height(height);
    if (node == nullptr) return std::nullopt;
    return summarise(node_.chain(), *node);
}

rpc::Result<BlockRef> NodeControlImpl::block(const BlockHash& hash) const {
    const HeaderNode* node = node_.chain().find(hash);
    if (node == nullptr || (node->parent != nullptr && !node->has_body()))
        return rpc::failure(rpc::Code::misc, "Block not available");
    auto block = node_.chain().read_block(*node);
    if (!block) return rpc::failure(rpc::Code::misc, "Can't read block from disk");
    return *block;
}

std::optional<Coin> NodeControlImpl::coin(const OutPoint& outpoint, bool mempool) const {
    return rpc::unwrap(node_.coin(outpoint, mempool));
}

}  // namespace parley
