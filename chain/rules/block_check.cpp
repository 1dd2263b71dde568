#include <fmt/format.h>

#include <algorithm>

#include "chain/primitives/coinbase.h"
#include "chain/primitives/consensus_limits.h"
#include "chain/rules/block_rules.h"
#include "chain/rules/locktime.h"
#include "chain/rules/sigops.h"
#include "chain/rules/tx_check.h"

namespace parley {
namespace {

using Verdict = Expected<void, BlockError>;

Unexpected<BlockError> refuse(BlockErrorKind kind, std::string reason, std::string detail) {
    return Unexpected(BlockError{kind, std::move(reason), std::move(detail)});
}

Verdict check_merkle_root(const Block& block) {
    bool repeated = false;
    if (block_merkle_root(block, &repeated) != block.header.merkle_root)
        return refuse(BlockErrorKind::mutated, "bad-txnmrklroot", "hashMerkleRoot mismatch");
    // The root is right, but a list without the repetition has the same one (CVE-2012-2459).
    if (repeated)
        return refuse(BlockErrorKind::mutated, "bad-txns-duplicate", "duplicate transaction");
    return {};
}

Verdict check_coinbases(const Block& block) {
    if (!block.transactions[0]->is_coinbase())
        return refuse(BlockErrorKind::invalid_block, "bad-cb-missing", "first tx is not coinbase");
    for (size_t i = 1; i < block.transactions.size(); ++i) {
        if (block.transactions[i]->is_coinbase())
            return refuse(BlockErrorKind::invalid_block, "bad-cb-multiple",
                          "more than one coinbase");
    }
    return {};
}

bool has_witness(const Block& block) {
    return std::any_of(block.transactions.begin(), block.transactions.end(),
                       [](const TransactionRef& tx) { return tx->has_witness(); });
}

Verdict check_witness_commitment(const Block& block, bool segwit_active) {
    const Transaction& coinbase = *block.transactions[0];
    const auto position = segwit_active ? witness_commitment_position(coinbase) : std::nullopt;
    if (!position) {
        if (has_witness(block))
            return refuse(BlockErrorKind::mutated, "unexpected-witness",
                          "unexpected witness data found");
        return {};
    }
    const auto& witness = coinbase.inputs()[0].witness;
    if (witness.size() != 1 || witness[0].size() != Hash256::kSize) {
        return refuse(BlockErrorKind::mutated, "bad-witness-nonce-size",
                      "invalid witness reserved value size");
    }
    const Hash256 commitment = witness_commitment(block, Hash256::from_bytes(witness[0]));
    const ByteSpan script = coinbase.outputs()[*position].script_pubkey.bytes();
    const Script expected = witness_commitment_script(commitment);
    if (!std::ranges::equal(expected.bytes(), script.first(expected.size()))) {
        return refuse(BlockErrorKind::mutated, "bad-witness-merkle-match",
                      "witness merkle commitment mismatch");
    }
    return {};
}

}  // namespace

Expected<void, BlockError> check_block(const Block& block) {
    if (auto verdict = check_merkle_root(block); !verdict) return verdict;
    // Check the size first, which bounds the rest.
    const auto weight_limit = static_cast<uint64_t>(kBlockWeightMax.value());
    constexpr auto scale = static_cast<uint64_t>(kWitnessScaleFactor);
    if (block.transactions.empty() || block.transactions.size() * scale > weight_limit ||
        block.size(WitnessEncoding::without) * scale > weight_limit) {
        return refuse(BlockErrorKind::invalid_block, "bad-blk-length", "size limits failed");
    }
    if (auto verdict = check_coinbases(block); !verdict) return verdict;
    int64_t sigops = 0;
    for (const auto& transaction : block.transactions) {
        if (const auto verdict = check_transaction(*transaction); !verdict) {
            return refuse(BlockErrorKind::invalid_block, std::string{to_string(verdict.error())},
                          fmt::format("Transaction check failed (tx hash {})",
                                      transaction->txid().to_string()));
        }
        sigops += legacy_sigops(*transaction);
    }
    if (sigops * kWitnessScaleFactor > kBlockSigopCostMax)
        return refuse(BlockErrorKind::invalid_block, "bad-blk-sigops", "out-of-bounds SigOpCount");
    return {};
}

int64_t block_time_min(const ChainParams& params, const HeaderRules& rules,
                       const HeaderNode& parent) {
    const int64_t time_min = rules.time_min(parent);
    if ((parent.height.value() + 1) % params.retarget_interval_blocks != 0) return time_min;
    return std::max(time_min, parent.time() - kTimewarpMax_s);
}

Expected<void, BlockError> accept_header_rules(const ChainParams& params, const HeaderRules& rules,
                                               const BlockHeader& header, const HeaderNode& parent,
                                               TimePoint now) {
    if (int64_t{header.time} < rules.time_min(parent))
        return refuse(BlockErrorKind::invalid_header, "time-too-old",
                      "block's timestamp is too early");
    const Height height = parent.height + 1;
    const bool starts_period = height.value() % params.retarget_interval_blocks == 0;
    if (params.bip94 && starts_period && int64_t{header.time} < parent.time() - kTimewarpMax_s) {
        return refuse(BlockErrorKind::invalid_header, "time-timewarp-attack",
                      "block's timestamp is too early on diff adjustment block");
    }
    if (int64_t{header.time} > to_unix_seconds(now) + kBlockTimeAheadMax_s)
        return refuse(BlockErrorKind::time_future, "time-too-new",
                      "block timestamp too far in the future");
    if ((header.version < 2 && height >= params.activation.bip34) ||
        (header.version < 3 && height >= params.activation.bip66) ||
        (header.version < 4 && height >= params.activation.bip65)) {
        const auto version = static_cast<uint32_t>(header.version);
        return refuse(BlockErrorKind::invalid_header, fmt::format("bad-version(0x{:08x})", version),
                      fmt::format("rejected nVersion=0x{:08x} block", version));
    }
    return {};
}

bool witnesses_are_committed(const Block& block) {
    return has_witness(block) && check_witness_commitment(block, true).has_value();
}

Expected<void, BlockError> accept_block_rules(const ChainParams& params, const Block& block,
                                              const HeaderNode& parent) {
    const Height height = parent.height + 1;
    const bool csv_active = height >= params.activation.csv;
    const int64_t cutoff = csv_active ? parent.median_time_past() : int64_t{block.header.time};
    for (const auto& transaction : block.transactions) {
        if (!is_final(transaction->data(), height, cutoff))
            return refuse(BlockErrorKind::invalid_block, "bad-txns-nonfinal",
                          "non-final transaction");
    }
    if (height >= params.activation.bip34) {
        const Bytes expected = coinbase_height_push(height);
        const ByteSpan script = block.transactions[0]->inputs()[0].script_sig.bytes();
        if (script.size() < expected.size() ||
            !std::equal(expected.begin(), expected.end(), script.begin())) {
            return refuse(BlockErrorKind::invalid_block, "bad-cb-height",
                          "block height mismatch in coinbase");
        }
    }
    const bool segwit_active = height >= params.activation.segwit;
    if (auto verdict = check_witness_commitment(block, segwit_active); !verdict) return verdict;
    // Checked last, because a peer can inflate the witness of somebody else's block.
    if (block.weight() > kBlockWeightMax)
        return refuse(BlockErrorKind::invalid_block, "bad-blk-weight", "weight limit failed");
    return {};
}

}  // namespace parley
