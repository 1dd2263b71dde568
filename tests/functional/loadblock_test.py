"""Real input: the first 256 blocks of the main chain, with their difficulty and signatures."""

import bz2
import os
from pathlib import Path

import pytest

from framework import REPOSITORY, wait_until

VECTORS = Path(os.environ.get("PARLEY_VECTORS", REPOSITORY.parent / "shared" / "vectors"))
BLOCKS = VECTORS / "mainnet_blocks_1-256.bz2"
BLOCK_COUNT = 255  # heights 1 to 255: with the genesis block, the first 256
FIRST_SPEND_HEIGHT = 170  # the first transaction between two people


@pytest.fixture
def file(network):
    if not BLOCKS.exists():
        pytest.skip(f"{BLOCKS} is absent: {BLOCK_COUNT} real blocks were NOT checked; set PARLEY_VECTORS")
    unpacked = network.folder / "blocks.dat"
    unpacked.write_bytes(bz2.decompress(BLOCKS.read_bytes()))
    return unpacked


def load(network, path):
    node = network.add("-connect=0", "-listen=0", f"-loadblock={path}", chain="main")
    node.options = [option for option in node.options if not option.startswith("-loadblock")]
    return node


def test_loadblock_main_chain_is_taken_with_its_signatures(network, file):
    node = load(network, file)
    wait_until(lambda: node.rpc.getblockcount() == BLOCK_COUNT, "every block of the file")
    assert node.rpc.getblockhash(1) == "00000000839a8e6886ab5951d76f411475428afc90947ee320161bbf18eb6048"
    spend = node.rpc.getblock(node.rpc.getblockhash(FIRST_SPEND_HEIGHT))["tx"][1]
    assert spend == "f4184fc596403b9d638783cf57adfe4c75c605f6356fbc91338530e9831e9e16"
    node.restart()
    assert node.rpc.getblockcount() == BLOCK_COUNT


def test_stopafterblockimport_ends_once_the_blocks_are_there(network, file):
    node = network.add("-connect=0", "-listen=0", chain="main", start=False)
    node.spawn([f"-loadblock={file}", "-stopafterblockimport"])
    assert node.wait_for_exit() == 0
    assert "Stopping after block import" in node.debug_log()
    node.start()
    assert node.rpc.getblockcount() == BLOCK_COUNT
    node.stop()
    node.spawn(["-stopafterblockimport"])
    assert node.wait_for_exit() == 0


def test_loadblock_damaged_block_stops_before_it(network, file):
    data = bytearray(file.read_bytes())
    # Inside the first spend: its input names this outpoint, and the signature follows.
    outpoint = bytes.fromhex("0437cd7f8525ceed2324359c2d0ba26006d92d856a9c20fa0241106ee5a597c9")[::-1]
    position = data.index(outpoint + bytes(4)) + 36 + 1 + 1 + 20
    data[position] ^= 1
    file.write_bytes(data)
    node = load(network, file)
    wait_until(lambda: node.rpc.getblockcount() == FIRST_SPEND_HEIGHT - 1, "the blocks before the damage")
    node.restart()
    assert node.rpc.getblockcount() == FIRST_SPEND_HEIGHT - 1


def test_loadblock_shrunken_file_gives_fewer_blocks(network, file):
    data = file.read_bytes()
    file.write_bytes(data[:len(data) // 2])
    node = load(network, file)
    count = wait_until(node.rpc.getblockcount, "some blocks")
    assert 0 < count < BLOCK_COUNT
