"""What light clients ask of a node over the wire: compact filters of blocks (BIP157), bloom filters (BIP37)."""

import hashlib
import struct

import pytest
from bitcoin.bloom import CBloomFilter
from bitcoin.core import CTransaction

from foreign_peer import ForeignPeer
from framework import KNOWN_ADDRESS, OTHER_ADDRESS, coinbase_outpoint, pay_from_known_key, wait_until

BLOOM = 1 << 2
FILTERED_BLOCK = 3
COMPACT_FILTERS = 1 << 6
HEADER_SIZE = 1 + 32 + 32  # of a cfheaders: type, stop hash, previous filter header


def double_sha256(data):
    return hashlib.sha256(hashlib.sha256(data).digest()).digest()


def wire(block_hash):
    """A hash as it goes over the wire, from its text."""
    return bytes.fromhex(block_hash)[::-1]


def hashes_of(payload, offset):
    count = payload[offset]
    offset += 1
    if count == 0xFD:
        count, = struct.unpack_from("<H", payload, offset)
        offset += 2
    hashes = [payload[at:at + 32] for at in range(offset, len(payload), 32)]
    assert len(hashes) == count
    return hashes


def request(start, stop, kind=0):
    return bytes([kind]) + struct.pack("<I", start) + wire(stop)


@pytest.fixture
def filter_node(network):
    node = network.add("-blockfilterindex", "-peerblockfilters", "-debug=net")
    node.generate(30)
    wait_until(lambda: node.rpc.getindexinfo()["basic block filter index"]["synced"], "the index")
    return node


def test_filters_and_their_headers_are_served(filter_node):
    node = filter_node
    assert "COMPACT_FILTERS" in node.rpc.getnetworkinfo()["localservicesnames"]
    with ForeignPeer(node.p2p_port).handshake() as peer:
        assert peer.version.nServices & COMPACT_FILTERS
        hashes = [node.rpc.getblockhash(height) for height in range(31)]
        peer.send(b"getcfilters", request(0, hashes[30]))
        peer.wait_for(b"cfilter", 31)
        for block, payload in zip(hashes, peer.payloads(b"cfilter")):
            wanted = bytes.fromhex(node.rpc.getblockfilter(block)["filter"])
            assert payload == b"\0" + wire(block) + bytes([len(wanted)]) + wanted
        peer.send(b"getcfheaders", request(11, hashes[30]))
        reply = peer.wait_for(b"cfheaders")
        assert reply[:33] == b"\0" + wire(hashes[30])
        header = reply[33:HEADER_SIZE]
        assert header == wire(node.rpc.getblockfilter(hashes[10])["header"])
        for filter_hash in hashes_of(reply, HEADER_SIZE):
            header = double_sha256(filter_hash + header)
        assert header == wire(node.rpc.getblockfilter(hashes[30])["header"])


def test_checkpoints_of_a_long_chain_and_a_stale_block(filter_node):
    node = filter_node
    with ForeignPeer(node.p2p_port).handshake() as peer:
        peer.sync_from_node()
        stale = node.generate(1)[0]
        peer.mine(2)
        peer.announce_tip()
        wait_until(lambda: node.tip() == peer.tip_hash, "the node to leave its block")
        peer.send(b"getcfilters", request(30, stale))
        peer.wait_for(b"cfilter", 2)
        assert peer.payloads(b"cfilter")[1][1:33] == wire(stale)
        peer.send(b"getcfcheckpt", b"\0" + wire(node.tip()))
        assert hashes_of(peer.wait_for(b"cfcheckpt"), 33) == []
        node.generate(1_000)
        peer.send(b"getcfcheckpt", b"\0" + wire(node.tip()))
        peer.wait_for(b"cfcheckpt", 2)
        wanted = node.rpc.getblockfilter(node.rpc.getblockhash(1_000))["header"]
        assert hashes_of(peer.payloads(b"cfcheckpt")[1], 33) == [wire(wanted)]
        peer.send(b"getcfilters", request(1, node.rpc.getblockhash(1_000)))
        peer.wait_for(b"cfilter", 1_002)


@pytest.mark.parametrize("command, payload, reason", [
    (b"getcfcheckpt", lambda node: b"\1" + wire(node.tip()), "unsupported block filter type: 1"),
    (b"getcfcheckpt", lambda node: b"\0" + bytes(32), "invalid block hash: " + 64 * "0"),
    (b"getcfilters", lambda node: request(31, node.tip()), "start height 31 and stop height 30"),
])
def test_wrong_request_ends_the_connection(filter_node, command, payload, reason):
    with ForeignPeer(filter_node.p2p_port).handshake() as peer:
        peer.send(command, payload(filter_node))
        peer.wait_for_disconnect()
    assert reason in filter_node.debug_log()


def test_node_without_the_option_or_the_index(network):
    node = network.add("-blockfilterindex", "-debug=net")
    with ForeignPeer(node.p2p_port).handshake() as peer:
        assert peer.version.nServices & COMPACT_FILTERS == 0
        peer.send(b"getcfilters", request(0, node.tip()))
        peer.wait_for_disconnect()
    node.stop()
    assert "Cannot set -peerblockfilters without -blockfilterindex." in node.expect_start_failure(
        ["-peerblockfilters", "-blockfilterindex=0"])


# ---- bloom filters


