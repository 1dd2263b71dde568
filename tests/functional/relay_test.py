"""Relay between nodes: a child that pays for its parent, the first broadcast of own transactions, and what is learned
about fees."""

import os
import time
from decimal import Decimal

import pytest

from foreign_peer import ForeignPeer
from framework import (KNOWN_ADDRESS, KNOWN_KEY_WIF, OTHER_ADDRESS, coinbase_outpoint, expect_rpc_error,
                       pay_from_known_key, wait_until)

FEE = Decimal("0.0001")


@pytest.fixture
def pair(network):
    """Two nodes with mature coinbases of KNOWN_ADDRESS, connected."""
    a, b = network.add(), network.add()
    network.connect(a, b)
    a.generate(110)
    network.sync_blocks()
    return network, a, b


def child_of(node, parent_hex, fee):
    """Spends the first output of a transaction that the node does not have."""
    parent = node.rpc.decoderawtransaction(parent_hex)
    output = parent["vout"][0]
    raw = node.rpc.createrawtransaction([{"txid": parent["txid"], "vout": 0}],
                                        {OTHER_ADDRESS: str(output["value"] - fee)})
    spent = {"txid": parent["txid"], "vout": 0, "scriptPubKey": output["scriptPubKey"]["hex"],
             "amount": str(output["value"])}
    signed = node.rpc.signrawtransactionwithkey(raw, [KNOWN_KEY_WIF], [spent])
    assert signed["complete"]
    return signed["hex"]


def test_child_pays_for_its_parent_on_the_next_node(pair):
    network, a, _ = pair
    outpoint, value = coinbase_outpoint(a, 1)
    parent = pay_from_known_key(a, outpoint, value, {KNOWN_ADDRESS: value}, fee=Decimal(0))
    expect_rpc_error(-26, "min relay fee not met", a.rpc.sendrawtransaction, parent)
    result = a.rpc.submitpackage([parent, child_of(a, parent, FEE)])
    assert result["package_msg"] == "success"
    assert len(network.sync_mempools()) == 2


def test_package_replaces_on_the_next_node(pair):
    network, a, b = pair
    outpoint, value = coinbase_outpoint(a, 1)
    first = a.rpc.sendrawtransaction(pay_from_known_key(a, outpoint, value, {KNOWN_ADDRESS: value - FEE}, fee=FEE))
    assert network.sync_mempools() == {first}
    # It pays as much as the first one, so alone it does not replace it.
    parent = pay_from_known_key(a, outpoint, value, {KNOWN_ADDRESS: value - FEE - 1, OTHER_ADDRESS: 1}, fee=FEE)
    child = child_of(a, parent, 10 * FEE)
    assert a.rpc.submitpackage([parent, child])["package_msg"] == "success"
    wait_until(lambda: first not in b.rpc.getrawmempool(), "the package replaces the first transaction")
    assert len(network.sync_mempools()) == 2


def test_unbroadcast_transaction_survives_a_restart_until_a_peer_asks(network):
    a, b = network.add(), network.add()
    a.generate(101)
    outpoint, value = coinbase_outpoint(a, 1)
    txid = a.rpc.sendrawtransaction(pay_from_known_key(a, outpoint, value, {OTHER_ADDRESS: 1}))
    assert a.rpc.getmempoolinfo()["unbroadcastcount"] == 1
    assert a.rpc.getmempoolentry(txid)["unbroadcast"] is True
    a.restart()
    wait_until(lambda: a.rpc.getmempoolinfo()["loaded"], "mempool.dat is loaded")
    assert a.rpc.getrawmempool(True)[txid]["unbroadcast"] is True
    network.connect(a, b)
    network.sync_blocks()
    a.rpc.mockscheduler(900)
    assert network.sync_mempools() == {txid}
    assert a.rpc.getmempoolentry(txid)["unbroadcast"] is False
    # The other node was not asked by its user.
    assert b.rpc.getmempoolinfo()["unbroadcastcount"] == 0


