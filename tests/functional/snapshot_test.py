"""loadtxoutset: a node that starts from a UTXO set in a file, between real daemons.

Regtest knows the sets of three chains that test suites make. The one of height 200 is the simplest: empty blocks, a
second apart, which pay to a witness script that anyone can spend. `known_chain` makes it, block by block.
"""

import hashlib
import struct

import pytest
from bitcoin.core import COutPoint, CTransaction, CTxIn, CTxOut, uint256_from_compact
from bitcoin.core.script import OP_0, OP_TRUE, CScript
from foreign_peer import EASY_BITS, SUBSIDY_HALVING_INTERVAL
from framework import expect_rpc_error, wait_until

BASE = 200
BASE_HASH = "385901ccbd69dff6bbd00065d01fb8a9e464dede7cfe0372443884f9b1dcf6b9"
GENESIS_TIME = 1296688602
TARGET = uint256_from_compact(EASY_BITS)
ANYONE_WITNESS = CScript([OP_0, hashlib.sha256(bytes(CScript([OP_TRUE]))).digest()])


def double_sha256(data):
    return hashlib.sha256(hashlib.sha256(data).digest()).digest()


def known_chain(genesis_hash):
    """The blocks 1 to 200, as hexadecimal digits."""
    previous = bytes.fromhex(genesis_hash)[::-1]
    blocks = []
    for height in range(1, BASE + 1):
        subsidy = 50 * 100_000_000 >> (height // SUBSIDY_HALVING_INTERVAL)
        coinbase = CTransaction([CTxIn(COutPoint(), CScript([height, OP_0]), 0xFFFFFFFE)],
                                [CTxOut(subsidy, ANYONE_WITNESS)], height - 1, 2)
        raw = coinbase.serialize()
        start = struct.pack("<i", 4) + previous + double_sha256(raw)
        start += struct.pack("<II", GENESIS_TIME + height, EASY_BITS)
        nonce = 0
        while int.from_bytes(double_sha256(start + struct.pack("<I", nonce)), "little") > TARGET:
            nonce += 1
        header = start + struct.pack("<I", nonce)
        blocks.append((header + b"\x01" + raw).hex())
        previous = double_sha256(header)
    assert previous[::-1].hex() == BASE_HASH
    return blocks


@pytest.fixture(name="origin")
def fixture_origin(network):
    """A node with the known chain and 30 blocks more."""
    node = network.add("-disablewallet")
    for block in known_chain(node.tip()):
        assert node.rpc.submitblock(block) is None
    node.generate(30)
    return node


def give_headers(node, origin):
    for height in range(1, origin.rpc.getblockcount() + 1):
        node.rpc.submitheader(origin.rpc.getblockheader(origin.rpc.getblockhash(height), False))


def dump(origin):
    """The set of the highest known block."""
    made = origin.rpc.dumptxoutset("set.dat", "rollback")
    assert (made["base_height"], made["base_hash"], made["coins_written"]) == (BASE, BASE_HASH, BASE)
    return made["path"]


def services(node):
    return node.rpc.getnetworkinfo()["localservicesnames"]


def test_node_starts_from_the_set_and_validates_what_is_below(network, origin):
    path = dump(origin)
    indexes = ["-txindex", "-blockfilterindex", "-coinstatsindex"]
    node = network.add(*indexes)
    give_headers(node, origin)
    loaded = node.rpc.loadtxoutset(path)
    assert loaded == {"coins_loaded": BASE, "tip_hash": BASE_HASH, "base_height": BASE, "path": path}
    assert node.rpc.getblockcount() == BASE
    assert "NETWORK" not in services(node) and "NETWORK_LIMITED" in services(node)
    expect_rpc_error(-1, "Block not available (not fully downloaded)", node.rpc.getblock, BASE_HASH)
    assert node.rpc.gettxoutsetinfo("none", None, False)["txouts"] == BASE
    node.kill()
    node.start()
    background, active = node.rpc.getchainstates()["chainstates"]
    assert (background["blocks"], background["validated"]) == (0, True)
    assert (active["blocks"], active["validated"], active["snapshot_blockhash"]) == (BASE, False, BASE_HASH)
    assert node.rpc.getblockchaininfo()["backgroundvalidation"]["snapshotheight"] == BASE

    network.connect(node, origin)
    wait_until(lambda: node.tip() == origin.tip(), "the tip")
    wait_until(lambda: len(node.rpc.getchainstates()["chainstates"]) == 1, "the validation of the blocks below")
    assert "NETWORK" in services(node)
    assert "[snapshot] snapshot beginning at " + BASE_HASH + " has been fully validated" in node.debug_log()
    height = origin.rpc.getblockcount()
    done = {"synced": True, "best_block_height": height}
    wait_until(lambda: all(state == done for state in node.rpc.getindexinfo().values()), "the indexes")
    assert len(node.rpc.getindexinfo()) == 3
    assert node.rpc.verifychain(4, 0) is True
    muhash = node.rpc.gettxoutsetinfo("muhash")["muhash"]
    assert muhash == origin.rpc.gettxoutsetinfo("muhash")["muhash"]
    assert node.rpc.gettxoutsetinfo("muhash", None, False)["muhash"] == muhash

    node.restart(indexes)
    assert node.rpc.getblockcount() == height and len(node.rpc.getchainstates()["chainstates"]) == 1
    later = network.add()
    network.connect(later, node)
    wait_until(lambda: later.tip() == origin.tip(), "a third node to have all blocks")


def test_reindex_goes_without_the_snapshot(network, origin):
    path = dump(origin)
    node = network.add("-disablewallet")
    give_headers(node, origin)
    node.rpc.submitblock(origin.rpc.getblock(origin.rpc.getblockhash(1), 0))
    for option in ("-reindex-chainstate", "-reindex"):
        give_headers(node, origin)
        node.rpc.loadtxoutset(path)
        assert node.rpc.getblockcount() == BASE
        node.restart([option])
        wait_until(lambda: node.rpc.getblockcount() == 1, "the blocks that are there")
        assert len(node.rpc.getchainstates()["chainstates"]) == 1


def test_files_that_are_no_known_set_are_refused(network, origin):
    path = dump(origin)
    node = network.add()
    expect_rpc_error(-8, "Couldn't open file", node.rpc.loadtxoutset, "nowhere.dat")
    expect_rpc_error(-32603, f"The base block header ({BASE_HASH}) must appear in the headers chain.",
                     node.rpc.loadtxoutset, path)
    unknown = origin.rpc.dumptxoutset("tip.dat", "latest")
    expect_rpc_error(-32603, f"assumeutxo block hash in snapshot metadata not recognized (hash: "
                     f"{unknown['base_hash']}). The following snapshot heights are available: 110, 200, 299. "
                     f"({unknown['path']})", node.rpc.loadtxoutset, unknown["path"])
    give_headers(node, origin)
    with open(path, "rb") as file:
        content = bytearray(file.read())
    content[-1] ^= 1
    changed = node.chain_folder / "changed.dat"
    changed.write_bytes(content)
    expect_rpc_error(-32603, "Bad snapshot content hash: expected ", node.rpc.loadtxoutset, "changed.dat")
    assert node.rpc.getblockcount() == 0
    node.rpc.createwallet("w")
    expect_rpc_error(-32603, "Wallets must be unloaded first", node.rpc.loadtxoutset, path)
    node.rpc.unloadwallet("w")
    assert node.rpc.loadtxoutset(path)["coins_loaded"] == BASE
    # It is younger than every block of the set, so it misses none.
    assert node.rpc.loadwallet("w") == {"name": "w"}
