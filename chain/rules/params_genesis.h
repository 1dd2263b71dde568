// Helpers for building chain parameters: genesis blocks, and hashes written as hex. Private to
// chain/rules/params*.cpp. Pure functions.
#pragma once

#include <string_view>
#include <vector>

#include "chain/rules/params.h"

namespace parley {

inline constexpr std::string_view kTimesHeadline =
    "The Times 03/Jan/2009 Chancellor on brink of second bailout for banks";
/// Shared by all chains except the main one.
inline constexpr Base58Versions kTestBase58Versions{
    111, 196, 239, {0x04, 0x35, 0x87, 0xcf}, {0x04, 0x35, 0x83, 0x94}};

/// REQUIRES: hexadecimal digits; for a hash 64 of them, as block explorers print it.
Bytes bytes_of_hex(std::string_view text);
BlockHash hash_of_hex(std::string_view text);

/// The output of the main chain's genesis coinbase.
TxOutput satoshi_output();
BlockRef make_genesis(std::string_view headline, std::vector<TxOutput> outputs, uint32_t time,
                      uint32_t bits, uint32_t nonce);
/// Sets the block, its hash and the first target.
void set_genesis(ChainParams& params, BlockRef genesis);

/// Of the chain with this name, by height.
std::vector<KnownSnapshot> known_snapshots(std::string_view chain);

/// The "testdummy" deployment: changes no rule, for tests of signalling.
Deployment test_dummy(int64_t start_time);

}  // namespace parley
