// ChainParams: what distinguishes one chain from another (magic, genesis, activation heights,
// difficulty and subsidy schedule, address versions). Values only: rules that use them are in
// retarget.h, block_rules.h and address.h. Immutable once made; safe to share between threads.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/expected.h"
#include "base/uint256.h"
#include "chain/block.h"

namespace parley {

/// Leading bytes of the Base58Check forms.
struct Base58Versions {
    uint8_t public_key_hash = 0;
    uint8_t script_hash = 0;
    uint8_t secret_key = 0;
    std::array<uint8_t, 4> extended_public_key{};
    std::array<uint8_t, 4> extended_secret_key{};
};

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
    std::string name;  ///< "main", "regtest", "labnet": as -chain takes it
    std::array<uint8_t, 4> magic{};
    uint16_t p2p_port = 0;
    uint16_t rpc_port = 0;

    BlockRef genesis;
    BlockHash genesis_hash;
    /// The outputs of the genesis coinbase enter the UTXO set, as coins of height 0 that are not
    /// treated as a coinbase's (labnet with -genesisoutput).
    bool genesis_coins_spendable = false;

    U256 pow_limit;  ///< the easiest target
    bool no_retargeting = false;
    bool allow_min_difficulty = false;
    int64_t target_spacing_s = 600;
    int32_t retarget_interval_blocks = 2016;
    /// The first period is measured from block 1: the genesis block's time is a constant from long
    /// ago, which says nothing about the hash rate (labnet).
    bool retarget_skips_genesis = false;
    uint32_t start_bits = 0;  ///< compact target of the genesis block and so of the first blocks

    int32_t subsidy_halving_interval_blocks = 210'000;
    int32_t coinbase_maturity_blocks = 100;
    ActivationHeights activation;
    /// Blocks of history that break rules which hold for all others: hash, flags that do apply.
    std::vector<std::pair<BlockHash, uint32_t>> script_flag_exceptions;
    /// Coinbases that overwrote unspent ones before BIP30: height, hash.
    std::vector<std::pair<Height, BlockHash>> bip30_exceptions;
    /// From bip34's height up to this one no coinbase can repeat an older one's txid, so BIP30
    /// needs no look-ups on a chain that has bip34_hash at that height. 0: always look.
    Height bip30_needless_until{0};
    BlockHash bip34_hash;  ///< not looked at where bip34 holds from height 1

    std::string bech32_prefix;
    Base58Versions base58;
};

struct LabnetOptions {
    int64_t target_spacing_s = 600;           ///< -powtargetspacing, 1 to 1,000,000
    int32_t retarget_interval_blocks = 2016;  ///< -powretargetinterval, 3 to 1,000,000
    uint32_t start_bits = 0x207fffff;         ///< -powstartbits, not above regtest's limit
    std::vector<TxOutput> genesis_outputs;    ///< -genesisoutput

    /// Empty, or a sentence that names the option that is wrong.
    std::string validate() const;
};

ChainParams main_params();
ChainParams regtest_params();
/// REQUIRES: options.validate() is empty.
ChainParams labnet_params(const LabnetOptions& options);

/// "<address>:<amount in coins>", as -genesisoutput takes it. The error is a sentence.
Expected<TxOutput, std::string> parse_genesis_output(std::string_view text);

/// New coins of a block at this height.
Amount block_subsidy(const ChainParams& params, Height height);

}  // namespace parley
