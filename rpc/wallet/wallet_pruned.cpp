// Transactions of blocks that are pruned: importprunedfunds, removeprunedfunds.
#include <algorithm>

#include "net/filters/merkle_proof.h"
#include "rpc/json/transaction_text.h"
#include "rpc/jsonrpc/call.h"

namespace parley::rpc {

namespace {

/// Where the proof says that the transaction is. Fails if it does not prove it.
WalletTxBlock proven_place(const Node& node, const MerkleProof& proof, const Txid& txid) {
    const auto matches = proof.matches();
    if (!matches || matches->root != proof.header().merkle_root)
        fail(Code::address_or_key, "Something wrong with merkleblock");
    const HeaderNode* header = node.chain().index().find(proof.header().hash());
    if (header == nullptr || !node.chain().index().contains(*header))
        fail(Code::address_or_key, "Block not found in chain");
    // Inner nodes of the tree could pass for leaves of a higher one.
    if (header->transactions != proof.transaction_count())
        fail(Code::address_or_key, "Something wrong with merkleblock");
    const auto found = std::ranges::find(matches->txids, txid);
    if (found == matches->txids.end())
        fail(Code::address_or_key, "Transaction given doesn't exist in proof");
    const uint32_t position =
        matches->positions[static_cast<size_t>(found - matches->txids.begin())];
    return {header->hash, header->height, position, proof.header().time};
}

void importprunedfunds(Call& call) {
    const TransactionRef transaction = make_transaction(read_raw_transaction(call.argument(0)));
    const auto proof = MerkleProof::parse(read_hex(call.argument(1), call.name(1)));
    if (!proof) fail(Code::misc, "SpanReader::read(): end of data: iostream error");
    call.ask_wallet([&](Node& node, Wallet& wallet) {
        unwrap(
            wallet.import_confirmed(transaction, proven_place(node, *proof, transaction->txid())));
    });
}

void removeprunedfunds(Call& call) {
    const Txid txid = call.txid(0);
    call.ask_wallet([&](Node&, Wallet& wallet) { unwrap(wallet.remove_transaction(txid)); });
}

}  // namespace

std::vector<Method> wallet_pruned_methods() {
    using enum ParameterType;
    return {
        {.name = "importprunedfunds",
         .category = "wallet",
         .description = "Adds a confirmed transaction that pays to the wallet, without a rescan. "
                        "Later transactions that spend it must be imported, too, or rescanned.",
         .parameters = {{"rawtransaction", hex, true, "", "The transaction"},
                        {"txoutproof", hex, true, "",
                         "A proof of gettxoutproof that it is in a block"}},
         .result = "null    (json null)",
         .example = "\"rawtransactionhex\" \"proof\"",
         .handler = &importprunedfunds},
        {.name = "removeprunedfunds",
         .category = "wallet",
         .description = "Removes a transaction from the wallet, which changes the balance. The "
                        "counterpart of importprunedfunds.",
         .parameters = {{"txid", hex, true, "", "The id of the transaction"}},
         .result = "null    (json null)",
         .example = "\"a8d0c0184dde994a09ec054286f1ce581bebf46446a512166eae7628734ea0a5\"",
         .handler = &removeprunedfunds},
    };
}

}  // namespace parley::rpc
