// The compact form of coins in the coins store and in undo data, which is bitcoind's: base-128
// numbers, amounts without trailing decimal zeros, and the common scripts shortened. Readers fail
// like Reader does. Thread-safe.
#pragma once

#include "base/serialize.h"
#include "chain/primitives/coins.h"

namespace parley {

/// Base-128, most significant group first, without a redundant form (bitcoind's VARINT).
void write_varint(Writer& writer, uint64_t value);
uint64_t read_varint(Reader& reader);

/// A bijection on the amounts that makes round numbers small.
uint64_t compress_amount(uint64_t satoshi);
uint64_t decompress_amount(uint64_t compressed);

/// P2PKH, P2SH and P2PK with a compressed key take 21 to 33 bytes; others their size and bytes.
void write_compressed_script(Writer& writer, const Script& script);
Script read_compressed_script(Reader& reader);

/// The value of a coin in the coins store: height and coinbase flag, amount, script.
void write_coin(Writer& writer, const Coin& coin);
Coin read_coin(Reader& reader);

/// A coin in undo data: as above, with bitcoind's unused version byte.
void write_undo_coin(Writer& writer, const Coin& coin);
Coin read_undo_coin(Reader& reader);

/// What the rev files hold of a block, in bitcoind's format.
Bytes serialize_undo(const BlockUndo& undo);
/// Empty: malformed.
std::optional<BlockUndo> parse_undo(ByteSpan bytes);

}  // namespace parley
