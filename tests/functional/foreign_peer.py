"""A Bitcoin client that is not Parley: it speaks the wire with python-bitcoinlib's formats and has a chain of its own.

`ForeignPeer` dials a node, shakes hands, and answers pings, getheaders and getdata from its chain in a thread of its
own; the test drives it: sync from the node, mine, announce, send transactions, or send any bytes. It checks the proof
of work, the Merkle root and the link of every block that it takes.
"""

import hashlib
import socket
import struct
import threading
import time
from io import BytesIO

import bitcoin
from bitcoin import SelectParams
from bitcoin.core import (CBlock, CBlockHeader, CheckBlock, COutPoint, CTransaction, CTxIn, CTxOut)
from bitcoin.core.script import OP_RETURN, OP_TRUE, CScript
from bitcoin.messages import (MsgSerializable, msg_block, msg_getdata, msg_getheaders, msg_inv, msg_notfound, msg_ping,
                              msg_pong, msg_tx, msg_verack, msg_version)
from bitcoin.net import CInv

from framework import WAIT_SECONDS, wait_until

SelectParams("regtest")

MAGIC = bytes.fromhex("fabfb5da")
PROTOCOL_VERSION = 70015
EASY_BITS = 0x207FFFFF
SUBSIDY_HALVING_INTERVAL = 150
INV_TX, INV_BLOCK, INV_WITNESS = 1, 2, 1 << 30
ANYONE = CScript([OP_TRUE])


def frame(command, payload, magic=MAGIC, checksum=None):
    """One message as it goes over the wire; a wrong magic or checksum on request."""
    if checksum is None:
        checksum = hashlib.sha256(hashlib.sha256(payload).digest()).digest()[:4]
    return magic + command.ljust(12, b"\0") + struct.pack("<I", len(payload)) + checksum + payload


