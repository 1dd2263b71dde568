"""Compact block filters: getblockfilter, scanblocks and REST (-blockfilterindex)."""

import hashlib

import pytest

from framework import (KNOWN_ADDRESS, OTHER_ADDRESS, coinbase_outpoint, expect_rpc_error, pay_from_known_key,
                       wait_until)


def double_sha256(data):
    return hashlib.sha256(hashlib.sha256(data).digest()).digest()


@pytest.fixture
def node(network):
    node = network.add("-blockfilterindex", "-rest")
    node.generate(110)
    wait_until(lambda: node.rpc.getindexinfo()["basic block filter index"]["synced"], "the index")
    return node


def test_headers_commit_to_filters(node):
    previous = bytes(32)
    for height in range(5):
        found = node.rpc.getblockfilter(node.rpc.getblockhash(height), "basic")
        header = double_sha256(double_sha256(bytes.fromhex(found["filter"])) + previous)
        assert found["header"] == header[::-1].hex()
        previous = header
    assert node.rpc.getindexinfo() == {"basic block filter index": {"synced": True, "best_block_height": 110}}
    assert node.rpc.getindexinfo("txindex") == {}


def test_scanblocks_finds_the_blocks_that_pay_and_spend(node):
    outpoint, value = coinbase_outpoint(node, 1)
    node.rpc.sendrawtransaction(pay_from_known_key(node, outpoint, value, {OTHER_ADDRESS: 1}))
    paying = node.generate(1, node.rpc.decodescript("51")["p2sh"])[0]
    result = node.rpc.scanblocks("start", [f"addr({OTHER_ADDRESS})"])
    assert result == {"from_height": 0, "to_height": 111, "relevant_blocks": [paying], "completed": True}
    # Every coinbase pays to the known address, and the last block spends one of them.
    known = node.rpc.scanblocks("start", [{"desc": f"addr({KNOWN_ADDRESS})"}], 109, 111)["relevant_blocks"]
    assert known == [node.rpc.getblockhash(height) for height in (109, 110, 111)]
    exact = node.rpc.scanblocks("start", [f"addr({OTHER_ADDRESS})"], 0, 111, "basic",
                                {"filter_false_positives": True})
    assert exact["relevant_blocks"] == [paying]
    assert node.rpc.scanblocks("start", [f"addr({OTHER_ADDRESS})"], 0, 110)["relevant_blocks"] == []


def test_scanblocks_without_a_scan_and_with_bad_arguments(node):
    assert node.rpc.scanblocks("status") is None
    assert node.rpc.scanblocks("abort") is False
    scan = ["start", [f"addr({OTHER_ADDRESS})"]]
    expect_rpc_error(-8, "Invalid action 'foo'", node.rpc.scanblocks, "foo")
    expect_rpc_error(-1, "Invalid start_height", node.rpc.scanblocks, *scan, 1000)
    expect_rpc_error(-1, "Invalid stop_height", node.rpc.scanblocks, *scan, 10, 5)
    expect_rpc_error(-5, "Unknown filtertype", node.rpc.scanblocks, *scan, 0, 10, "extended")
    expect_rpc_error(-1, "scanobjects argument is required", node.rpc.scanblocks, "start")


def test_getblockfilter_says_why_there_is_none(network, node):
    expect_rpc_error(-5, "Unknown filtertype", node.rpc.getblockfilter, node.tip(), "extended")
    expect_rpc_error(-5, "Block not found", node.rpc.getblockfilter, "00" * 32)
    other = network.add()
    expect_rpc_error(-1, "Index is not enabled for filtertype basic", other.rpc.getblockfilter,
                     other.rpc.getblockhash(0))


def test_rest_serves_filters_and_headers(node):
    def get(path):
        status, _, body = node.rpc.raw(None, method="GET", path=path)
        return status, body

    tip = node.tip()
    found = node.rpc.getblockfilter(tip)
    status, body = get(f"/rest/blockfilter/basic/{tip}.bin")
    size = len(found["filter"]) // 2
    assert (status, body) == (200, b"\0" + bytes.fromhex(tip)[::-1] + bytes([size]) + bytes.fromhex(found["filter"]))
    assert get(f"/rest/blockfilter/basic/{tip}.hex")[1].decode().strip() == body.hex()
    assert get(f"/rest/blockfilter/basic/{tip}.json")[1].decode() == f'{{"filter":"{found["filter"]}"}}\n'
    first = node.rpc.getblockhash(0)
    status, headers = get(f"/rest/blockfilterheaders/basic/{first}.bin?count=3")
    wanted = [node.rpc.getblockfilter(node.rpc.getblockhash(height))["header"] for height in range(3)]
    assert (status, headers) == (200, b"".join(bytes.fromhex(header)[::-1] for header in wanted))
    assert get(f"/rest/blockfilterheaders/basic/3/{first}.hex")[1].decode().strip() == headers.hex()
    for path, status, text in (
            (f"/rest/blockfilter/extended/{tip}.bin", 400, "Unknown filtertype extended"),
            (f"/rest/blockfilter/basic/{'00' * 32}.bin", 404, "not found"),
            ("/rest/blockfilter/basic.bin", 400, "Invalid URI format"),
            (f"/rest/blockfilterheaders/basic/{tip}.bin?count=0", 400, "Header count is invalid"),
            (f"/rest/blockfilterheaders/basic/{tip}.bin?count=2001", 400, "(1-2000): 2001")):
        reply = get(path)
        assert reply[0] == status and text in reply[1].decode(), (path, reply)


def test_index_survives_a_restart_and_can_be_added_later(network):
    node = network.add()
    node.generate(20)
    node.restart(["-blockfilterindex=basic"])
    wait_until(lambda: node.rpc.getindexinfo()["basic block filter index"]["synced"], "the index")
    before = node.rpc.getblockfilter(node.tip())
    node.restart(["-blockfilterindex=1"])
    assert node.rpc.getblockfilter(node.tip()) == before
    node.stop()
    assert "Unknown -blockfilterindex value foo" in node.expect_start_failure(["-blockfilterindex=foo"])


def test_pruned_node_keeps_its_filters_and_the_blocks_that_an_index_lacks(network):
    flags = ("-fastprune", "-prune=1", "-disablewallet")
    indexes = ("-blockfilterindex", "-coinstatsindex")
    node = network.add(*flags, "-debug=prune", start=False)
    node.start(indexes)
    node.generate(700)
    second = node.rpc.getblockhash(2)
    wait_until(lambda: all(each["synced"] for each in node.rpc.getindexinfo().values()), "the indexes")
    assert node.rpc.pruneblockchain(400) > 2
    assert "limited pruning to height 689" in node.debug_log()
    expect_rpc_error(-1, "pruned data", node.rpc.getblock, second)
    assert node.rpc.getblockfilter(second)["filter"] and node.rpc.gettxoutsetinfo("muhash", second)["muhash"]
    # Without the indexes nothing holds their blocks.
    node.restart()
    node.generate(800)
    assert node.rpc.pruneblockchain(1200) > 700
    node.stop()
    for index, title in (("-blockfilterindex", "basic block filter index"), ("-coinstatsindex", "coinstatsindex")):
        said = node.expect_start_failure((index,), messages=2)
        assert said.startswith(f"Error: {title} best block of the index goes beyond pruned data (including undo data).")
        assert said.endswith("\nError: A fatal internal error occurred, see debug.log for details: Failed to start "
                             "indexes, shutting down…"), said