def test_unbroadcast_transaction_that_is_mined_is_logged(network):
    a = network.add("-debug=mempool")
    a.generate(101)
    outpoint, value = coinbase_outpoint(a, 1)
    txid = a.rpc.sendrawtransaction(pay_from_known_key(a, outpoint, value, {OTHER_ADDRESS: 1}))
    a.generate(1)
    assert f"Removed {txid} from set of unbroadcast txns before confirmation that txn was sent out" in a.debug_log()
    assert a.rpc.getmempoolinfo()["unbroadcastcount"] == 0


def test_what_is_known_about_fees_is_written_every_hour_and_at_the_end(network):
    node = network.add("-disablewallet")
    path = node.chain_folder / "fee_estimates.dat"
    node.generate(3)
    node.rpc.mockscheduler(3600)
    wait_until(lambda: f"Flushed fee estimates to {path}." in node.debug_log(), "fee_estimates.dat")
    first = path.read_bytes()
    assert first[:4] == (309_900).to_bytes(4, "little") and first[4] == 3
    node.generate(1)
    node.stop()
    assert path.read_bytes()[4] == 4
    node.start()
    node.stop()
    assert path.read_bytes()[4] == 4  # nothing was lost by a run without blocks
    old = time.time() - 61 * 3600
    os.utime(path, (old, old))
    node.start()
    assert "too old (age=61 > 60 hours)" in node.debug_log()
    node.stop()
    path.write_bytes(b"nonsense")
    node.start()
    assert f"Fee estimation file {path} is damaged" in node.debug_log()


def test_mockscheduler_refuses_what_is_out_of_range(network):
    a = network.add()
    for seconds in (-1, 0, 3601):
        expect_rpc_error(-1, "between 1 and 3600", a.rpc.mockscheduler, seconds)


def test_estimatesmartfee_knows_a_fee_after_thirty_blocks(network):
    a = network.add()
    a.generate(140)
    assert a.rpc.estimatesmartfee(2) == {"errors": ["Insufficient data or no feerate found"], "blocks": 0}
    for height in range(1, 31):
        outpoint, value = coinbase_outpoint(a, height)
        a.rpc.sendrawtransaction(pay_from_known_key(a, outpoint, value, {OTHER_ADDRESS: Decimal("0.1")}))
        a.generate(1)
    estimate = a.rpc.estimatesmartfee(2)
    assert estimate["blocks"] == 2 and Decimal("0.0003") < estimate["feerate"] < Decimal("0.001")
    raw = a.rpc.estimaterawfee(2)
    assert set(raw) == {"short", "medium", "long"} and raw["short"]["pass"]["inmempool"] == 0
    assert set(a.rpc.estimaterawfee(20)) == {"medium", "long"}
    expect_rpc_error(-8, "Invalid threshold", a.rpc.estimaterawfee, 2, 1.5)


def test_template_ahead_of_the_clock_is_refused(network):
    a = network.add()
    now = a.rpc.getblockheader(a.rpc.getbestblockhash())["time"] + 100_000
    a.rpc.setmocktime(now)
    a.generate(12)
    a.rpc.setmocktime(now - 3 * 3600)
    text = "TestBlockValidity failed: time-too-new"
    expect_rpc_error(-1, text, a.rpc.getblocktemplate, {"rules": ["segwit"]})
    expect_rpc_error(-1, text, a.rpc.generatetoaddress, 1, KNOWN_ADDRESS)
    expect_rpc_error(-1, text, a.rpc.generateblock, KNOWN_ADDRESS, [])


def test_known_transaction_that_is_sent_again_is_announced_to_those_who_do_not_know_it(network):
    """Only nodes of our own kind are told of the mempool when they connect."""
    a = network.add()
    a.generate(101)
    outpoint, value = coinbase_outpoint(a, 1)
    raw = pay_from_known_key(a, outpoint, value, {OTHER_ADDRESS: 1})
    txid = a.rpc.sendrawtransaction(raw)
    with ForeignPeer(a.p2p_port) as peer:
        peer.handshake().ping()
        assert a.rpc.sendrawtransaction(raw) == txid
        wait_until(lambda: any(bytes.fromhex(txid)[::-1] in payload for payload in peer.payloads(b"inv")),
                   "the announcement")
