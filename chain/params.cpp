#include "chain/params.h"

#include <fmt/format.h>

#include <limits>

#include "base/check.h"
#include "chain/address.h"
#include "chain/compact_target.h"
#include "chain/script_check.h"

namespace parley {
namespace {

constexpr std::string_view kTimesHeadline =
    "The Times 03/Jan/2009 Chancellor on brink of second bailout for banks";
constexpr std::string_view kGenesisKey =
    "04678afdb0fe5548271967f1a67130b7105cd6a828e03909a67962e0ea1f61deb649f6bc3f4cef38c4f35504e51e"
    "c112de5c384df7ba0b8d578a4c702b6bf11d5f";

// Once a genesis coinbase pays more outputs than this, its options no longer fit a command line.
constexpr size_t kGenesisOutputsMax = 10'000;
constexpr int64_t kTargetSpacingMax_s = 1'000'000;
// Below three blocks a period would have no span between two blocks' times.
constexpr int32_t kRetargetIntervalMin_blocks = 3;
constexpr int32_t kRetargetIntervalMax_blocks = 1'000'000;

Bytes hex(std::string_view text) {
    auto bytes = from_hex(text);
    CHECK(bytes.has_value());
    return std::move(*bytes);
}

BlockHash block_hash(std::string_view text) {
    const auto hash = BlockHash::from_string(text);
    CHECK(hash.has_value());
    return *hash;
}

TxOutput satoshi_output() {
    return {Amount{50 * kCoin}, ScriptBuilder{}.push(hex(kGenesisKey)).op(OP_CHECKSIG).build()};
}

// The compact target of the main chain, the number 4 (as a one-byte push, not OP_4) and a text.
Script genesis_script_sig(std::string_view headline) {
    Writer writer;
    writer.u8(4).le(uint32_t{0x1d00ffff}).u8(1).u8(4);
    writer.bytes(ScriptBuilder{}.push(as_bytes(headline)).build().bytes());
    return Script{writer.take()};
}

BlockRef make_genesis(std::string_view headline, std::vector<TxOutput> outputs, uint32_t time,
                      uint32_t bits, uint32_t nonce) {
    TransactionData coinbase;
    coinbase.version = 1;
    coinbase.inputs.push_back(
        TxInput{OutPoint{}, genesis_script_sig(headline), TxInput::kSequenceFinal, {}});
    coinbase.outputs = std::move(outputs);
    Block block;
    block.transactions.push_back(make_transaction(std::move(coinbase)));
    block.header.version = 1;
    block.header.merkle_root = block_merkle_root(block);
    block.header.time = time;
    block.header.bits = bits;
    block.header.nonce = nonce;
    return std::make_shared<const Block>(std::move(block));
}

void set_genesis(ChainParams& params, BlockRef genesis) {
    params.genesis = std::move(genesis);
    params.genesis_hash = params.genesis->header.hash();
    params.start_bits = params.genesis->header.bits;
}

// Everything that labnet shares with regtest.
ChainParams regtest_formats() {
    ChainParams params;
    params.pow_limit = U256::max() >> 1;
    params.activation = {Height{1}, Height{1}, Height{1}, Height{1}, Height{0}, Height{0}};
    // Every coinbase of these chains has its height, so none can repeat another.
    params.bip30_needless_until = Height{std::numeric_limits<int32_t>::max()};
    params.bech32_prefix = "bcrt";
    params.base58 = {111, 196, 239, {0x04, 0x35, 0x87, 0xcf}, {0x04, 0x35, 0x83, 0x94}};
    return params;
}

}  // namespace

ChainParams main_params() {
    ChainParams params;
    params.name = "main";
    params.magic = {0xf9, 0xbe, 0xb4, 0xd9};
    params.p2p_port = 8333;
    params.rpc_port = 8332;
    set_genesis(params, make_genesis(kTimesHeadline, {satoshi_output()}, 1231006505, 0x1d00ffff,
                                     2083236893));
    params.pow_limit = U256::max() >> 32;
    params.activation = {Height{227'931}, Height{388'381}, Height{363'725},
                         Height{419'328}, Height{481'824}, Height{709'632}};
    params.script_flag_exceptions = {
        {block_hash("00000000000002dc756eebf4f49723ed8d30cc28a5f108eb94b1ba77ac4f9c22"),
         kVerifyNone},
        {block_hash("0000000000000000000f14c35b2d841e986ab5441de8c585d5ffe55ea1e395ad"),
         kVerifyP2sh | kVerifyWitness}};
    params.bip30_exceptions = {
        {Height{91'842},
         block_hash("00000000000a4d0a398161ffc163c503763b1f4360639393e0e4c8e300e0caec")},
        {Height{91'880},
         block_hash("00000000000743f190a18c5577a3c2d2a1f610ae9601ac046a38084ccb7cd721")}};
    // The coinbase of block 1,983,702 may repeat one from before BIP34.
    params.bip30_needless_until = Height{1'983'701};
    params.bip34_hash =
        block_hash("000000000000024b89b42a942fe0d9fea3bb44ab7bd1b19115dd6a759c0808b8");
    params.bech32_prefix = "bc";
    params.base58 = {0, 5, 128, {0x04, 0x88, 0xb2, 0x1e}, {0x04, 0x88, 0xad, 0xe4}};
    return params;
}

ChainParams regtest_params() {
    ChainParams params = regtest_formats();
    params.name = "regtest";
    params.magic = {0xfa, 0xbf, 0xb5, 0xda};
    params.p2p_port = 18444;
    params.rpc_port = 18443;
    set_genesis(params,
                make_genesis(kTimesHeadline, {satoshi_output()}, 1296688602, 0x207fffff, 2));
    params.no_retargeting = true;
    params.allow_min_difficulty = true;
    params.retarget_interval_blocks = 144;
    params.subsidy_halving_interval_blocks = 150;
    return params;
}

ChainParams labnet_params(const LabnetOptions& options) {
    CHECK(options.validate().empty());
    ChainParams params = regtest_formats();
    params.name = "labnet";
    params.magic = {0x6c, 0x61, 0x62, 0x21};  // "lab!"
    params.p2p_port = 18644;
    params.rpc_port = 18643;
    auto outputs = options.genesis_outputs;
    // All options enter the genesis hash, so that networks of different rules never mix.
    const std::string headline =
        fmt::format("Parley labnet: {} s, {} blocks", options.target_spacing_s,
                    options.retarget_interval_blocks);
    params.genesis_coins_spendable = !outputs.empty();
    if (outputs.empty()) outputs.push_back(satoshi_output());
    set_genesis(params,
                make_genesis(headline, std::move(outputs), 1296688602, options.start_bits, 0));
    params.target_spacing_s = options.target_spacing_s;
    params.retarget_interval_blocks = options.retarget_interval_blocks;
    params.retarget_skips_genesis = true;
    return params;
}

std::string LabnetOptions::validate() const {
    if (target_spacing_s < 1 || target_spacing_s > kTargetSpacingMax_s)
        return fmt::format("-powtargetspacing must be 1 to {} seconds", kTargetSpacingMax_s);
    if (retarget_interval_blocks < kRetargetIntervalMin_blocks ||
        retarget_interval_blocks > kRetargetIntervalMax_blocks) {
        return fmt::format("-powretargetinterval must be {} to {} blocks",
                           kRetargetIntervalMin_blocks, kRetargetIntervalMax_blocks);
    }
    const auto target = target_from_compact(start_bits);
    if (!target || *target > U256::max() >> 1 || compact_from_target(*target) != start_bits)
        return "-powstartbits must be a compact target of eight hex digits, at most 207fffff";
    if (genesis_outputs.size() > kGenesisOutputsMax)
        return fmt::format("-genesisoutput can be given at most {} times", kGenesisOutputsMax);
    Amount total{0};
    for (const auto& output : genesis_outputs) {
        if (!money_range(output.value) || !money_range(total = total + output.value))
            return "the amounts of -genesisoutput add up to more than 21,000,000 coins";
    }
    return {};
}

Expected<TxOutput, std::string> parse_genesis_output(std::string_view text) {
    const size_t colon = text.rfind(':');
    if (colon == std::string_view::npos) {
        return Unexpected(fmt::format("-genesisoutput={}: give it as <address>:<amount>", text));
    }
    const auto script = decode_address(regtest_params(), text.substr(0, colon));
    if (!script) {
        return Unexpected(fmt::format("-genesisoutput={}: {}", text, to_string(script.error())));
    }
    const auto amount = parse_amount(text.substr(colon + 1));
    if (!amount || !money_range(*amount)) {
        return Unexpected(fmt::format("-genesisoutput={}: bad amount of coins", text));
    }
    return TxOutput{*amount, *script};
}

Amount block_subsidy(const ChainParams& params, Height height) {
    const int32_t halvings = height.value() / params.subsidy_halving_interval_blocks;
    if (halvings >= 64) return Amount{0};
    return Amount{(50 * kCoin) >> halvings};
}

}  // namespace parley
