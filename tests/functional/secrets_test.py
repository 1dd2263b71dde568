"""Private keys pass through a node as text and leave no copies in its memory."""

import re
from pathlib import Path

import pytest

from framework import KNOWN_KEY_WIF, OTHER_ADDRESS, coinbase_outpoint, wait_until

# BIP32's first test vector as a key of the test networks.
TPRV = ("tprv8ZgxMBicQKsPeDgjzdC36fs6bMjGApWDNLR9erAXMs5skhMv36j9MV5ecvfavji5khqjWaWSFhN3"
        "YcCUUdiKH6isR4Pwy3U5y5egddBr16m")


def copies_in_memory(node, text):
    """How often the text stands in the process's writable memory, without the main stack: what a function leaves there
    is overwritten by those called after it."""
    found = 0
    pid = node.process.pid
    with open(f"/proc/{pid}/mem", "rb", buffering=0) as memory:
        for line in Path(f"/proc/{pid}/maps").read_text().splitlines():
            match = re.match(r"([0-9a-f]+)-([0-9a-f]+) rw", line)
            if not match or "[vvar" in line or "[stack]" in line:
                continue
            start, end = (int(part, 16) for part in match.groups())
            memory.seek(start)
            try:
                found += memory.read(end - start).count(text.encode())
            except OSError:
                continue  # reserved and never touched
    return found


def expect_no_copy(node, text):
    """A reply can arrive before the thread that sent it has released it."""
    wait_until(lambda: copies_in_memory(node, text) == 0, "the last copy to be wiped", timeout=10)


@pytest.fixture
def node(network):
    node = network.add()
    try:
        copies_in_memory(node, "probe")
    except PermissionError as error:
        pytest.skip(f"the memory of a child process cannot be read here: {error}")
    return node


def test_memory_search_finds_what_is_there(node):
    assert copies_in_memory(node, str(node.datadir)) > 0


def test_key_of_a_signature_leaves_no_copy(node):
    node.generate(101)
    (txid, vout), value = coinbase_outpoint(node, 1)
    raw = node.rpc.createrawtransaction([{"txid": txid, "vout": vout}], {OTHER_ADDRESS: str(value - 1)})
    assert node.rpc.signrawtransactionwithkey(raw, [KNOWN_KEY_WIF])["complete"]
    expect_no_copy(node, KNOWN_KEY_WIF)


def test_descriptor_leaves_no_copy(node):
    descriptor = f"wpkh({TPRV}/84h/1h/0h/0/*)"
    checksum = node.rpc.getdescriptorinfo(descriptor)["checksum"]
    assert len(node.rpc.deriveaddresses(f"{descriptor}#{checksum}", [0, 2])) == 3
    expect_no_copy(node, TPRV)


def test_wallet_hands_out_its_keys_and_keeps_no_copy_but_the_database(node):
    """LevelDB keeps a new record in its batch, in the buffer of its log and in its table; after a start only there."""
    descriptor = f"wpkh({TPRV}/84h/1h/0h/0/*)"
    checksum = node.rpc.getdescriptorinfo(descriptor)["checksum"]
    node.rpc.createwallet("keys", blank=True)
    request = {"desc": f"{descriptor}#{checksum}", "timestamp": "now", "range": [0, 5]}
    assert node.rpc.importdescriptors([request])[0]["success"]
    assert TPRV in node.rpc.listdescriptors(True)["descriptors"][0]["desc"]
    wait_until(lambda: copies_in_memory(node, TPRV) <= 3, "the copies outside LevelDB to be wiped", timeout=10)
    node.restart()
    if "keys" not in node.rpc.listwallets():
        node.rpc.loadwallet("keys")
    assert TPRV in node.rpc.listdescriptors(True)["descriptors"][0]["desc"]
    wait_until(lambda: copies_in_memory(node, TPRV) <= 1, "the copies outside LevelDB to be wiped", timeout=10)
