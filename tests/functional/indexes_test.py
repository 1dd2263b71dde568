"""The indexes of spending transactions and of the UTXO set (-txospenderindex, -coinstatsindex), snapshots of the UTXO
set, and that generated blocks are the same bytes wherever chain, clock and payout are."""

import hashlib
from decimal import Decimal

from framework import (KNOWN_ADDRESS, OTHER_ADDRESS, coinbase_outpoint, expect_rpc_error, pay_from_known_key,
                       wait_until)

FEE = Decimal("0.0001")


def synced(node, name):
    wait_until(lambda: node.rpc.getindexinfo()[name]["synced"], name)


def spend_first_coinbase(node):
    outpoint, value = coinbase_outpoint(node, 1)
    raw = pay_from_known_key(node, outpoint, value, {OTHER_ADDRESS: 1}, fee=FEE)
    return outpoint, raw, node.rpc.sendrawtransaction(raw)


def test_spenders_are_found_in_mempool_and_blocks_also_after_a_restart(network):
    node = network.add("-txospenderindex")
    node.generate(101)
    outpoint, raw, txid = spend_first_coinbase(node)
    asked = {"txid": outpoint[0], "vout": outpoint[1]}
    assert node.rpc.gettxspendingprevout([asked]) == [{**asked, "spendingtxid": txid}]
    [block] = node.generate(1)
    confirmed = {**asked, "spendingtxid": txid, "blockhash": block}
    assert node.rpc.gettxspendingprevout([asked]) == [confirmed]
    # The options are parameters of their own for clients that name them.
    assert node.rpc.gettxspendingprevout(outputs=[asked], return_spending_tx=True) == [{**confirmed, "spendingtx": raw}]
    assert node.rpc.gettxspendingprevout([asked], {"mempool_only": True}) == [asked]
    node.restart()
    synced(node, "txospenderindex")
    unspent = {"txid": txid, "vout": 0}
    assert node.rpc.gettxspendingprevout([unspent, asked]) == [unspent, confirmed]


def test_without_the_index_blocks_are_not_searched(network):
    node = network.add()
    asked = {"txid": "00" * 32, "vout": 0}
    assert node.rpc.gettxspendingprevout([asked]) == [asked]
    expect_rpc_error(-1, "Mempool lacks a relevant spend, and txospenderindex is unavailable.",
                     node.rpc.gettxspendingprevout, [asked], {"mempool_only": False})
    node.stop()
    assert "Prune mode is incompatible with -txospenderindex." in node.expect_start_failure(
        ("-txospenderindex", "-prune=550"))


def test_coin_statistics_are_those_of_the_set_at_every_height(network):
    node = network.add("-coinstatsindex")
    plain = network.add()
    network.connect(node, plain)
    node.generate(101)
    spend_first_coinbase(node)
    node.generate(1)
    network.sync_blocks()
    scanned = plain.rpc.gettxoutsetinfo("muhash")
    del scanned["transactions"], scanned["disk_size"]
    node.generate(3)
    for target in (102, scanned["bestblock"]):
        indexed = node.rpc.gettxoutsetinfo("muhash", target)
        block = indexed.pop("block_info")
        assert indexed.pop("total_unspendable_amount") == 50
        assert indexed == scanned
        assert block["prevout_spent"] == 50
        assert block["coinbase"] == 50 + FEE
        assert block["new_outputs_ex_coinbase"] == 50 - FEE
        assert block["unspendable"] == 0
    genesis = node.rpc.gettxoutsetinfo("none", 0)
    assert genesis["txouts"] == 0 and genesis["block_info"]["unspendables"]["genesis_block"] == 50

    # A reward that the coinbase leaves is out of circulation: generateblock claims no fees.
    node.rpc.invalidateblock(node.rpc.getblockhash(103))
    outpoint, value = coinbase_outpoint(node, 2)
    unpaid = pay_from_known_key(node, outpoint, value, {OTHER_ADDRESS: 1}, fee=FEE)
    node.rpc.generateblock(OTHER_ADDRESS, [unpaid])
    amounts = node.rpc.gettxoutsetinfo("muhash")["block_info"]
    assert amounts["unspendables"] == {"genesis_block": 0, "bip30": 0, "scripts": 0, "unclaimed_rewards": FEE}
    before = node.rpc.gettxoutsetinfo("muhash")
    node.restart()
    synced(node, "coinstatsindex")
    assert node.rpc.gettxoutsetinfo("muhash") == before
    counted = node.rpc.gettxoutsetinfo("muhash", None, False)
    assert counted["muhash"] == before["muhash"] and "disk_size" in counted


