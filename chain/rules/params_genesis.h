// What the parameters of the chains are made of: genesis blocks, and facts written as hex. Private
// to chain/params*.cpp. Pure functions.
#pragma once

#include <string_view>
#include <vector>

#include "chain/rules/params.h"

namespace parley {

inline constexpr std::string_view kTimesHeadline =
    "The Times 03/Jan/2009 Chancellor on brink of second bailout for banks";
/// Of every chain but the main one.
inline constexpr Base58Versions kTestBase58Versions{
    111, 196, 239, {0x04, 0x35, 0x87, 0xcf}, {0x04, 0x35, 0x83, 0x94}};

/// REQUIRES: hex digits; of a hash 64, as block explorers print them.
Bytes bytes_of_hex(std::string_view text);
BlockHash hash_of_hex(std::string_view text);

/// What the genesis block of the main chain pays.
TxOutput satoshi_output();
BlockRef make_genesis(std::string_view headline, std::vector<TxOutput> outputs, uint32_t time,
                      uint32_t bits, uint32_t nonce);
/// The block, its hash and the first target.
void set_genesis(ChainParams& params, BlockRef genesis);

/// The deployment that changes nothing, for tests of signalling.
Deployment test_dummy(int64_t start_time);

}  // namespace parley
