// The compact form of coins in the coins store and in undo data, the same as bitcoind's: base-128
// numbers, amounts without trailing decimal zeros, and compressed standard scripts. On malformed
// input the Reader fails. Thread-safe.
#pragma once

#include "base/serialize.h"
#include "base/storage/storage.h"
#include "chain/primitives/coins.h"

namespace parley {

/// Base-128, most significant group first, with a unique encoding (bitcoind's VARINT).
void write_varint(Writer& writer, uint64_t value);
uint64_t read_varint(Reader& reader);

/// A bijection on amounts that maps round numbers to small ones.
uint64_t compress_amount(uint64_t satoshi);
uint64_t decompress_amount(uint64_t compressed);

/// P2PKH, P2SH, and P2PK with a compressed key, take 21 or 33 bytes; other scripts their size and
/// their bytes.
void write_compressed_script(Writer& writer, const Script& script);
Script read_compressed_script(Reader& reader);

/// The value of a coin in the coins store: height and coinbase flag, amount, script.
void write_coin(Writer& writer, const Coin& coin);
Coin read_coin(Reader& reader);

/// A coin as it is hashed in a UTXO set: bitcoind's serialization for "muhash" and
/// "hash_serialized_3".
Bytes serialize_hashed_coin(const OutPoint& outpoint, const Coin& coin);
/// The error for a record of the coins store that is none.
StorageError malformed_coin();

/// A coin in undo data: as above, plus an unused version byte that bitcoind's format has.
void write_undo_coin(Writer& writer, const Coin& coin);
Coin read_undo_coin(Reader& reader);

/// A block's undo data as stored in the rev files, in bitcoind's format.
Bytes serialize_undo(const BlockUndo& undo);
/// Empty: malformed.
std::optional<BlockUndo> parse_undo(ByteSpan bytes);

}  // namespace parley
