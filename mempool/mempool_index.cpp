#include "mempool/mempool_index.h"

#include <algorithm>
#include <map>

#include <boost/multi_index/identity.hpp>
#include <boost/multi_index/mem_fun.hpp>
#include <boost/multi_index/member.hpp>
#include <boost/multi_index/ordered_index.hpp>
#include <boost/multi_index_container.hpp>

#include "base/check.h"
#include "mempool/fee_order.h"

namespace parley {
namespace {

namespace mi = boost::multi_index;

// Overhead of the allocator and the trees: three pointers per node in each of the six orders, and
// an allocation header.
constexpr size_t kAllocationOverhead = 16;
constexpr size_t kTreeNodeOverhead = 3 * sizeof(void*);
constexpr size_t kOrders = 6;

size_t allocation(size_t size) {
    return size == 0 ? 0 : size + kAllocationOverhead;
}

MempoolSums operator+(MempoolSums a, const MempoolSums& b) {
    a.count += b.count;
    a.virtual_size += b.virtual_size;
    a.fees += b.fees;
    a.sigops_cost += b.sigops_cost;
    a.weight += b.weight;
    return a;
}

MempoolSums operator-(MempoolSums a, const MempoolSums& b) {
    a.count -= b.count;
    a.virtual_size -= b.virtual_size;
    a.fees += Amount{-b.fees.value()};
    a.sigops_cost -= b.sigops_cost;
    a.weight -= b.weight;
    return a;
}

MempoolSums own_sums(const MempoolEntry& entry) {
    return {1, entry.virtual_size, entry.modified_fee(), entry.sigops_cost,
            entry.transaction->weight().value()};
}

void sort_by_arrival(MempoolIndex::Entries& entries) {
    std::sort(entries.begin(), entries.end(), [](const MempoolEntry* a, const MempoolEntry* b) {
        return a->sequence < b->sequence;
    });
}

void erase_link(std::vector<const MempoolEntry*>& links, const MempoolEntry* entry) {
    const auto position = std::find(links.begin(), links.end(), entry);
    CHECK(position != links.end());
    *position = links.back();
    links.pop_back();
}

struct LeastWorthFirst {
    bool operator()(const MempoolEntry& a, const MempoolEntry& b) const {
        const auto order = keep_score(a).compare(keep_score(b));
        return order != 0 ? order < 0 : a.sequence > b.sequence;
    }
};

struct BestToMineFirst {
    bool operator()(const MempoolEntry& a, const MempoolEntry& b) const {
        const auto order = mining_score(a).compare(mining_score(b));
        return order != 0 ? order > 0 : a.sequence < b.sequence;
    }
};

struct OldestFirst {
    bool operator()(const MempoolEntry& a, const MempoolEntry& b) const {
        return a.time != b.time ? a.time < b.time : a.sequence < b.sequence;
    }
};

struct ByTxid;
struct ByWtxid;
struct ByArrival;
struct ByAge;
struct ByWorth;
struct ByMiningScore;

}  // namespace

struct MempoolIndex::Node : MempoolEntry {
    explicit Node(MempoolEntry entry) : MempoolEntry(std::move(entry)) {}
    const Wtxid& wtxid() const { return transaction->wtxid(); }
    mutable uint64_t mark = 0;  ///< the last traversal that visited it
};

struct MempoolIndex::Store {
    // Ordered instead of hashed: an attacker can choose txids, and the orders are identical
    // everywhere.
    using Container = mi::multi_index_container<
        Node, mi::indexed_by<
                  mi::ordered_unique<mi::tag<ByTxid>, mi::const_mem_fun<MempoolEntry, const Txid&,
                                                                        &MempoolEntry::txid>>,
                  mi::ordered_unique<mi::tag<ByWtxid>,
                                     mi::const_mem_fun<Node, const Wtxid&, &Node::wtxid>>,
                  mi::ordered_unique<mi::tag<ByArrival>,
                                     mi::member<MempoolEntry, int64_t, &MempoolEntry::sequence>>,
                  mi::ordered_unique<mi::tag<ByAge>, mi::identity<MempoolEntry>, OldestFirst>,
                  mi::ordered_unique<mi::tag<ByWorth>, mi::identity<MempoolEntry>, LeastWorthFirst>,
                  mi::ordered_unique<mi::tag<ByMiningScore>, mi::identity<MempoolEntry>,
                                     BestToMineFirst>>>;

