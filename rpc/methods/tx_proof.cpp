// Proofs that transactions are in a block: gettxoutproof, verifytxoutproof.
#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <vector>

#include "chain/primitives/consensus_limits.h"
#include "net/filters/merkle_proof.h"
#include "rpc/jsonrpc/call.h"
#include "rpc/methods/chain_lookup.h"

namespace parley::rpc {

namespace {

/// No transaction has more outputs: each has at least nine bytes.
constexpr auto kOutputsMax = static_cast<uint32_t>(kBlockWeightMax.value() / (4 * 9));
/// Outputs looked up at once. Almost every transaction has one among the first.
constexpr uint32_t kOutputsPerLookup = 256;

/// The height of an unspent output of the transaction. Empty: all are spent, or it is unknown.
std::optional<Height> height_by_coins(const CoinsView& coins, const Txid& txid) {
    std::optional<Height> height;
    for (uint32_t first = 0; first < kOutputsMax && !height; first += kOutputsPerLookup) {
        std::vector<OutPoint> outpoints;
        for (uint32_t i = first; i < std::min(first + kOutputsPerLookup, kOutputsMax); ++i)
            outpoints.push_back({txid, i});
        unwrap(coins.fetch(outpoints, [&](size_t, const Coin& coin) { height = coin.height; }));
    }
    return height;
}

const HeaderNode& block_with_any(Node& node, const std::set<Txid>& txids) {
    for (const Txid& txid : txids) {
        if (const auto height = height_by_coins(node.chain().coins(), txid))
            return *node.chain().index().at_height(*height);
    }
    const auto indexed = find_indexed(node, *txids.begin());
    if (!indexed) fail(Code::address_or_key, "Transaction not yet in block");
    return find_header(node, indexed->block);
}

std::set<Txid> read_txids(const Json& array) {
    std::set<Txid> txids;
    for (const Json& item : array.array()) {
        const Txid txid = read_txid(item, "txid");
        if (!txids.insert(txid).second)
            fail(Code::invalid_parameter,
                 fmt::format("Invalid parameter, duplicated txid: {}", txid.to_string()));
    }
    if (txids.empty()) fail(Code::invalid_parameter, "Parameter 'txids' cannot be empty");
    return txids;
}

void gettxoutproof(Call& call) {
    const std::set<Txid> txids = read_txids(call.argument(0));
    std::optional<BlockHash> hash;
    if (call.has(1)) hash = call.block_hash(1);
    const BlockRef block = call.ask([&](Node& node) {
        return read_block(node, hash ? find_header(node, *hash) : block_with_any(node, txids));
    });
    size_t found = 0;
    for (const TransactionRef& transaction : block->transactions)
        found += txids.contains(transaction->txid()) ? 1 : 0;
    if (found != txids.size())
        fail(Code::address_or_key, "Not all transactions found in specified or retrieved block");
    call.out().hex(MerkleProof(*block, txids).serialize());
}

void verifytxoutproof(Call& call) {
    const auto proof = MerkleProof::parse(read_hex(call.argument(0), call.name(0)));
    if (!proof) fail(Code::misc, "SpanReader::read(): end of data: iostream error");
    const auto matches = proof->matches();
    const bool authentic = matches && matches->root == proof->header().merkle_root;
    const bool complete = authentic && call.ask([&](Node& node) {
        const HeaderNode* header = node.chain().index().find(proof->header().hash());
        if (header == nullptr || !node.chain().index().contains(*header) ||
            header->transactions == 0)
            fail(Code::address_or_key, "Block not found in chain");
        return header->transactions == proof->transaction_count();
    });
    call.out().array([&] {
        if (!complete) return;
        for (const Txid& txid : matches->txids) call.out().value(txid);
    });
}

}  // namespace

std::vector<Method> tx_proof_methods() {
    using enum ParameterType;
    return {
        {.name = "gettxoutproof",
         .category = "blockchain",
         .description = "Returns a proof that transactions are in a block. Without a block hash "
                        "the block is found by an unspent output of one of the transactions, or by "
                        "-txindex.",
         .parameters = {{"txids", array, true, "", "The ids of the transactions, all in one block",
                         R"(["txid",...])"},
                        {"blockhash", hex, false, "", "The block in which the transactions are"}},
         .result = "\"hex\"    (string) The proof: header and partial Merkle tree (BIP37)",
         .example = R"('["mytxid"]' "blockhash")",
         .handler = &gettxoutproof},
        {.name = "verifytxoutproof",
         .category = "blockchain",
         .description = "Verifies a proof of gettxoutproof. It is an error if the block is not in "
                        "the best chain.",
         .parameters = {{"proof", hex, true, "", "The proof"}},
         .result = "[\"txid\",...]    (json array) The transactions that it proves; empty if it "
                   "is not valid",
         .example = "\"proof\"",
         .handler = &verifytxoutproof},
    };
}

}  // namespace parley::rpc