def coinbase(height, script_pubkey=ANYONE, extra=b"foreign", value=None):
    """Pays the subsidy; `extra` makes two coinbases of one height different."""
    subsidy = 50 * 100_000_000 >> (height // SUBSIDY_HALVING_INTERVAL)
    script_sig = CScript([height, extra])
    return CTransaction([CTxIn(COutPoint(), script_sig)],
                        [CTxOut(subsidy if value is None else value, script_pubkey)])


def mine(previous, height, transactions=(), **coinbase_options):
    """A valid regtest block on top of `previous` (a header or a block)."""
    vtx = [coinbase(height, **coinbase_options), *transactions]
    root = CBlock.build_merkle_tree_from_txs(vtx)[-1]
    block_time = max(previous.nTime + 1, int(time.time()))
    nonce = 0
    while True:
        block = CBlock(0x20000000, previous.GetHash(), root, block_time, EASY_BITS, nonce, vtx)
        if int.from_bytes(block.GetHash(), "little") <= bitcoin.core.uint256_from_compact(EASY_BITS):
            return block
        nonce += 1


def spend_anyone(outpoint, value, script_pubkey=ANYONE, fee=10_000):
    """Moves a coin that anyone can spend, without a script. The note makes it long enough to be relayed (65 bytes)."""
    note = CTxOut(0, CScript([OP_RETURN, b"parley test"]))
    return CTransaction([CTxIn(COutPoint(*outpoint))], [CTxOut(value - fee, script_pubkey), note])


def raw_block(previous, transactions, root=None):
    """The bytes of a block on top of `previous` with proof of work and, if wanted, a Merkle root of another block."""
    root = CBlock.build_merkle_tree_from_txs(transactions)[-1] if root is None else root
    start = struct.pack("<i", 0x20000000) + previous.GetHash() + root
    start += struct.pack("<II", max(previous.nTime + 1, int(time.time())), EASY_BITS)
    nonce = 0
    while True:
        header = start + struct.pack("<I", nonce)
        if hashlib.sha256(hashlib.sha256(header).digest()).digest()[31] < 0x7F:
            return header + bytes([len(transactions)]) + b"".join(tx.serialize() for tx in transactions)
        nonce += 1


class ForeignPeer:
    def __init__(self, port):
        self.genesis = CBlock(*(getattr(bitcoin.params.GENESIS_BLOCK, name) for name in
                                ("nVersion", "hashPrevBlock", "hashMerkleRoot", "nTime", "nBits", "nNonce", "vtx")))
        self.chain = [self.genesis]  # by height
        self.by_hash = {self.genesis.GetHash(): self.genesis}
        self.transactions = {}  # offered by this peer, by txid
        self.received = []  # (command, payload), in order
        self.served = set()  # hashes of blocks that the node has fetched from here
        self.find_raw_block = lambda block_hash: None  # further blocks, as bytes, that it serves
        self.version = None
        self.closed = threading.Event()
        self.lock = threading.Lock()
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=WAIT_SECONDS)
        self.thread = threading.Thread(target=self.read_loop, daemon=True)
        self.thread.start()

    # ---- the connection

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        try:
            self.socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.thread.join(WAIT_SECONDS)
        self.socket.close()

    def send_bytes(self, data):
        with self.lock:
            self.socket.sendall(data)

    def send(self, command, payload=b"", **wrong):
        self.send_bytes(frame(command, payload, **wrong))

    def send_message(self, message):
        """A message object of python-bitcoinlib."""
        self.send(message.command, payload_of(message))

    def handshake(self):
        hello = msg_version(PROTOCOL_VERSION)
        hello.nServices = 1 | 8  # full blocks, with witnesses
        hello.nStartingHeight = len(self.chain) - 1
        hello.addrTo.ip = hello.addrFrom.ip = "127.0.0.1"
        self.send_message(hello)
        self.wait_for(b"verack")
        return self

    def read_exactly(self, size):
        data = b""
        while len(data) < size:
            more = self.socket.recv(size - len(data))
            if not more:
                raise ConnectionError("closed by the node")
            data += more
        return data

    def read_loop(self):
        try:
            while True:
                header = self.read_exactly(24)
                assert header[:4] == MAGIC, f"the node sent a foreign magic {header[:4].hex()}"
                command = header[4:16].rstrip(b"\0")
                payload = self.read_exactly(struct.unpack("<I", header[16:20])[0])
                digest = hashlib.sha256(hashlib.sha256(payload).digest()).digest()
                assert header[20:24] == digest[:4], f"the node sent a wrong checksum in {command}"
                self.answer(command, payload)
                self.received.append((command, payload))
        except OSError:
            pass
        finally:
            self.closed.set()

    def answer(self, command, payload):
        if command == b"version":
            self.version = parse(msg_version, payload)
            self.send_message(msg_verack())
        elif command == b"ping":
            pong = msg_pong(PROTOCOL_VERSION)
            pong.nonce = struct.unpack("<Q", payload)[0]
            self.send_message(pong)
        elif command == b"getheaders":
            self.send_headers(parse(msg_getheaders, payload).locator.vHave)
        elif command == b"getdata":
            self.serve(parse(msg_getdata, payload).inv)

    def serve(self, items):
        missing = msg_notfound()
        for item in items:
            kind = item.type & ~INV_WITNESS
            if kind == INV_BLOCK and item.hash in self.by_hash:
                self.served.add(item.hash)
                message = msg_block()
                message.block = self.by_hash[item.hash]
                self.send_message(message)
            elif kind == INV_BLOCK and (raw := self.find_raw_block(item.hash)) is not None:
                self.send(b"block", raw)
            elif kind == INV_TX and item.hash in self.transactions:
                self.send_tx(self.transactions[item.hash])
            else:
                missing.inv.append(item)
        if missing.inv:
            self.send_message(missing)

    # ---- waiting

    def payloads(self, command):
        return [payload for name, payload in list(self.received) if name == command]

    def wait_for(self, command, count=1):
        wait_until(lambda: len(self.payloads(command)) >= count or self.closed.is_set(), f"{count} of {command}")
        found = self.payloads(command)
        assert len(found) >= count, f"the node closed the connection before it sent {command}"
        return found[-1]

    def ping(self):
        """Returns when the node has handled everything that was sent before."""
        ping = msg_ping(PROTOCOL_VERSION)
        ping.nonce = int.from_bytes(hashlib.sha256(str(time.monotonic_ns()).encode()).digest()[:8], "little")
        self.send_message(ping)
        expected = struct.pack("<Q", ping.nonce)
        wait_until(lambda: expected in self.payloads(b"pong") or self.closed.is_set(), "the pong")
        assert not self.closed.is_set(), "the node closed the connection"

    def wait_for_disconnect(self):
        assert self.closed.wait(WAIT_SECONDS), "the node still talks to a peer that it should have dropped"

    # ---- the chain

    @property
    def height(self):
        return len(self.chain) - 1

    @property
    def tip_hash(self):
        """As RPC prints it."""
        return self.chain[-1].GetHash()[::-1].hex()

    def adopt(self, block, position):
        """Sets the block at that height after a check; removes the previous block there and all above it."""
        CheckBlock(block, fCheckPoW=False, cur_time=int(time.time()))
        limit = bitcoin.core.uint256_from_compact(block.nBits)
        assert int.from_bytes(block.GetHash(), "little") <= limit, "a block without proof of work"
        assert block.hashPrevBlock == self.chain[position - 1].GetHash(), "a block that does not link"
        del self.chain[position:]
        self.chain.append(block)
        self.by_hash[block.GetHash()] = block

    def mine(self, count=1, from_height=None, **options):
        """Mines on top of its chain, or on the block at from_height, and announces nothing."""
        if from_height is not None:
            del self.chain[from_height + 1:]
        for _ in range(count):
            self.adopt(mine(self.chain[-1], self.height + 1, **options), self.height + 1)
            options.pop("transactions", None)
        return self.chain[-count:]

    def sync_from_node(self):
        """Headers first, then blocks with witnesses, until the node has no more headers than this peer."""
        while True:
            headers = self.request_headers()
            if not headers:
                return self.tip_hash
            for header in headers:
                position = self.position_of(header.hashPrevBlock) + 1
                if position < len(self.chain) and self.chain[position].GetHash() == header.GetHash():
                    continue
                self.adopt(self.request_block(header.GetHash()), position)

    def position_of(self, block_hash):
        for position in range(len(self.chain) - 1, -1, -1):
            if self.chain[position].GetHash() == block_hash:
                return position
        raise AssertionError("the node sent a header whose parent it has not shown")

    def request_headers(self):
        before = len(self.payloads(b"headers"))
        request = msg_getheaders(PROTOCOL_VERSION)
        request.locator.nVersion = PROTOCOL_VERSION
        request.locator.vHave = [block.GetHash() for block in reversed(self.chain)][:10] + [self.genesis.GetHash()]
        self.send_message(request)
        return parse_headers(self.wait_for(b"headers", before + 1))

    def request_block(self, block_hash):
        before = len(self.payloads(b"block"))
        self.send_getdata(block_hash)
        block = CBlock.deserialize(self.wait_for(b"block", before + 1))
        assert block.GetHash() == block_hash, "another block than the one that was asked for"
        return block

    def send_getdata(self, block_hash):
        request = msg_getdata(PROTOCOL_VERSION)
        item = CInv()
        item.type, item.hash = INV_BLOCK | INV_WITNESS, block_hash
        request.inv.append(item)
        self.send_message(request)

    def send_headers(self, locator):
        """Answers a getheaders message from this peer's chain."""
        known = {block.GetHash(): position for position, block in enumerate(self.chain)}
        start = next((known[block_hash] for block_hash in locator if block_hash in known), 0)
        self.send(b"headers", headers_payload(self.chain[start + 1:start + 2001]))

    def announce_tip(self, by="headers"):
        if by == "headers":
            self.send(b"headers", headers_payload(self.chain[-1:]))
        else:
            self.send_inv(INV_BLOCK, self.chain[-1].GetHash())

    def send_inv(self, kind, item_hash):
        message = msg_inv(PROTOCOL_VERSION)
        item = CInv()
        item.type, item.hash = kind, item_hash
        message.inv.append(item)
        self.send_message(message)

    def send_block(self, block):
        message = msg_block()
        message.block = block
        self.send_message(message)

    def send_tx(self, transaction):
        message = msg_tx()
        message.tx = transaction
        self.send_message(message)

    def offer_tx(self, transaction):
        """Announces it; the node fetches it with getdata."""
        self.transactions[transaction.GetTxid()] = transaction
        self.send_inv(INV_TX, transaction.GetTxid())


def payload_of(message: MsgSerializable):
    return message.to_bytes()[24:]


def parse(message_class, payload):
    return message_class.msg_deser(BytesIO(payload))


def headers_payload(blocks):
    """Each header is followed by a transaction count of zero, which python-bitcoinlib's own class leaves out."""
    count = len(blocks)
    prefix = bytes([count]) if count < 253 else b"\xfd" + struct.pack("<H", count)
    return prefix + b"".join(CBlockHeader.serialize(block)[:80] + b"\0" for block in blocks)


def parse_headers(payload):
    count, start = payload[0], 1
    if count == 253:
        count, start = struct.unpack("<H", payload[1:3])[0], 3
    assert len(payload) == start + 81 * count, "a headers message of the wrong length"
    return [CBlockHeader.deserialize(payload[start + 81 * i:start + 81 * i + 80]) for i in range(count)]
