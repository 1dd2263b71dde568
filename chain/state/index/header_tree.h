// HeaderTree: the headers and their links. It owns the nodes, but states and scores in them are
// BlockIndex's business. Owned by BlockIndex; core thread only. Nodes live as long as the tree and
// never move.
#pragma once

#include <deque>
#include <vector>

#include <boost/unordered/unordered_flat_map.hpp>

#include "chain/rules/header_node.h"

namespace parley {

/// The nodes and their links. States and scores in the nodes are Chainstate's business.
class HeaderTree {
 public:
    /// A tree of one node.
    explicit HeaderTree(const BlockHeader& genesis);

    const HeaderNode& genesis() const { return nodes_.front(); }
    /// Null: unknown.
    const HeaderNode* find(const BlockHash& hash) const;
    /// REQUIRES: hash is the header's and unknown so far; parent is in the tree and the header's
    /// previous block.
    HeaderNode& add(const BlockHeader& header, const BlockHash& hash, const HeaderNode& parent);
    /// The same node, to be changed by the tree's owner. REQUIRES: it is in this tree.
    HeaderNode& edit(const HeaderNode& node);

    /// In the order of add().
    const std::vector<const HeaderNode*>& at_height(Height height) const;
    Height height_max() const { return Height{static_cast<int32_t>(by_height_.size()) - 1}; }
    size_t size() const { return nodes_.size(); }

    /// Calls `visit(HeaderNode&) -> bool` for each descendant of `root`, parents before children;
    /// where it returns false, what lies below that node is left out.
    template <class Visit>
    void for_each_descendant(const HeaderNode& root, Visit visit) {
        std::vector<const HeaderNode*> waiting{&root};
        while (!waiting.empty()) {
            const HeaderNode* parent = waiting.back();
            waiting.pop_back();
            for (auto* child = parent->first_child; child != nullptr; child = child->next_sibling) {
                if (visit(edit(*child))) waiting.push_back(child);
            }
        }
    }
    /// Calls `visit` for each node in the order of add().
    template <class Visit>
    void for_each(Visit visit) {
        for (auto& node : nodes_) visit(node);
    }
    template <class Visit>
    void for_each(Visit visit) const {
        for (const auto& node : nodes_) visit(node);
    }

 private:
    std::deque<HeaderNode> nodes_;  // never moves its elements
    boost::unordered_flat_map<BlockHash, HeaderNode*, std::hash<BlockHash>> by_hash_;
    std::vector<std::vector<const HeaderNode*>> by_height_;
};

}  // namespace parley
