"""The peer protocol with an independent client that is correct or hostile."""

import os
import random
import resource
import struct

import pytest
from bitcoin.core import CBlock, COutPoint, CTransaction, CTxIn, CTxOut
from bitcoin.messages import msg_getdata
from bitcoin.net import CInv

from foreign_peer import (ANYONE, INV_BLOCK, INV_TX, ForeignPeer, coinbase, frame, headers_payload, mine, raw_block,
                          spend_anyone)
from framework import wait_until


@pytest.fixture
def node(network):
    return network.add()


@pytest.fixture
def peer(node):
    with ForeignPeer(node.p2p_port).handshake() as made:
        yield made


def resident_bytes(node):
    pages = int(open(f"/proc/{node.process.pid}/statm", encoding="ascii").read().split()[1])
    return pages * resource.getpagesize()


# ---- well behaved


def test_handshake_shows_who_is_there(node, peer):
    assert peer.version.nVersion >= 70016 and peer.version.nServices & 9 == 9
    assert peer.version.strSubVer.startswith(b"/Satoshi:31.0.0/Parley:")
    [info] = node.rpc.getpeerinfo()
    assert info["inbound"] and "python-bitcoinlib" in info["subver"]


def test_foreign_client_syncs_from_parley(node, peer):
    node.generate(250)
    assert peer.sync_from_node() == node.tip()
    assert peer.height == 250


def test_parley_syncs_from_foreign_client_by_headers(node, peer):
    peer.mine(120)
    peer.announce_tip()
    wait_until(lambda: node.tip() == peer.tip_hash, "the node to take the foreign chain")
    assert node.rpc.getblockcount() == 120


def test_parley_syncs_from_foreign_client_by_inv(node, peer):
    peer.mine(30)
    peer.announce_tip(by="inv")
    wait_until(lambda: node.tip() == peer.tip_hash, "the node to take the foreign chain")


def test_parley_dials_a_chain_that_is_ahead(network):
    """The node connects out, learns of the greater height from the handshake, and fetches."""
    node, other = network.add(), network.add()
    with ForeignPeer(other.p2p_port).handshake() as peer:
        peer.mine(10)
        peer.announce_tip()
        wait_until(lambda: other.tip() == peer.tip_hash, "the first node")
    network.connect(node, other)
    network.sync_blocks()


def test_unsolicited_block_is_taken_and_passed_on(network):
    a, b = network.add(), network.add()
    network.connect(a, b)
    with ForeignPeer(a.p2p_port).handshake() as peer:
        [block] = peer.mine(1)
        peer.send_block(block)
        wait_until(lambda: b.tip() == peer.tip_hash, "the second node to have the block")


def test_new_block_is_announced_to_the_foreign_client(node, peer):
    [block] = node.generate(1)
    announced = bytes.fromhex(block)[::-1]
    wait_until(lambda: any(announced in payload for _, payload in list(peer.received))
               or any(CBlock.deserialize(payload).GetHash() == announced for payload in peer.payloads(b"block")),
               "the announcement by block, headers or inv")


def test_orphan_block_waits_for_its_ancestors(node, peer):
    blocks = peer.mine(3)
    peer.send_block(blocks[2])
    wait_until(lambda: node.tip() == peer.tip_hash, "the node to fetch what is missing")
    assert {block.GetHash() for block in blocks[:2]} <= peer.served


def test_transactions_travel_both_ways(network):
    a, b = network.add("-acceptnonstdtxn"), network.add("-acceptnonstdtxn")
    network.connect(a, b)
    with ForeignPeer(a.p2p_port).handshake() as peer:
        peer.mine(101)
        peer.announce_tip()
        wait_until(lambda: b.tip() == peer.tip_hash, "both nodes to have the foreign chain")
        first = peer.chain[1].vtx[0]
        spend = spend_anyone((first.GetTxid(), 0), first.vout[0].nValue)
        spend_id = spend.GetTxid()[::-1].hex()
        peer.offer_tx(spend)
        wait_until(lambda: b.rpc.getrawmempool() == [spend_id], "the transaction to reach the second node")
        child = spend_anyone((spend.GetTxid(), 0), spend.vout[0].nValue)
        b.rpc.sendrawtransaction(child.serialize().hex())
        child_id = child.GetTxid()
        wait_until(lambda: any(child_id in payload for payload in peer.payloads(b"inv")), "the child's announcement")
        peer.mine(1, transactions=[spend, child])
        peer.announce_tip()
        wait_until(lambda: b.tip() == peer.tip_hash, "both transactions in a foreign block")
        assert a.rpc.getrawmempool() == b.rpc.getrawmempool() == []


