#include "chain/state/indexes/coin_stats_index.h"

#include <algorithm>
#include <array>
#include <utility>

#include "chain/store/coin_codec.h"

namespace parley {
namespace {

constexpr uint8_t kStatsKeyPrefix = 'c';

Bytes stats_key(const BlockHash& block) {
    Writer writer(1 + Hash256::kSize);
    writer.u8(kStatsKeyPrefix).hash(block);
    return writer.take();
}

/// The amounts of a CoinStats in the order of its record.
template <class Stats>
auto amounts_of(Stats& stats) {
    auto& block = stats.block;
    return std::array{&stats.amount,      &stats.unspendable, &block.prevouts_spent,
                      &block.new_outputs, &block.coinbase,    &block.genesis,
                      &block.bip30,       &block.scripts,     &block.unclaimed};
}

Bytes serialize_stats(const CoinStats& stats) {
    Writer writer;
    writer.le(stats.outputs).le(stats.bogosize);
    for (const Amount* amount : amounts_of(stats)) writer.le(amount->value());
    writer.bytes(stats.hash.serialize());
    return writer.take();
}

std::optional<CoinStats> parse_stats(ByteSpan record) {
    Reader reader(record);
    CoinStats stats;
    stats.outputs = reader.le<uint64_t>();
    stats.bogosize = reader.le<uint64_t>();
    for (Amount* amount : amounts_of(stats)) *amount = Amount{reader.le<int64_t>()};
    const auto hash = MuHash3072::parse(reader.bytes(reader.left()));
    if (!reader.ok() || !hash) return std::nullopt;
    stats.hash = *hash;
    return stats;
}

class BlockCounter {
 public:
    BlockCounter(CoinStats& stats, const ChainParams& params, const HeaderNode& node)
        : stats_(stats), params_(params), node_(node) {
        stats_.block = {};
    }

    /// REQUIRES: not the genesis block.
    void count(const Block& block, const BlockUndo& undo) {
        for (size_t i = 0; i < block.transactions.size(); ++i) {
            const Transaction& transaction = *block.transactions[i];
            if (i > 0) spend_inputs(transaction, undo.spent[i - 1]);
            add_outputs(transaction, i == 0);
        }
        BlockAmounts& amounts = stats_.block;
        const Amount available = amounts.prevouts_spent + block_subsidy(params_, node_.height);
        const Amount used = amounts.new_outputs + amounts.coinbase + amounts.unspendable();
        amounts.unclaimed = Amount{available.value() - used.value()};
        stats_.unspendable += amounts.unspendable();
    }

    /// Its coins are not in the UTXO set, except on chains whose parameters say so.
    void count_genesis(const Block& block) {
        if (params_.genesis_coins_spendable) {
            add_outputs(*block.transactions[0], false);
            stats_.block.coinbase = std::exchange(stats_.block.new_outputs, Amount{0});
        } else {
            stats_.block.genesis = block_subsidy(params_, Height{0});
        }
        stats_.unspendable += stats_.block.unspendable();
    }

 private:
    void add_outputs(const Transaction& transaction, bool is_coinbase) {
        BlockAmounts& amounts = stats_.block;
        const bool is_replaced = is_coinbase && is_overwritten(params_, node_);
        for (uint32_t n = 0; n < transaction.outputs().size(); ++n) {
            const TxOutput& output = transaction.outputs()[n];
            if (is_replaced) {
                amounts.bip30 += output.value;
            } else if (output.script_pubkey.is_unspendable()) {
                amounts.scripts += output.value;
            } else {
                (is_coinbase ? amounts.coinbase : amounts.new_outputs) += output.value;
                stats_.amount += output.value;
                const Coin coin{output, node_.height, is_coinbase};
                stats_.hash.insert(serialize_hashed_coin({transaction.txid(), n}, coin));
                ++stats_.outputs;
                stats_.bogosize += coin_bogosize(coin);
            }
        }
    }

    void spend_inputs(const Transaction& transaction, const std::vector<Coin>& spent) {
        for (size_t i = 0; i < spent.size(); ++i) {
            const Amount value = spent[i].output.value;
            stats_.block.prevouts_spent += value;
            stats_.amount += Amount{-value.value()};
            stats_.hash.remove(serialize_hashed_coin(transaction.inputs()[i].prevout, spent[i]));
            --stats_.outputs;
            stats_.bogosize -= coin_bogosize(spent[i]);
        }
    }

    /// Before BIP30, two blocks repeated the coinbases of others, whose coins were lost.
    static bool is_overwritten(const ChainParams& params, const HeaderNode& node) {
        const std::pair block{node.height, node.hash};
        return std::ranges::find(params.bip30_overwritten, block) != params.bip30_overwritten.end();
    }

    CoinStats& stats_;
    const ChainParams& params_;
    const HeaderNode& node_;
};

bool belongs_to(const BlockUndo& undo, const Block& block) {
    if (undo.spent.size() + 1 != block.transactions.size()) return false;
    for (size_t i = 0; i < undo.spent.size(); ++i) {
        if (undo.spent[i].size() != block.transactions[i + 1]->inputs().size()) return false;
    }
    return true;
}

}  // namespace

uint64_t coin_bogosize(const Coin& coin) {
    // Of txid, index, height with flag, amount and the script's length.
    return 32 + 4 + 4 + 8 + 2 + coin.output.script_pubkey.size();
}

Expected<std::optional<CoinStats>, StorageError> CoinStatsIndex::find(
    const HeaderNode& node) const {
    if (node.parent == nullptr) {
        CoinStats stats;
        BlockCounter{stats, chain().params(), node}.count_genesis(*chain().params().genesis);
        return std::optional{std::move(stats)};
    }
    const auto record = store().get(stats_key(node.hash));
    if (!record) return Unexpected(record.error());
    if (!record->has_value()) return std::optional<CoinStats>{};
    auto stats = parse_stats(**record);
    if (!stats) return Unexpected(damaged("the record of a block is malformed"));
    return stats;
}

Expected<size_t, StorageError> CoinStatsIndex::index_block(WriteBatch& batch,
                                                           const HeaderNode& node) {
    if (!last_ || last_->first != node.parent) {
        auto parent = find(*node.parent);
        if (!parent) return Unexpected(parent.error());
        if (!parent->has_value())
            return Unexpected(
                damaged("the record of block " + node.parent->hash.to_string() + " is missing"));
        last_.emplace(node.parent, std::move(**parent));
    }
    const auto block = read_block(node);
    if (!block) return Unexpected(block.error());
    if (!node.has_undo())
        return Unexpected(damaged("the undo data of block " + node.hash.to_string() + " is gone"));
    const auto undo = chain().read_undo(node);
    if (!undo) return Unexpected(undo.error());
    if (!belongs_to(*undo, **block))
        return Unexpected(damaged("the undo data is not that of block " + node.hash.to_string()));
    BlockCounter{last_->second, chain().params(), node}.count(**block, *undo);
    last_->first = &node;
    batch.put(stats_key(node.hash), serialize_stats(last_->second));
    return node.block_position.size;
}

}  // namespace parley
