// HeaderTree: the headers and their links. It owns the nodes; their states and scores are set by
// BlockIndex. Owned by BlockIndex; core thread only. Nodes live as long as the tree and never move.
#pragma once

#include <deque>
#include <vector>

#include <boost/unordered/unordered_flat_map.hpp>

#include "chain/rules/header_node.h"

namespace parley {

class HeaderTree {
 public:
    /// Contains only the genesis header.
    explicit HeaderTree(const BlockHeader& genesis);

    const HeaderNode& genesis() const { return nodes_.front(); }
    /// Null: unknown.
    const HeaderNode* find(const BlockHash& hash) const;
    /// REQUIRES: `hash` is the header's and not in the tree yet; `parent` is, and is the header's
    /// previous block.
    HeaderNode& add(const BlockHeader& header, const BlockHash& hash, const HeaderNode& parent);
    /// Mutable access for the tree's owner. REQUIRES: the node is in this tree.
    HeaderNode& edit(const HeaderNode& node);

    /// In order of add().
    const std::vector<const HeaderNode*>& at_height(Height height) const;
    Height height_max() const { return Height{static_cast<int32_t>(by_height_.size()) - 1}; }
    size_t size() const { return nodes_.size(); }

    /// Calls `visit(HeaderNode&) -> bool` for each descendant of `root`, parents before children.
    /// If it returns false, the descendants of that node are skipped.
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
    /// Calls `visit` for each node in order of add().
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
