// ChainParams: everything that distinguishes one chain from another (magic, genesis, activation
// heights, difficulty and subsidy schedule, address versions). Values only: the rules that use them
// are in retarget.h, block_rules.h and signet.h. Immutable once made; safe to share between
// threads.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/expected.h"
#include "base/option_rows.h"
#include "base/uint256.h"
#include "chain/primitives/address.h"
#include "chain/primitives/block.h"
#include "chain/rules/deployment.h"

namespace parley {

/// The first height at which each rule applies. The script rules of BIP16 and BIP141 apply to every
/// block of a chain except those in ChainParams::script_flag_exceptions.
struct ActivationHeights {
    Height bip34{0};    ///< height in the coinbase
    Height bip65{0};    ///< CHECKLOCKTIMEVERIFY
    Height bip66{0};    ///< strict DER
    Height csv{0};      ///< BIP68, 112, 113
    Height segwit{0};   ///< BIP141, 143, 147
    Height taproot{0};  ///< BIP340, 341, 342
};

/// A UTXO set that a node may start from before it has validated the blocks that lead to it
/// (loadtxoutset).
struct KnownSnapshot {
    Height height;
    BlockHash block;                  ///< the set is the one after this block
    Hash256 coins_hash;               ///< hash_serialized_3 of gettxoutsetinfo
    uint64_t chain_transactions = 0;  ///< in this block and all its ancestors
};

struct ChainParams {
    std::string name;  ///< "main", "signet", "regtest", ...: as -chain takes it
    std::array<uint8_t, 4> magic{};
    uint16_t p2p_port = 0;
    uint16_t rpc_port = 0;
    /// Names that lead to nodes of the network, for a node that knows none. With a final dot: no
    /// search domain is added.
    std::vector<std::string> dns_seeds;

    BlockRef genesis;
    BlockHash genesis_hash;
    /// The outputs of the genesis coinbase enter the UTXO set as coins of height 0 that need no
    /// coinbase maturity (labnet with -genesisoutput).
    bool genesis_coins_spendable = false;

    /// A public network: untrusted peers, real value. Disables the mock clock and, by default,
    /// block generation on request, and enables delays that a local network does not need.
    bool public_network = true;

    U256 pow_limit;  ///< the easiest target
    bool no_retargeting = false;
    /// A block more than two spacings after its parent may use the easiest target.
    bool allow_min_difficulty = false;
    /// BIP94: the first block of a period may be at most ten minutes older than its parent, and
    /// retargeting starts from the target of the period's first block instead of its last.
    bool bip94 = false;
    /// The script that every block must satisfy (BIP325). Empty: not a signet.
    std::optional<Script> signet_challenge;
    int64_t target_spacing_s = 600;
    int32_t retarget_interval_blocks = 2016;
    /// The first period is measured from block 1, because the constant time of the genesis block
    /// says nothing about the hash rate (labnet).
    bool retarget_skips_genesis = false;
    uint32_t start_bits = 0;  ///< compact target of the genesis block and the first period

    int32_t subsidy_halving_interval_blocks = 210'000;
    int32_t coinbase_maturity_blocks = 100;
    ActivationHeights activation;
    std::vector<Deployment> deployments;
    /// From this height on, a period with enough signals for an unknown deployment causes a
    /// warning.
    Height unknown_rules_from{0};
    int32_t unknown_rules_period_blocks = 2016;
    int32_t unknown_rules_threshold_blocks = 1815;
    /// Historical blocks that break script rules which apply to all others: hash, and the flags
    /// that do apply.
    std::vector<std::pair<BlockHash, uint32_t>> script_flag_exceptions;
    /// Historical blocks whose coinbases overwrote unspent ones before BIP30: height, hash.
    std::vector<std::pair<Height, BlockHash>> bip30_exceptions;
    /// The blocks whose coinbases they overwrote.
    std::vector<std::pair<Height, BlockHash>> bip30_overwritten;
    /// From bip34's height up to this one no coinbase can repeat the txid of an older one, so a
    /// chain that has bip34_hash at that height skips BIP30's look-ups. 0: never skip.
    Height bip30_needless_until{0};
    BlockHash bip34_hash;  ///< unused if bip34 applies from height 1

    /// Defaults of -minimumchainwork and -assumevalid. Zero: none.
    U256 minimum_chain_work;
    BlockHash assume_valid;
    std::vector<KnownSnapshot> snapshots;  ///< by height

    AddressPrefixes address_prefixes;
};

struct LabnetOptions {
    int64_t target_spacing_s = 600;
    int32_t retarget_interval_blocks = 2016;
    uint32_t start_bits = 0x207fffff;  ///< not above regtest's limit
    std::vector<TxOutput> genesis_outputs;

    static OptionRows<LabnetOptions> rows();
    /// Empty if valid, otherwise a sentence that names the offending option.
    std::string validate() const;
};

ChainParams main_params();
ChainParams testnet3_params();
ChainParams testnet4_params();
/// The public signet of BIP325.
ChainParams signet_params();
/// A custom signet: its magic is derived from the challenge.
ChainParams signet_params(Script challenge);
ChainParams regtest_params();
/// REQUIRES: options.validate() is empty.
ChainParams labnet_params(const LabnetOptions& options);

/// The name of a chain, its option, and the directory of its files.
struct ChainName {
    std::string_view name;       ///< for -chain=, and of its configuration file section
    std::string_view option;     ///< -testnet4 and so on; empty: none
    std::string_view directory;  ///< below the data directory; empty: the data directory itself
    ChainParams (*params)();     ///< with the defaults of its own options
};
std::span<const ChainName> chain_names();
/// Null: no such chain.
const ChainName* find_chain_name(std::string_view name);

/// "<address>:<amount in coins>", the value of -genesisoutput. The error is a sentence.
Expected<TxOutput, std::string> parse_genesis_output(std::string_view text);

/// Null: no snapshot with this base.
const KnownSnapshot* find_snapshot(const ChainParams& params, const BlockHash& base);

/// The subsidy of a block at this height.
Amount block_subsidy(const ChainParams& params, Height height);

}  // namespace parley