def bloom(*elements, flags=CBloomFilter.UPDATE_ALL):
    """python-bitcoinlib's filter with these elements, serialized for filterload."""
    made = CBloomFilter(10, 0.000001, 0, flags)
    for element in elements:
        made.insert(element)
    return made.serialize()


def script_data(node, address):
    """What the script of the address pushes: a hash."""
    return bytes.fromhex(node.rpc.validateaddress(address)["scriptPubKey"])[2:]


def inventory(peer):
    """The transactions that were announced, as the node names them."""
    entries = []
    for payload in peer.payloads(b"inv"):
        count = payload[0]
        for at in range(1, 1 + 36 * count, 36):
            kind, = struct.unpack_from("<I", payload, at)
            if kind in (1, 5):
                entries.append(payload[at + 4:at + 36][::-1].hex())
    return entries


def pay(node, height, address):
    outpoint, value = coinbase_outpoint(node, height)
    return node.rpc.sendrawtransaction(pay_from_known_key(node, outpoint, value, {address: value / 2}))


@pytest.fixture
def bloom_node(network):
    node = network.add("-peerbloomfilters", "-whitelist=noban@127.0.0.1", "-debug=net")
    node.generate(110)
    return node


def test_filtered_block_proves_the_transactions_that_match(bloom_node):
    node = bloom_node
    assert "BLOOM" in node.rpc.getnetworkinfo()["localservicesnames"]
    wanted = pay(node, 1, OTHER_ADDRESS)
    block = node.generate(1)[0]
    with ForeignPeer(node.p2p_port).handshake() as peer:
        assert peer.version.nServices & BLOOM
        peer.send(b"filterload", bloom(script_data(node, OTHER_ADDRESS)))
        peer.send(b"getdata", b"\1" + struct.pack("<I", FILTERED_BLOCK) + wire(block))
        proof = peer.wait_for(b"merkleblock")
        assert node.rpc.verifytxoutproof(proof.hex()) == [wanted]
        transaction = CTransaction.deserialize(peer.wait_for(b"tx"))
        assert transaction.GetTxid()[::-1].hex() == wanted
        peer.send(b"filterclear")
        peer.send(b"getdata", b"\1" + struct.pack("<I", FILTERED_BLOCK) + wire(block))
        peer.ping()
        assert len(peer.payloads(b"merkleblock")) == 1


def test_announcements_and_the_mempool_are_filtered(bloom_node):
    node = bloom_node
    before = pay(node, 1, OTHER_ADDRESS)
    pay(node, 2, KNOWN_ADDRESS)
    with ForeignPeer(node.p2p_port).handshake() as peer:
        [info] = node.rpc.getpeerinfo()
        assert info["relaytxes"] and info["last_inv_sequence"] == 1 and info["inv_to_send"] == 0
        peer.send(b"filterload", bloom(script_data(node, OTHER_ADDRESS)))
        peer.send(b"mempool")
        peer.ping()
        assert inventory(peer) == [before]
        unwanted = pay(node, 3, KNOWN_ADDRESS)
        after = pay(node, 4, OTHER_ADDRESS)
        wait_until(lambda: after in inventory(peer), "the announcement")
        assert inventory(peer) == [before, after]
        [info] = node.rpc.getpeerinfo()
        assert info["last_inv_sequence"] == node.rpc.getrawmempool(False, True)["mempool_sequence"]
        peer.send(b"filterclear")
        peer.ping()
        last = pay(node, 5, KNOWN_ADDRESS)
        wait_until(lambda: last in inventory(peer), "the announcement of everything")
        assert unwanted not in inventory(peer)


def test_too_large_filters_are_misbehaviour(network, bloom_node):
    strict = network.add("-peerbloomfilters")
    for command, payload in ((b"filterload", b"\xfd\xa1\x8c" + bytes(36_001) + struct.pack("<IIB", 1, 0, 0)),
                             (b"filterload", b"\1\0" + struct.pack("<IIB", 51, 0, 0)),
                             (b"filteradd", b"\1\0")):
        with ForeignPeer(strict.p2p_port).handshake() as peer:
            peer.send(command, payload)
            peer.wait_for_disconnect()
    with ForeignPeer(bloom_node.p2p_port).handshake() as peer:  # it has the permission noban
        peer.send(b"filteradd", b"\1\0")
        peer.send(b"filterload", b"\0" + struct.pack("<IIB", 1, 0, 0))  # CVE-2013-5700
        peer.send(b"filteradd", b"\1\0")
        peer.ping()


def test_bloom_filters_need_the_option_or_the_permission(network):
    node = network.add()
    for command, payload in ((b"filterload", bloom(b"x")), (b"filteradd", b"\1\0"), (b"filterclear", b""),
                             (b"mempool", b"")):
        with ForeignPeer(node.p2p_port).handshake() as peer:
            assert peer.version.nServices & BLOOM == 0
            peer.send(command, payload)
            peer.wait_for_disconnect()
    permitting = network.add("-whitelist=bloomfilter@127.0.0.1")
    assert "BLOOM" not in permitting.rpc.getnetworkinfo()["localservicesnames"]
    with ForeignPeer(permitting.p2p_port).handshake() as peer:
        assert peer.version.nServices & BLOOM
        peer.send(b"filterload", bloom(b"x"))
        peer.ping()