def test_getdata_for_what_nobody_has_is_notfound(peer):
    request, item = msg_getdata(), CInv()
    item.type, item.hash = INV_TX, b"\x55" * 32
    request.inv.append(item)
    peer.send_message(request)
    assert b"\x55" * 32 in peer.wait_for(b"notfound")


def test_unknown_command_is_ignored(peer):
    peer.send(b"frobnicate", b"anything")
    peer.ping()


# ---- hostile: the peer is disconnected, and the state of the node is unchanged


def assert_unharmed(node, height=0):
    assert node.rpc.getblockcount() == height
    with ForeignPeer(node.p2p_port).handshake() as another:
        another.ping()


@pytest.mark.parametrize("hostile", [
    pytest.param(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n" + b" " * 64, id="http"),
    pytest.param(bytes(200), id="zeros"),
    pytest.param(frame(b"version", b"", magic=bytes.fromhex("f9beb4d9")), id="magic of another chain"),
])
def test_garbage_before_the_handshake_ends_the_connection(node, hostile):
    with ForeignPeer(node.p2p_port) as peer:
        peer.send_bytes(hostile)
        peer.wait_for_disconnect()
    assert_unharmed(node)


def test_oversize_length_ends_the_connection_before_it_is_read(node, peer):
    peer.send_bytes(frame(b"block", b"")[:16] + struct.pack("<I", 0xFFFFFFFF) + bytes(4))
    peer.wait_for_disconnect()
    assert_unharmed(node)


def test_wrong_checksum_the_message_is_ignored(peer):
    """As in bitcoind, such a message counts as a transmission error, not as misbehaviour."""
    peer.send(b"ping", b"\7" * 8, checksum=b"\1\2\3\4")
    peer.ping()
    assert b"\7" * 8 not in peer.payloads(b"pong")


@pytest.mark.parametrize("command, payload", [
    pytest.param(b"inv", b"\xfd\x51\xc3" + bytes(36) * 50001, id="inv of 50,001"),
    pytest.param(b"headers", b"\xfd\xd1\x07" + bytes(81) * 2001, id="headers of 2,001"),
    pytest.param(b"addr", b"\xfd\xe9\x03" + bytes(30) * 1001, id="addr of 1,001"),
])
def test_list_beyond_the_limit_ends_the_connection(node, peer, command, payload):
    peer.send(command, payload)
    peer.wait_for_disconnect()
    assert_unharmed(node)


@pytest.mark.parametrize("command, payload", [
    pytest.param(b"version", b"x" * 10, id="version"),
    pytest.param(b"inv", b"\x05" + bytes(20), id="inv"),
    pytest.param(b"getdata", b"\x05" + bytes(20), id="getdata"),
    pytest.param(b"tx", b"\x01\x00", id="tx"),
    pytest.param(b"block", bytes(79), id="block"),
    pytest.param(b"headers", b"\x02" + bytes(81), id="headers"),
    pytest.param(b"ping", b"\x01", id="ping"),
])
def test_truncated_message_has_no_effect(node, peer, command, payload):
    """The node may drop the peer or only the message; nothing else changes."""
    peer.send(command, payload)
    assert_unharmed(node)


def invalid_block(chain, reason):
    """A block on top of the chain that breaks one rule, as bytes."""
    height = len(chain)
    from_nowhere = CTransaction([CTxIn(COutPoint(b"\7" * 32, 0))], [CTxOut(1, ANYONE)])
    return {
        "bad-cb-amount": lambda: raw_block(chain[-1], [coinbase(height, value=51 * 100_000_000)]),
        "bad-cb-height": lambda: raw_block(chain[-1], [coinbase(height + 1)]),
        "bad-cb-missing": lambda: raw_block(chain[-1], [from_nowhere]),
        "bad-txns-inputs-missingorspent": lambda: raw_block(chain[-1], [coinbase(height), from_nowhere]),
        "bad-txnmrklroot": lambda: raw_block(chain[-1], [coinbase(height)], root=b"\1" * 32),
    }[reason]()


@pytest.mark.parametrize("reason", ["bad-cb-amount", "bad-cb-height", "bad-cb-missing",
                                    "bad-txns-inputs-missingorspent", "bad-txnmrklroot"])
def test_invalid_block_is_refused_and_its_sender_dropped(node, peer, reason):
    peer.mine(2)
    peer.announce_tip()
    wait_until(lambda: node.rpc.getblockcount() == 2, "the good blocks")
    peer.send(b"block", invalid_block(peer.chain, reason))
    peer.wait_for_disconnect()
    assert reason in node.debug_log()
    assert_unharmed(node, 2)


def test_header_without_proof_of_work_drops_its_sender(node, peer):
    good = mine(peer.genesis, 1)
    nonce = good.nNonce
    while True:
        nonce += 1
        bad = CBlock(good.nVersion, good.hashPrevBlock, good.hashMerkleRoot, good.nTime, good.nBits, nonce, good.vtx)
        if bad.GetHash()[31] >= 0x80:
            break
    peer.send(b"headers", headers_payload([bad]))
    peer.wait_for_disconnect()
    assert_unharmed(node)


def test_headers_that_do_not_link_are_not_stored(node, peer):
    blocks = peer.mine(3)
    peer.send(b"headers", headers_payload([blocks[0], blocks[2]]))
    peer.wait_for_disconnect()
    assert_unharmed(node)


def test_random_bytes_in_every_message_leave_the_node_unharmed(node):
    seed = int(os.environ.get("PARLEY_SEED", random.SystemRandom().randrange(2**32)))
    print(f"replay with PARLEY_SEED={seed}")
    chooser = random.Random(seed)
    commands = [b"version", b"verack", b"ping", b"pong", b"addr", b"addrv2", b"inv", b"getdata", b"notfound", b"tx",
                b"block", b"headers", b"getheaders", b"getblocks", b"sendheaders", b"feefilter", b"wtxidrelay",
                b"sendcmpct", b"mempool", b"getaddr", b"seal", b"engine", b"reject"]
    for command in commands:
        for size in (0, 1, 36, 80, 300, 5000):
            with ForeignPeer(node.p2p_port) as peer:
                if chooser.random() < 0.9:
                    peer.handshake()
                try:
                    peer.send(command, chooser.randbytes(size))
                except OSError:
                    pass
    assert_unharmed(node)


def test_endless_unrequested_data_keeps_memory_bounded(node):
    node.generate(1)
    with ForeignPeer(node.p2p_port).handshake() as peer:
        peer.ping()
        before = resident_bytes(node)
        chooser = random.Random(1)
        for _ in range(300):
            try:
                # Blocks with unknown parents: the node may keep each one, but must not keep all.
                unknown = CBlock(4, chooser.randbytes(32), bytes(32), 1_800_000_000, 0x207FFFFF, 0)
                peer.send(b"block", raw_block(unknown, [coinbase(9, extra=chooser.randbytes(90))]))
                peer.send(b"unknown", chooser.randbytes(1_000_000))
            except OSError:
                break
        grown = resident_bytes(node) - before
    assert grown < 100_000_000, f"300 MB of unrequested data made the node grow by {grown} bytes"
    assert_unharmed(node, 1)


def test_slow_message_does_not_stop_the_others(node, peer):
    with ForeignPeer(node.p2p_port).handshake() as slow:
        slow.send_bytes(frame(b"block", bytes(100_000))[:50_000])
        peer.ping()
        node.generate(1)
        peer.ping()


def test_many_connections_beyond_the_limit_leave_room_for_rpc(network):
    node = network.add("-maxconnections=8")
    peers = []
    try:
        for _ in range(30):
            try:
                peers.append(ForeignPeer(node.p2p_port))
            except OSError:
                break
        wait_until(lambda: sum(not peer.closed.is_set() for peer in peers) <= 8, "the node to keep to its limit")
        assert node.rpc.getblockcount() == 0
    finally:
        for peer in peers:
            peer.close()


def test_inv_flood_of_unknown_blocks_is_bounded(node, peer):
    chooser = random.Random(2)
    for _ in range(50):
        items = b"".join(struct.pack("<I", INV_BLOCK) + chooser.randbytes(32) for _ in range(1000))
        try:
            peer.send(b"inv", b"\xfd\xe8\x03" + items)
        except OSError:
            break
    assert_unharmed(node)
