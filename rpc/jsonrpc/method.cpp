#include "rpc/jsonrpc/method.h"

#include "base/check.h"

namespace parley::rpc {

MethodTable::MethodTable() {
    add(blockchain_methods());
    add(chainstate_methods());
    add(block_filter_methods());
    add(descriptor_activity_methods());
    add(coins_scan_methods());
    add(tx_proof_methods());
    add(priority_methods());
    add(signed_message_methods());
    add(multisig_methods());
    add(mempool_file_methods());
    add(orphan_methods());
    add(spender_methods());
    add(coins_methods());
    add(coins_dump_methods());
    add(coins_load_methods());
    add(fee_methods());
    add(echo_methods());
    add(wait_methods());
    add(block_statistics_methods());
    add(mempool_methods());
    add(admission_methods());
    add(mining_methods());
    add(network_methods());
    add(connection_methods());
    add(address_methods());
    add(network_test_methods());
    add(notification_methods());
    add(ban_methods());
    add(raw_transaction_methods());
    add(raw_signing_methods());
    add(psbt_methods());
    add(psbt_process_methods());
    add(utility_methods());
    add(control_methods());
    add(consensus_methods());
    add(wallet_methods());
    add(wallet_transaction_methods());
    add(wallet_received_methods());
    add(wallet_backup_methods());
    add(wallet_key_methods());
    add(wallet_send_methods());
    add(wallet_pruned_methods());
    add(wallet_spend_methods());
    add(wallet_psbt_methods());
    add(wallet_address_methods());
    add(wallet_descriptor_methods());
}

void MethodTable::add(std::vector<Method> methods) {
    for (Method& method : methods) {
        CHECK(method.handler != nullptr);
        const auto [position, is_new] = methods_.emplace(method.name, std::move(method));
        CHECK(is_new);
    }
}

const Method* MethodTable::find(std::string_view name) const {
    const auto found = methods_.find(name);
    return found == methods_.end() ? nullptr : &found->second;
}

}  // namespace parley::rpc