def test_coin_statistics_of_one_block_need_the_index(network):
    node = network.add()
    expect_rpc_error(-8, "Querying specific block heights requires coinstatsindex", node.rpc.gettxoutsetinfo, "none", 0)
    node.restart(("-coinstatsindex",))
    synced(node, "coinstatsindex")
    expect_rpc_error(-8, "hash_serialized_3 hash type cannot be queried for a specific block",
                     node.rpc.gettxoutsetinfo, "hash_serialized_3", 0)
    expect_rpc_error(-8, "Cannot set use_index to false when querying for a specific block",
                     node.rpc.gettxoutsetinfo, "none", 0, False)
    expect_rpc_error(-5, "Block not found", node.rpc.gettxoutsetinfo, "none", "ff" * 32)


def test_generated_blocks_are_equal_wherever_chain_clock_and_payout_are(network):
    nodes = [network.add(), network.add()]
    for node in nodes:
        node.rpc.setmocktime(1_296_688_603)
    first, second = (node.generate(20) for node in nodes)
    assert first == second
    coinbase = nodes[0].rpc.getblock(first[0], 2)["tx"][0]["vin"][0]["coinbase"]
    assert coinbase == "5100"  # the height, and what a script of one byte needs
    assert nodes[0].rpc.getblock(first[16], 2)["tx"][0]["vin"][0]["coinbase"] == "0111"
    # A block that is known already is not made again.
    nodes[0].rpc.invalidateblock(first[19])
    [other] = nodes[0].generate(1)
    assert other != first[19] and nodes[0].tip() == other
    nodes[0].rpc.invalidateblock(other)
    assert nodes[0].rpc.generateblock(KNOWN_ADDRESS, [])["hash"] not in (first[19], other)


def test_dumptxoutset_writes_the_set_of_now_and_of_earlier_blocks(network):
    node = network.add()
    node.generate(101)
    then = node.tip()
    serialized = node.rpc.gettxoutsetinfo()["hash_serialized_3"]
    made = node.rpc.dumptxoutset("now.dat", "latest")
    path = node.chain_folder / "now.dat"
    assert made == {"coins_written": 101, "base_hash": then, "base_height": 101, "path": str(path),
                    "txoutset_hash": serialized, "nchaintx": 102}
    content = path.read_bytes()
    assert content[:5] == b"utxo\xff" and content[5:7] == b"\x02\x00" and content[11:43][::-1].hex() == then
    assert int.from_bytes(content[43:51], "little") == 101
    expect_rpc_error(-8, f"{path} already exists.", node.rpc.dumptxoutset, "now.dat", "latest")
    expect_rpc_error(-8, "Couldn't open file", node.rpc.dumptxoutset, "no/such/folder", "latest")
    expect_rpc_error(-8, 'Invalid snapshot type "x" specified. Please specify "rollback" or "latest"',
                     node.rpc.dumptxoutset, "x.dat", "x")

    spend_first_coinbase(node)
    node.generate(5)
    tip = node.tip()
    for name, target in (("height.dat", 101), ("hash.dat", then)):
        past = node.rpc.dumptxoutset(name, "rollback", {"rollback": target})
        assert past["txoutset_hash"] == serialized and past["base_hash"] == then
        assert hashlib.sha256((node.chain_folder / name).read_bytes()).digest() == hashlib.sha256(content).digest()
    assert node.rpc.dumptxoutset(path="named.dat", rollback=0)["coins_written"] == 0
    assert node.tip() == tip
    expect_rpc_error(-8, "Target block height 500 after current tip", node.rpc.dumptxoutset, "y.dat", "rollback",
                     {"rollback": 500})
    assert not list(node.chain_folder.glob("*.incomplete"))
