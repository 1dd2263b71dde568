"""Transactions from RPC to blocks, and rejections with bitcoind's reject reasons."""

from decimal import Decimal

import pytest

from framework import (KNOWN_ADDRESS, OTHER_ADDRESS, coinbase_outpoint, expect_rpc_error, pay_from_known_key)


@pytest.fixture
def pair(network):
    """Two connected nodes with one mature coinbase of KNOWN_ADDRESS."""
    a, b = network.add(), network.add()
    network.connect(a, b)
    a.generate(101)
    network.sync_blocks()
    return network, a, b


def test_sendrawtransaction_valid_reaches_peers_and_a_block(pair):
    network, a, b = pair
    outpoint, value = coinbase_outpoint(a, 1)
    raw = pay_from_known_key(a, outpoint, value, {OTHER_ADDRESS: Decimal("1.5")})
    [verdict] = a.rpc.testmempoolaccept([raw])
    assert verdict["allowed"] and verdict["fees"]["base"] == Decimal("0.0001")
    txid = a.rpc.sendrawtransaction(raw)
    assert network.sync_mempools() == {txid}
    entry = b.rpc.getmempoolentry(txid)
    assert entry["fees"]["base"] == Decimal("0.0001") and entry["ancestorcount"] == 1
    assert b.rpc.getmempoolinfo()["size"] == 1
    [block] = b.generate(1)
    network.sync_blocks()
    assert txid in a.rpc.getblock(block)["tx"] and a.rpc.getrawmempool() == []
    assert a.rpc.gettxout(txid, 0)["value"] == Decimal("1.5")
    assert a.rpc.gettxout(*outpoint) is None


def test_decoderawtransaction_shows_what_was_made(pair):
    _, a, _ = pair
    outpoint, value = coinbase_outpoint(a, 1)
    decoded = a.rpc.decoderawtransaction(pay_from_known_key(a, outpoint, value, {OTHER_ADDRESS: Decimal(2)}))
    assert [(vin["txid"], vin["vout"]) for vin in decoded["vin"]] == [outpoint]
    paid = {vout["scriptPubKey"]["address"]: vout["value"] for vout in decoded["vout"]}
    assert paid == {OTHER_ADDRESS: 2, KNOWN_ADDRESS: value - 2 - Decimal("0.0001")}
    assert len(decoded["vin"][0]["txinwitness"]) == 2


def test_chained_transactions_are_mined_in_order(pair):
    _, a, _ = pair
    outpoint, value = coinbase_outpoint(a, 1)
    txids = []
    for _ in range(10):
        raw = pay_from_known_key(a, outpoint, value, {})
        value -= Decimal("0.0001")
        txids.append(a.rpc.sendrawtransaction(raw))
        outpoint = (txids[-1], 0)
    assert a.rpc.getmempoolentry(txids[-1])["ancestorcount"] == 10
    [block] = a.generate(1)
    assert a.rpc.getblock(block)["tx"][1:] == txids


def test_higher_fee_rate_is_mined_first(network):
    node = network.add()
    node.generate(103)
    txids = []
    for height, fee in ((1, "0.0001"), (2, "0.001"), (3, "0.0005")):
        outpoint, value = coinbase_outpoint(node, height)
        txids.append(node.rpc.sendrawtransaction(pay_from_known_key(node, outpoint, value, {}, Decimal(fee))))
    [block] = node.generate(1)
    assert node.rpc.getblock(block)["tx"][1:] == [txids[1], txids[2], txids[0]]
    assert node.rpc.getblock(block, 2)["tx"][0]["vout"][0]["value"] == 50 + Decimal("0.0016")


def test_spend_of_immature_coinbase_is_refused(pair):
    _, a, _ = pair
    outpoint, value = coinbase_outpoint(a, 50)
    expect_rpc_error(-26, "bad-txns-premature-spend-of-coinbase", a.rpc.sendrawtransaction,
                     pay_from_known_key(a, outpoint, value, {}))


def test_double_spend_with_lower_fee_is_refused(pair):
    _, a, _ = pair
    outpoint, value = coinbase_outpoint(a, 1)
    first = pay_from_known_key(a, outpoint, value, {OTHER_ADDRESS: Decimal(1)}, Decimal("0.001"))
    second = pay_from_known_key(a, outpoint, value, {OTHER_ADDRESS: Decimal(2)}, Decimal("0.0001"))
    txid = a.rpc.sendrawtransaction(first)
    expect_rpc_error(-26, "insufficient fee", a.rpc.sendrawtransaction, second)
    assert a.rpc.getrawmempool() == [txid]


def test_spend_of_spent_output_is_missing_inputs(pair):
    _, a, _ = pair
    outpoint, value = coinbase_outpoint(a, 1)
    first = pay_from_known_key(a, outpoint, value, {OTHER_ADDRESS: Decimal(1)})
    second = pay_from_known_key(a, outpoint, value, {OTHER_ADDRESS: Decimal(2)})
    a.rpc.sendrawtransaction(first)
    a.generate(1)
    expect_rpc_error(-25, "bad-txns-inputs-missingorspent", a.rpc.sendrawtransaction, second)


def test_damaged_signature_is_refused(pair):
    _, a, _ = pair
    outpoint, value = coinbase_outpoint(a, 1)
    raw = pay_from_known_key(a, outpoint, value, {OTHER_ADDRESS: Decimal(1)})
    signature = a.rpc.decoderawtransaction(raw)["vin"][0]["txinwitness"][0]
    damaged = signature[:20] + ("0" if signature[20] != "0" else "1") + signature[21:]
    error = expect_rpc_error(-26, "", a.rpc.sendrawtransaction, raw.replace(signature, damaged))
    assert "script-verify-flag-failed" in error.message or "mandatory-script-verify" in error.message
    assert a.rpc.getrawmempool() == []


def test_transaction_of_bytes_that_are_none_is_refused(pair):
    _, a, _ = pair
    expect_rpc_error(-22, "TX decode failed", a.rpc.sendrawtransaction, "00")
    expect_rpc_error(-22, "TX decode failed", a.rpc.sendrawtransaction, "zz")


def test_fee_above_the_maximum_is_refused(pair):
    _, a, _ = pair
    outpoint, value = coinbase_outpoint(a, 1)
    raw = pay_from_known_key(a, outpoint, value, {OTHER_ADDRESS: Decimal(1)}, Decimal(20))
    expect_rpc_error(-25, "Fee exceeds maximum configured by user", a.rpc.sendrawtransaction, raw)
    assert a.rpc.sendrawtransaction(raw, 0) in a.rpc.getrawmempool()