    Container entries;
    std::map<OutPoint, const MempoolEntry*> spends;
    uint64_t walks = 0;

    static const Node& node(const MempoolEntry& entry) { return static_cast<const Node&>(entry); }

    /// True on the first visit of this traversal.
    static bool visit(const MempoolEntry* entry, uint64_t walk) {
        if (node(*entry).mark == walk) return false;
        node(*entry).mark = walk;
        return true;
    }
};

size_t transaction_usage(const Transaction& transaction) {
    size_t usage = sizeof(Transaction) + 2 * kAllocationOverhead;
    usage += allocation(transaction.inputs().size() * sizeof(TxInput));
    usage += allocation(transaction.outputs().size() * sizeof(TxOutput));
    for (const auto& input : transaction.inputs()) {
        usage += allocation(input.script_sig.size());
        usage += allocation(input.witness.heap_bytes());
    }
    for (const auto& output : transaction.outputs())
        usage += allocation(output.script_pubkey.size());
    return usage;
}

MempoolIndex::MempoolIndex() : store_(std::make_unique<Store>()) {}
MempoolIndex::~MempoolIndex() = default;

template <class Change>
void MempoolIndex::modify(const MempoolEntry& entry, Change change) {
    auto& entries = store_->entries;
    const bool unique = entries.modify(entries.iterator_to(Store::node(entry)), change);
    CHECK(unique);
}

const MempoolEntry& MempoolIndex::insert(MempoolEntry entry) {
    const Transaction& transaction = *entry.transaction;
    entry.parents = parents_of(transaction);
    entry.children.clear();
    entry.ancestors = entry.descendants = own_sums(entry);
    entry.usage_bytes = transaction_usage(transaction) +
                        allocation(sizeof(Node) + kOrders * kTreeNodeOverhead) +
                        transaction.inputs().size() *
                            allocation(sizeof(OutPoint) + sizeof(void*) + kTreeNodeOverhead) +
                        2 * allocation(entry.parents.size() * sizeof(void*));

    const auto [position, inserted] = store_->entries.insert(Node{std::move(entry)});
    CHECK(inserted);
    const MempoolEntry& added = *position;
    for (const auto& input : transaction.inputs()) {
        const bool free = store_->spends.emplace(input.prevout, &added).second;
        CHECK(free);
    }
    for (const MempoolEntry* parent : added.parents) {
        CHECK(parent->sequence < added.sequence);
        modify(*parent, [&](MempoolEntry& changed) { changed.children.push_back(&added); });
    }
    const MempoolSums ancestors = recount(added, Direction::up);
    modify(added, [&](MempoolEntry& changed) { changed.ancestors = ancestors; });
    const MempoolSums own = own_sums(added);
    for (const MempoolEntry* ancestor : walk(added, Direction::up)) {
        modify(*ancestor,
               [&](MempoolEntry& changed) { changed.descendants = changed.descendants + own; });
    }
    link_children(added);
    total_virtual_size_ += added.virtual_size;
    total_fees_ += added.fee;
    usage_bytes_ += static_cast<int64_t>(added.usage_bytes);
    return added;
}

// A transaction that returns as the parent of existing entries joins two parts of the graph, which
// may already be connected by another path. So the sums on both sides are recomputed.
void MempoolIndex::link_children(const MempoolEntry& entry) {
    Entries children;
    const auto end = store_->spends.upper_bound(OutPoint{entry.txid(), OutPoint::kNullIndex});
    for (auto it = store_->spends.lower_bound(OutPoint{entry.txid(), 0}); it != end; ++it) {
        if (std::find(children.begin(), children.end(), it->second) == children.end())
            children.push_back(it->second);
    }
    if (children.empty()) return;
    for (const MempoolEntry* child : children) {
        CHECK(entry.sequence < child->sequence);
        modify(*child, [&](MempoolEntry& changed) { changed.parents.push_back(&entry); });
    }
    modify(entry, [&](MempoolEntry& changed) { changed.children = children; });
    for (const MempoolEntry* descendant : walk(entry, Direction::down)) {
        const MempoolSums sums = recount(*descendant, Direction::up);
        modify(*descendant, [&](MempoolEntry& changed) { changed.ancestors = sums; });
    }
    Entries above = walk(entry, Direction::up);
    above.push_back(&entry);
    for (const MempoolEntry* ancestor : above) {
        const MempoolSums sums = recount(*ancestor, Direction::down);
        modify(*ancestor, [&](MempoolEntry& changed) { changed.descendants = sums; });
    }
}

void MempoolIndex::remove(const MempoolEntry& entry) {
    const MempoolSums own = own_sums(entry);
    const Entries above = walk(entry, Direction::up);
    const Entries below = walk(entry, Direction::down);
    for (const MempoolEntry* child : entry.children)
        modify(*child, [&](MempoolEntry& changed) { erase_link(changed.parents, &entry); });
    for (const MempoolEntry* parent : entry.parents)
        modify(*parent, [&](MempoolEntry& changed) { erase_link(changed.children, &entry); });
    if (above.empty() || below.empty()) {
        for (const MempoolEntry* ancestor : above)
            modify(*ancestor,
                   [&](MempoolEntry& changed) { changed.descendants = changed.descendants - own; });
        for (const MempoolEntry* descendant : below)
            modify(*descendant,
                   [&](MempoolEntry& changed) { changed.ancestors = changed.ancestors - own; });
    } else {
        // From the middle: ancestors and descendants may have no other path between them.
        for (const MempoolEntry* ancestor : above) {
            const MempoolSums sums = recount(*ancestor, Direction::down);
            modify(*ancestor, [&](MempoolEntry& changed) { changed.descendants = sums; });
        }
        for (const MempoolEntry* descendant : below) {
            const MempoolSums sums = recount(*descendant, Direction::up);
            modify(*descendant, [&](MempoolEntry& changed) { changed.ancestors = sums; });
        }
    }
    for (const auto& input : entry.transaction->inputs()) store_->spends.erase(input.prevout);
    total_virtual_size_ -= entry.virtual_size;
    total_fees_ += Amount{-entry.fee.value()};
    usage_bytes_ -= static_cast<int64_t>(entry.usage_bytes);
    auto& entries = store_->entries;
    entries.erase(entries.iterator_to(Store::node(entry)));
}

void MempoolIndex::set_fee_delta(const MempoolEntry& entry, Amount delta) {
    const Amount change{delta.value() - entry.fee_delta.value()};
    const Entries above = walk(entry, Direction::up);
    const Entries below = walk(entry, Direction::down);
    modify(entry, [&](MempoolEntry& changed) {
        changed.fee_delta = delta;
        changed.ancestors.fees += change;
        changed.descendants.fees += change;
    });
    for (const MempoolEntry* ancestor : above)
        modify(*ancestor, [&](MempoolEntry& changed) { changed.descendants.fees += change; });
    for (const MempoolEntry* descendant : below)
        modify(*descendant, [&](MempoolEntry& changed) { changed.ancestors.fees += change; });
}

const MempoolEntry* MempoolIndex::find(const Txid& txid) const {
    const auto& index = store_->entries.get<ByTxid>();
    const auto it = index.find(txid);
    return it == index.end() ? nullptr : &*it;
}

const MempoolEntry* MempoolIndex::find(const Wtxid& wtxid) const {
    const auto& index = store_->entries.get<ByWtxid>();
    const auto it = index.find(wtxid);
    return it == index.end() ? nullptr : &*it;
}

const MempoolEntry* MempoolIndex::spender(const OutPoint& outpoint) const {
    const auto it = store_->spends.find(outpoint);
    return it == store_->spends.end() ? nullptr : it->second;
}

MempoolIndex::Entries MempoolIndex::parents_of(const Transaction& transaction) const {
    Entries parents;
    const uint64_t walk = ++store_->walks;
    for (const auto& input : transaction.inputs()) {
        const MempoolEntry* parent = find(input.prevout.txid);
        if (parent && Store::visit(parent, walk)) parents.push_back(parent);
    }
    return parents;
}

MempoolIndex::Entries MempoolIndex::walk(const MempoolEntry& from, Direction direction) const {
    const uint64_t walk = ++store_->walks;
    Store::visit(&from, walk);
    Entries reached;
    const MempoolEntry* current = &from;
    for (size_t next = 0;; current = reached[next++]) {
        const auto& links = direction == Direction::up ? current->parents : current->children;
        for (const MempoolEntry* linked : links) {
            if (Store::visit(linked, walk)) reached.push_back(linked);
        }
        if (next == reached.size()) return reached;
    }
}

MempoolSums MempoolIndex::recount(const MempoolEntry& entry, Direction direction) const {
    MempoolSums sums = own_sums(entry);
    for (const MempoolEntry* related : walk(entry, direction)) sums = sums + own_sums(*related);
    return sums;
}

MempoolIndex::Entries MempoolIndex::ancestors(const MempoolEntry& entry) const {
    Entries result = walk(entry, Direction::up);
    sort_by_arrival(result);
    return result;
}

MempoolIndex::Entries MempoolIndex::descendants(const MempoolEntry& entry) const {
    Entries result = walk(entry, Direction::down);
    sort_by_arrival(result);
    return result;
}

MempoolIndex::Entries MempoolIndex::cluster(const Entries& seeds, const Entries& excluded,
                                            size_t count_max) const {
    const uint64_t walk = ++store_->walks;
    for (const MempoolEntry* entry : excluded) Store::visit(entry, walk);
    Entries reached;
    for (const MempoolEntry* seed : seeds) {
        if (Store::visit(seed, walk)) reached.push_back(seed);
    }
    for (size_t next = 0; next < reached.size() && reached.size() <= count_max; ++next) {
        const MempoolEntry* current = reached[next];
        for (const auto* links : {&current->parents, &current->children}) {
            for (const MempoolEntry* linked : *links) {
                if (Store::visit(linked, walk)) reached.push_back(linked);
            }
        }
    }
    sort_by_arrival(reached);
    return reached;
}

void MempoolIndex::for_each_by_arrival(const Visitor& visit) const {
    for (const Node& node : store_->entries.get<ByArrival>())
        if (!visit(node)) return;
}

void MempoolIndex::for_each_by_age(const Visitor& visit) const {
    for (const Node& node : store_->entries.get<ByAge>())
        if (!visit(node)) return;
}

void MempoolIndex::for_each_by_mining_score(const Visitor& visit) const {
    for (const Node& node : store_->entries.get<ByMiningScore>())
        if (!visit(node)) return;
}

const MempoolEntry& MempoolIndex::least_worth() const {
    CHECK(!store_->entries.empty());
    return *store_->entries.get<ByWorth>().begin();
}

size_t MempoolIndex::size() const {
    return store_->entries.size();
}

void MempoolIndex::check_consistency() const {
    int64_t virtual_size = 0;
    int64_t fees = 0;
    int64_t usage = 0;
    size_t inputs = 0;
    for (const Node& node : store_->entries) {
        virtual_size += node.virtual_size;
        fees += node.fee.value();
        usage += static_cast<int64_t>(node.usage_bytes);
        for (const auto& input : node.transaction->inputs()) {
            ++inputs;
            CHECK(spender(input.prevout) == &node);
        }
        Entries expected = parents_of(*node.transaction);
        Entries links = node.parents;
        sort_by_arrival(expected);
        sort_by_arrival(links);
        CHECK(expected == links);
        for (const MempoolEntry* parent : node.parents) {
            CHECK(parent->sequence < node.sequence);
            CHECK(std::count(parent->children.begin(), parent->children.end(), &node) == 1);
        }
        for (const MempoolEntry* child : node.children)
            CHECK(std::count(child->parents.begin(), child->parents.end(), &node) == 1);
        CHECK(node.ancestors == recount(node, Direction::up));
        CHECK(node.descendants == recount(node, Direction::down));
    }
    CHECK(inputs == store_->spends.size());
    CHECK(virtual_size == total_virtual_size_);
    CHECK(fees == total_fees_.value());
    CHECK(usage == usage_bytes_);
    const auto& worth = store_->entries.get<ByWorth>();
    CHECK(std::is_sorted(worth.begin(), worth.end(), LeastWorthFirst{}));
    const auto& mining = store_->entries.get<ByMiningScore>();
    CHECK(std::is_sorted(mining.begin(), mining.end(), BestToMineFirst{}));
}

}  // namespace parley
