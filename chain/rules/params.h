// ChainParams: what distinguishes one chain from another (magic, genesis, activation heights,
// difficulty and subsidy schedule, address versions). Values only: rules that use them are in
// retarget.h, block_rules.h and signet.h. Immutable once made; safe to share between
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
#include "base/option_row.h"
#include "base/uint256.h"
#include "chain/primitives/address.h"
#include "chain/primitives/block.h"
#include "chain/rules/deployment.h"

namespace parley {

/// The first height at which a rule holds. BIP16 and BIP141's script rules hold for every block of
/// a chain but the ones listed in ChainParams::script_flag_exceptions.
struct ActivationHeights {
    Height bip34{0};    ///< height in the coinbase
    Height bip65{0};    ///< CHECKLOCKTIMEVERIFY
    Height bip66{0};    ///< strict DER
    Height csv{0};      ///< BIP68, 112, 113
    Height segwit{0};   ///< BIP141, 143, 147
    Height taproot{0};  ///< BIP340, 341, 342
};

struct ChainParams {
    std::string name;  ///< "main", "signet", "regtest", ...: as -chain takes it
    std::array<uint8_t, 4> magic{};
    uint16_t p2p_port = 0;
    uint16_t rpc_port = 0;

    BlockRef genesis;
    BlockHash genesis_hash;
    /// The outputs of the genesis coinbase enter the UTXO set, as coins of height 0 that are not
    /// treated as a coinbase's (labnet with -genesisoutput).
    bool genesis_coins_spendable = false;

    /// Strangers take part, and its coins or its blocks are not for the taking: no mocked clock, no
    /// blocks on request by default, delays that a local network has no use for.
    bool public_network = true;

    U256 pow_limit;  ///< the easiest target
    bool no_retargeting = false;
    /// A block that comes more than two spacings after its parent may have the easiest target.
    bool allow_min_difficulty = false;
    /// The first block of a period is at most ten minutes older than its parent, and the period's
    /// target is adjusted from that first block's, not from the last one's.
    bool bip94 = false;
    /// Every block carries a solution of this script (BIP325). Empty: no block needs one.
    std::optional<Script> signet_challenge;
    int64_t target_spacing_s = 600;
    int32_t retarget_interval_blocks = 2016;
    /// The first period is measured from block 1: the genesis block's time is a constant from long
    /// ago, which says nothing about the hash rate (labnet).
    bool retarget_skips_genesis = false;
    uint32_t start_bits = 0;  ///< compact target of the genesis block and so of the first blocks

    int32_t subsidy_halving_interval_blocks = 210'000;
    int32_t coinbase_maturity_blocks = 100;
    ActivationHeights activation;
    std::vector<Deployment> deployments;
    /// Signals that no deployment explains lead to a warning, from this height on, where a period
    /// has enough of them.
    Height unknown_rules_from{0};
    int32_t unknown_rules_period_blocks = 2016;
    int32_t unknown_rules_threshold_blocks = 1815;
    /// Blocks of history that break rules which hold for all others: hash, flags that do apply.
    std::vector<std::pair<BlockHash, uint32_t>> script_flag_exceptions;
    /// Blocks whose coinbases overwrote unspent ones before BIP30: height, hash.
    std::vector<std::pair<Height, BlockHash>> bip30_exceptions;
    /// Blocks whose coinbases were overwritten so.
    std::vector<std::pair<Height, BlockHash>> bip30_overwritten;
    /// From bip34's height up to this one no coinbase can repeat an older one's txid, so BIP30
    /// needs no look-ups on a chain that has bip34_hash at that height. 0: always look.
    Height bip30_needless_until{0};
    BlockHash bip34_hash;  ///< not looked at where bip34 holds from height 1

    /// Defaults of -minimumchainwork and -assumevalid. Zero: none.
    U256 minimum_chain_work;
    BlockHash assume_valid;

    AddressPrefixes address_prefixes;
};

struct LabnetOptions {
    int64_t target_spacing_s = 600;
    int32_t retarget_interval_blocks = 2016;
    uint32_t start_bits = 0x207fffff;  ///< not above regtest's limit
    std::vector<TxOutput> genesis_outputs;

    static std::span<const OptionRow<LabnetOptions>> rows();
    /// Empty, or a sentence that names the option that is wrong.
    std::string validate() const;
};

ChainParams main_params();
ChainParams testnet3_params();
ChainParams testnet4_params();
/// The public signet of BIP325.
ChainParams signet_params();
/// Another signet: its magic follows from the challenge.
ChainParams signet_params(Script challenge);
ChainParams regtest_params();
/// REQUIRES: options.validate() is empty.
ChainParams labnet_params(const LabnetOptions& options);

/// How a chain is chosen, and where its files are.
struct ChainName {
    std::string_view name;       ///< of -chain=, and of its section in the configuration file
    std::string_view option;     ///< -testnet4 and so on; empty: none
    std::string_view directory;  ///< below the data directory; empty: the data directory itself
    ChainParams (*params)();     ///< with the defaults of its own options
};
std::span<const ChainName> chain_names();
/// Null: unknown.
const ChainName* find_chain_name(std::string_view name);

/// "<address>:<amount in coins>", as -genesisoutput takes it. The error is a sentence.
Expected<TxOutput, std::string> parse_genesis_output(std::string_view text);

/// New coins of a block at this height.
Amount block_subsidy(const ChainParams& params, Height height);

}  // namespace parley
