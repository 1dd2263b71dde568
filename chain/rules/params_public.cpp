// The parameters of the public chains.
#include <algorithm>
#include <array>
#include <limits>

#include "base/check.h"
#include "base/crypto/sha256.h"
#include "chain/rules/params_genesis.h"
#include "chain/rules/retarget.h"
#include "chain/script/script_check.h"

namespace parley {
namespace {

// The coinbase of block 1,983,702 may repeat one from before BIP34.
constexpr Height kBip30NeedlessUntil{1'983'701};
constexpr uint32_t kTestGenesisTime = 1296688602;  // of testnet3, and of regtest

constexpr std::string_view kTestnet4Headline =
    "03/May/2024 000000000000000000001ebd58c244970b3aa9d783bb001011fbe8ea8e98e00e";
constexpr std::string_view kSignetChallenge =
    "512103ad5e0edad18cb1f0fc0d28a3d4f1f3e445640337489abb10404f2d1e086be430210359ef5021964fe22d6f8e"
    "05b2463c9540ce96883fe3b278760f048f5189f2e6c452ae";

U256 number(std::string_view hex) {
    std::string digits(2 * Hash256::kSize - hex.size(), '0');
    const auto hash = Hash256::from_string(digits.append(hex));
    CHECK(hash.has_value());
    return U256::from_hash(*hash);
}

// Shared by the public test chains.
ChainParams test_formats() {
    ChainParams params;
    params.pow_limit = U256::max() >> 32;
    params.address_prefixes.bech32 = "tb";
    params.address_prefixes.base58 = kTestBase58Versions;
    params.deployments = {test_dummy(Deployment::kNeverActive)};
    return params;
}

// All rules apply from the first block, so every coinbase contains its height.
void activate_everything(ChainParams& params) {
    params.activation = {Height{1}, Height{1}, Height{1}, Height{1}, Height{1}, Height{0}};
    params.bip30_needless_until = Height{std::numeric_limits<int32_t>::max()};
}

std::array<uint8_t, 4> signet_magic(const Script& challenge) {
    const Hash256 hash = sha256d(Writer{}.var_bytes(challenge.bytes()).data());
    std::array<uint8_t, 4> magic{};
    std::copy_n(hash.bytes().begin(), magic.size(), magic.begin());
    return magic;
}

ChainParams labnet_defaults() {
    return labnet_params({});
}

// By chain and height. Those of regtest are of a chain that test suites mine with fixed times.
struct SnapshotRow {
    std::string_view chain;
    Height height;
    std::string_view block;
    std::string_view coins_hash;
    uint64_t chain_transactions;
};
constexpr SnapshotRow kSnapshots[] = {
    {"main", Height{840'000}, "0000000000000000000320283a032748cef8227873ff4872689bf23f1cda83a5",
     "a2a5521b1b5ab65f67818e5e8eccabb7171a517f9e2382208f77687310768f96", 991'032'194},
    {"main", Height{880'000}, "000000000000000000010b17283c3c400507969a9c2afd1dcf2082ec5cca2880",
     "dbd190983eaf433ef7c15f78a278ae42c00ef52e0fd2a54953782175fbadcea9", 1'145'604'538},
    {"main", Height{910'000}, "0000000000000000000108970acb9522ffd516eae17acddcb1bd16469194a821",
     "4daf8a17b4902498c5787966a2b51c613acdab5df5db73f196fa59a4da2f1568", 1'226'586'151},
    {"main", Height{935'000}, "0000000000000000000147034958af1652b2b91bba607beacc5e72a56f0fb5ee",
     "e4b90ef9eae834f56c4b64d2d50143cee10ad87994c614d7d04125e2a6025050", 1'305'397'408},
    {"test", Height{2'500'000}, "0000000000000093bcb68c03a9a168ae252572d348a2eaeba2cdf9231d73206f",
     "f841584909f68e47897952345234e37fcd9128cd818f41ee6c3ca68db8071be7", 66'484'552},
    {"test", Height{4'840'000}, "00000000000000f4971a7fb37fbdff89315b69a2e1920c467654a382f0d64786",
     "ce6bb677bb2ee9789c4a1c9d73e6683c53fc20e8fdbedbdaaf468982a0c8db2a", 536'078'574},
    {"testnet4", Height{90'000}, "0000000002ebe8bcda020e0dd6ccfbdfac531d2f6a81457191b99fc2df2dbe3b",
     "784fb5e98241de66fdd429f4392155c9e7db5c017148e66e8fdbc95746f8b9b5", 11'347'043},
    {"testnet4", Height{120'000},
     "000000000bd2317e51b3c5794981c35ba894ce27d3e772d5c39ecd9cbce01dc8",
     "10b05d05ad468d0971162e1b222a4aa66caca89da2bb2a93f8f37fb29c4794b0", 14'141'057},
    {"signet", Height{160'000}, "0000003ca3c99aff040f2563c2ad8f8ec88bd0fd6b8f0895cfaf1ef90353a62c",
     "fe0a44309b74d6b5883d246cb419c6221bcccf0b308c9b59b7d70783dbdf928a", 2'289'496},
    {"signet", Height{290'000}, "0000000577f2741bb30cd9d39d6d71b023afbeb9764f6260786a97969d5c9ac0",
     "97267e000b4b876800167e71b9123f1529d13b14308abec2888bbd2160d14545", 28'547'497},
    {"regtest", Height{110}, "135eec25a6fb277884e5824e7aa7d052c4868161c99a5122170b5266f86c273d",
     "86e9a1205b418b16dde3a18a78c730e30137e28466bda5dbf6b33ab8fc05447c", 111},
    {"regtest", Height{200}, "385901ccbd69dff6bbd00065d01fb8a9e464dede7cfe0372443884f9b1dcf6b9",
     "17dcc016d188d16068907cdeb38b75691a118d43053b8cd6a25969419381d13a", 201},
    {"regtest", Height{299}, "0c552ced4721c249a389eb9b08cb8da261cd46f0e7b5f9d064d48f3113406853",
     "106b2c56233e378a824cf0d5ff2be42ed32c72f1605c9be288d00942908a40ac", 334},
};

constexpr ChainName kChainNames[] = {
    {"main", "", "", &main_params},
    {"test", "testnet", "testnet3", &testnet3_params},
    {"testnet4", "testnet4", "testnet4", &testnet4_params},
    {"signet", "signet", "signet", static_cast<ChainParams (*)()>(&signet_params)},
    {"regtest", "regtest", "regtest", &regtest_params},
    {"labnet", "labnet", "labnet", &labnet_defaults},
};

}  // namespace

ChainParams main_params() {
    ChainParams params;
    params.name = "main";
    params.snapshots = known_snapshots(params.name);
    params.magic = {0xf9, 0xbe, 0xb4, 0xd9};
    params.p2p_port = 8333;
    params.rpc_port = 8332;
    params.dns_seeds = {"dnsseed.bluematt.me.",
                        "seed.bitcoin.jonasschnelli.ch.",
                        "seed.btc.petertodd.net.",
                        "seed.bitcoin.sprovoost.nl.",
                        "dnsseed.emzy.de.",
                        "seed.bitcoin.wiz.biz.",
                        "seed.mainnet.achownodes.xyz."};
    set_genesis(params, make_genesis(kTimesHeadline, {satoshi_output()}, 1231006505, 0x1d00ffff,
                                     2083236893));
    params.pow_limit = U256::max() >> 32;
    params.activation = {Height{227'931}, Height{388'381}, Height{363'725},
                         Height{419'328}, Height{481'824}, Height{709'632}};
    params.script_flag_exceptions = {
        {hash_of_hex("00000000000002dc756eebf4f49723ed8d30cc28a5f108eb94b1ba77ac4f9c22"),
         kVerifyNone},
        {hash_of_hex("0000000000000000000f14c35b2d841e986ab5441de8c585d5ffe55ea1e395ad"),
         kVerifyP2sh | kVerifyWitness}};
    params.bip30_exceptions = {
        {Height{91'842},
         hash_of_hex("00000000000a4d0a398161ffc163c503763b1f4360639393e0e4c8e300e0caec")},
        {Height{91'880},
         hash_of_hex("00000000000743f190a18c5577a3c2d2a1f610ae9601ac046a38084ccb7cd721")}};
    params.bip30_overwritten = {
        {Height{91'722},
         hash_of_hex("00000000000271a2dc26e7667f8419f2e15416dc6955e5a6c6cdf3f2574dd08e")},
        {Height{91'812},
         hash_of_hex("00000000000af0aed4792b1acee3d966af36cf5def14935db8de83d6f9306f2f")}};
    params.bip30_needless_until = kBip30NeedlessUntil;
    params.bip34_hash =
        hash_of_hex("000000000000024b89b42a942fe0d9fea3bb44ab7bd1b19115dd6a759c0808b8");
    params.unknown_rules_from = Height{711'648};
    params.deployments = {test_dummy(Deployment::kNeverActive)};
    params.minimum_chain_work = number("dee8e2a309ad8a9820433c68");  // of block 912,683
    params.assume_valid =
        hash_of_hex("00000000000000000000611fd22f2df7c8fbd0688745c3a6c3bb5109cc2a12cb");
    params.address_prefixes.bech32 = "bc";
    params.address_prefixes.base58 = {
        0, 5, 128, {0x04, 0x88, 0xb2, 0x1e}, {0x04, 0x88, 0xad, 0xe4}};
    return params;
}

ChainParams testnet3_params() {
    ChainParams params = test_formats();
    params.name = "test";
    params.snapshots = known_snapshots(params.name);
    params.magic = {0x0b, 0x11, 0x09, 0x07};
    params.p2p_port = 18333;
    params.rpc_port = 18332;
    params.dns_seeds = {"testnet-seed.bitcoin.jonasschnelli.ch.", "seed.tbtc.petertodd.net.",
                        "testnet-seed.bluematt.me.", "seed.testnet.achownodes.xyz."};
    set_genesis(params, make_genesis(kTimesHeadline, {satoshi_output()}, kTestGenesisTime,
                                     0x1d00ffff, 414098458));
    params.allow_min_difficulty = true;
    params.activation = {Height{21'111},  Height{581'885}, Height{330'776},
                         Height{770'112}, Height{834'624}, Height{2'011'968}};
    params.script_flag_exceptions = {
        {hash_of_hex("00000000dd30457c001f4095d208cc1296b0eed002427aa599874af7a432b105"),
         kVerifyNone}};
    params.bip30_needless_until = kBip30NeedlessUntil;
    params.bip34_hash =
        hash_of_hex("0000000023b3a96d3484e5abb3755c413e7d41500f8e2a5c3f0dd01299cd8ef8");
    params.unknown_rules_from = Height{2'013'984};
    params.minimum_chain_work = number("15f5e0c9f13455b0eb17");  // of block 3,974,606
    params.assume_valid =
        hash_of_hex("00000000000003fc7967410ba2d0a8a8d50daedc318d43e8baf1a9782c236a57");
    return params;
}

ChainParams testnet4_params() {
    ChainParams params = test_formats();
    params.name = "testnet4";
    params.snapshots = known_snapshots(params.name);
    params.magic = {0x1c, 0x16, 0x3f, 0x28};
    params.p2p_port = 48333;
    params.rpc_port = 48332;
    params.dns_seeds = {"seed.testnet4.bitcoin.sprovoost.nl.", "seed.testnet4.wiz.biz."};
    const Script nobody = ScriptBuilder{}.push(Bytes(33, 0)).op(OP_CHECKSIG).build();
    set_genesis(params, make_genesis(kTestnet4Headline, {TxOutput{Amount{50 * kCoin}, nobody}},
                                     1714777860, 0x1d00ffff, 393743547));
    params.allow_min_difficulty = true;
    params.bip94 = true;
    activate_everything(params);
    params.minimum_chain_work = number("34a4690fe592dc49c7c");  // of block 60,000
    params.assume_valid =
        hash_of_hex("000000000000000180a58e7fa3b0db84b5ea76377524894f53660d93ac839d9b");
    return params;
}

ChainParams signet_params(Script challenge) {
    ChainParams params = test_formats();
    params.name = "signet";
    params.magic = signet_magic(challenge);
    params.signet_challenge = std::move(challenge);
    params.p2p_port = 38333;
    params.rpc_port = 38332;
    set_genesis(params,
                make_genesis(kTimesHeadline, {satoshi_output()}, 1598918400, 0x1e0377ae, 52613770));
    params.pow_limit = *target_from_compact(0x1e0377ae);
    activate_everything(params);
    return params;
}

ChainParams signet_params() {
    ChainParams params = signet_params(Script{bytes_of_hex(kSignetChallenge)});
    params.snapshots = known_snapshots(params.name);
    params.dns_seeds = {"seed.signet.bitcoin.sprovoost.nl.", "seed.signet.achownodes.xyz."};
    params.minimum_chain_work = number("2b517f3d1a1");  // of block 237,722
    params.assume_valid =
        hash_of_hex("000000895a110f46e59eb82bbc5bfb67fa314656009c295509c21b4999f5180a");
    return params;
}

std::vector<KnownSnapshot> known_snapshots(std::string_view chain) {
    std::vector<KnownSnapshot> known;
    for (const SnapshotRow& row : kSnapshots) {
        if (row.chain != chain) continue;
        known.push_back({row.height, hash_of_hex(row.block), hash_of_hex(row.coins_hash),
                         row.chain_transactions});
    }
    return known;
}

std::span<const ChainName> chain_names() {
    return kChainNames;
}

const ChainName* find_chain_name(std::string_view name) {
    const auto found = std::find_if(std::begin(kChainNames), std::end(kChainNames),
                                    [&](const ChainName& entry) { return entry.name == name; });
    return found == std::end(kChainNames) ? nullptr : found;
}

}  // namespace parley
