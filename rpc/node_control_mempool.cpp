// The mempool's and the miner's part of NodeControlImpl.
#include <algorithm>
#include <map>

#include "chain/rules/block_rules.h"
#include "chain/state/versionbits.h"
#include "rpc/node_control.h"
#include "rpc/wallet_control.h"

namespace parley {
namespace {

/// BIP125: signals itself, or by an unconfirmed ancestor. (Any transaction may be replaced here;
/// clients still ask.)
bool signals_replaceable(const Mempool& mempool, const MempoolEntry& entry) {
    constexpr uint32_t kSequenceSignalMax = 0xfffffffd;
    const auto signals = [](const MempoolEntry& each) {
        const auto& inputs = each.transaction->inputs();
        return std::any_of(inputs.begin(), inputs.end(), [](const TxInput& input) {
            return input.sequence <= kSequenceSignalMax;
        });
    };
    if (signals(entry)) return true;
    const auto ancestors = mempool.ancestors(entry);
    return std::any_of(ancestors.begin(), ancestors.end(),
                       [&](const MempoolEntry* each) { return signals(*each); });
}

rpc::TxAdmission admission_of(const Expected<AcceptInfo, TxReject>& result) {
    using State = rpc::TxAdmission::State;
    rpc::TxAdmission admission;
    if (result) {
        admission.state = State::accepted;
        admission.virtual_size = result->virtual_size;
        admission.fee = result->fee;
        return admission;
    }
    const TxReject& reject = result.error();
    admission.reject_reason = reject.reason;
    admission.reject_detail = reject.detail;
    if (reject.kind == TxRejectKind::missing_inputs) {
        admission.state = State::missing_inputs;
    } else if (reject.reason == "txn-already-in-mempool") {
        admission.state = State::already_in_mempool;
    } else if (reject.reason == "txn-already-known") {
        admission.state = State::already_in_chain;
    }
    return admission;
}

}  // namespace

rpc::MempoolEntry NodeControlImpl::summarise(const MempoolEntry& entry) const {
    rpc::MempoolEntry summary;
    summary.transaction = entry.transaction;
    summary.fee = entry.fee;
    summary.modified_fee = entry.modified_fee();
    summary.arrived = entry.time;
    summary.height = entry.height;
    summary.ancestor_count = static_cast<uint64_t>(entry.ancestors.count);
    summary.ancestor_virtual_bytes = static_cast<uint64_t>(entry.ancestors.virtual_size);
    summary.ancestor_fees = entry.ancestors.fees;
    summary.descendant_count = static_cast<uint64_t>(entry.descendants.count);
    summary.descendant_virtual_bytes = static_cast<uint64_t>(entry.descendants.virtual_size);
    summary.descendant_fees = entry.descendants.fees;
    for (const MempoolEntry* parent : entry.parents) summary.depends.push_back(parent->txid());
    for (const MempoolEntry* child : entry.children) summary.spent_by.push_back(child->txid());
    std::sort(summary.depends.begin(), summary.depends.end());
    std::sort(summary.spent_by.begin(), summary.spent_by.end());
    summary.replaceable = signals_replaceable(node_.mempool(), entry);
    return summary;
}

rpc::MempoolSummary NodeControlImpl::mempool() const {
    const Mempool& pool = node_.mempool();
    const MempoolOptions& options = pool.options();
    rpc::MempoolSummary summary;
    summary.transactions = pool.size();
    summary.virtual_bytes = static_cast<uint64_t>(pool.total_virtual_size());
    summary.memory_usage = static_cast<uint64_t>(pool.usage_bytes());
    summary.memory_usage_max = static_cast<uint64_t>(options.usage_bytes_max);
    summary.total_fee = pool.total_fees();
    summary.min_fee_rate = Amount{pool.min_fee(node_.now()).value()};
    summary.min_relay_fee_rate = Amount{options.min_relay_fee.value()};
    summary.incremental_fee_rate = Amount{options.incremental_relay_fee.value()};
    summary.sequence = pool.sequence();
    summary.permit_bare_multisig = options.permit_bare_multisig;
    summary.data_carrier_size_max =
        static_cast<uint64_t>(options.data_carrier_bytes_max.value_or(0));
    summary.cluster_count_max = static_cast<uint64_t>(options.cluster_count_max);
    summary.cluster_virtual_bytes_max = static_cast<uint64_t>(options.cluster_virtual_bytes_max);
    return summary;
}

std::vector<rpc::MempoolEntry> NodeControlImpl::mempool_entries() const {
    std::vector<rpc::MempoolEntry> entries;
    node_.mempool().for_each([&](const MempoolEntry& entry) {
        entries.push_back(summarise(entry));
        return true;
    });
    return entries;
}

std::vector<Txid> NodeControlImpl::mempool_txids() const {
    std::vector<Txid> txids;
    txids.reserve(node_.mempool().size());
    node_.mempool().for_each([&](const MempoolEntry& entry) {
        txids.push_back(entry.txid());
        return true;
    });
    return txids;
}

std::optional<rpc::MempoolEntry> NodeControlImpl::mempool_entry(const Txid& txid) const {
    const MempoolEntry* entry = node_.mempool().find(txid);
    if (entry == nullptr) return std::nullopt;
    return summarise(*entry);
}

std::vector<rpc::MempoolEntry> NodeControlImpl::mempool_ancestors(const Txid& txid) const {
    std::vector<rpc::MempoolEntry> entries;
    if (const MempoolEntry* entry = node_.mempool().find(txid)) {
        for (const MempoolEntry* each : node_.mempool().ancestors(*entry))
            entries.push_back(summarise(*each));
    }
    return entries;
}

std::vector<rpc::MempoolEntry> NodeControlImpl::mempool_descendants(const Txid& txid) const {
    std::vector<rpc::MempoolEntry> entries;
    if (const MempoolEntry* entry = node_.mempool().find(txid)) {
        for (const MempoolEntry* each : node_.mempool().descendants(*entry))
            entries.push_back(summarise(*each));
    }
    return entries;
}

std::optional<Txid> NodeControlImpl::mempool_spender(const OutPoint& outpoint) const {
    const MempoolEntry* entry = node_.mempool().spender(outpoint);
    if (entry == nullptr) return std::nullopt;
    return entry->txid();
}

std::vector<rpc::TxAdmission> NodeControlImpl::test_accept(
    const std::vector<TransactionRef>& transactions) const {
    std::vector<rpc::TxAdmission> admissions;
    if (transactions.size() == 1) {
        admissions.push_back(
            admission_of(node_.mempool().test_accept(transactions[0], node_.now())));
        return admissions;
    }
    for (const auto& result : node_.mempool().test_accept_package(transactions, node_.now())) {
        admissions.push_back(admission_of(result));
    }
    return admissions;
}

rpc::TxAdmission NodeControlImpl::submit_transaction(const TransactionRef& transaction) {
    return admission_of(node_.submit_transaction(transaction));
}

rpc::Result<rpc::BlockTemplate> NodeControlImpl::block_template() const {
    if (!node_.automine()) {
        return rpc::failure(rpc::Code::misc,
                            "Blocks are not mined with -consensus=" + node_.engine().name());
    }
    const HeaderNode& tip = node_.chain().tip();
    const BlockTemplate built = node_.build_template(std::nullopt);
    rpc::BlockTemplate result;
    result.header = built.block.header;
    result.height = tip.height + 1;
    result.time_min = block_time_min(node_.config().params, tip);
    result.coinbase_value = built.coinbase_value;
    result.witness_commitment = built.witness_commitment;
    result.deployments = node_.deployments(tip);
    result.mempool_sequence = node_.mempool().sequence();
    std::map<Txid, uint32_t> positions;
    const auto& transactions = built.block.transactions;
    for (size_t i = 1; i < transactions.size(); ++i) {
        rpc::BlockTemplate::Entry entry{
            transactions[i], built.fees[i - 1], built.sigops_costs[i - 1], {}};
        for (const TxInput& input : transactions[i]->inputs()) {
            const auto found = positions.find(input.prevout.txid);
            if (found != positions.end()) entry.depends.push_back(found->second);
        }
        std::sort(entry.depends.begin(), entry.depends.end());
        entry.depends.erase(std::unique(entry.depends.begin(), entry.depends.end()),
                            entry.depends.end());
        positions[transactions[i]->txid()] = static_cast<uint32_t>(i);
        result.transactions.push_back(std::move(entry));
    }
    return result;
}

rpc::Result<BlockRef> NodeControlImpl::build_block(
    const Script& coinbase, const std::optional<std::vector<TransactionRef>>& transactions) const {
    if (!node_.automine()) {
        return rpc::failure(rpc::Code::misc,
                            "Blocks are not mined with -consensus=" + node_.engine().name() +
                                "; send a transaction, and the validators order it");
    }
    if (!transactions)
        return BlockRef{std::make_shared<const Block>(node_.build_template(coinbase).block)};
    auto block = std::make_shared<const Block>(node_.build_template(coinbase, *transactions).block);
    const std::string problem = check_proposal(block);
    if (!problem.empty())
        return rpc::failure(rpc::Code::verify, "TestBlockValidity failed: " + problem);
    return BlockRef{std::move(block)};
}

std::string NodeControlImpl::check_proposal(const BlockRef& block) const {
    const auto checked = node_.check_proposal(*block);
    return checked ? std::string{} : checked.error().to_string();
}

rpc::MiningSummary NodeControlImpl::mining() const {
    rpc::MiningSummary summary;
    summary.next_bits = node_.engine().next_bits(node_.chain().tip(), to_unix_seconds(node_.now()));
    summary.pooled_transactions = node_.mempool().size();
    summary.block_min_fee_rate = Amount{node_.config().block_builder.min_fee_rate.value()};
    summary.automine = node_.automine() ? to_string(*node_.automine()) : "off";
    if (const auto& last = node_.last_built()) {
        summary.last_block_weight = last->weight;
        summary.last_block_transactions = last->transactions;
    }
    return summary;
}

rpc::Status NodeControlImpl::set_automine(const std::string& mode) {
    const auto schedule = parse_automine(mode);
    if (!schedule) {
        return rpc::failure(
            rpc::Code::invalid_parameter,
            "mode: \"" + mode + "\" is none of off, tx, <seconds> and poisson:<seconds>");
    }
    if (!node_.automine()) {
        return rpc::failure(rpc::Code::misc,
                            "Blocks are not mined with -consensus=" + node_.engine().name());
    }
    node_.set_automine(*schedule);
    return {};
}

}  // namespace parley
