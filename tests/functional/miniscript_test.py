"""Miniscript from descriptor to block: vaults whose paths open by key, by time and by preimage."""

import base64
import hashlib
from decimal import Decimal

import pytest

from descriptors_test import FEE, KEYS, SECRETS, X_ONLY, checked, fund
from framework import OTHER_ADDRESS, expect_rpc_error

# BIP341's point that nobody knows the logarithm of.
NO_KEY = "50929b74c1a04954b78b4b6035e97a5e078a5a0f28ec96d547bfee9ace803ac0"
DELAY = 10
PREIMAGE = bytes(range(32))
DIGEST = hashlib.sha256(PREIMAGE).hexdigest()


@pytest.fixture
def node(network):
    node = network.add()
    node.generate(103)
    return node


def vault(form, hot, cold):
    """`hot` spends after DELAY blocks, `cold` at once."""
    policy = f"andor(pk({hot}),older({DELAY}),pk({cold}))"
    return f"wsh({policy})" if form == "wsh" else f"tr({NO_KEY},{policy})"


def import_into(node, name, descriptor):
    node.rpc.createwallet(name, blank=True)
    wallet = node.rpc.wallet(name)
    [result] = wallet.importdescriptors([{"desc": checked(node, descriptor), "timestamp": "now"}])
    assert result["success"], result
    return wallet


def spend(node, coin, sequence, locktime=0):
    txid, vout, _ = coin
    return node.rpc.createrawtransaction([{"txid": txid, "vout": vout, "sequence": sequence}],
                                         {OTHER_ADDRESS: 1 - FEE}, locktime)


@pytest.mark.parametrize("form", ["wsh", "tr"])
def test_vault_is_spent_by_each_path(node, form):
    keys = KEYS if form == "wsh" else X_ONLY
    hot = import_into(node, "hot", vault(form, SECRETS[0], keys[1]))
    cold = import_into(node, "cold", vault(form, keys[0], SECRETS[1]))
    public = vault(form, keys[0], keys[1])
    first, second = fund(node, [public])[0], fund(node, [public], 2)[0]
    assert hot.getbalances()["mine"]["trusted"] == cold.getbalances()["mine"]["trusted"] == 2
    info = hot.getaddressinfo(node.rpc.deriveaddresses(checked(node, public))[0])
    assert info["solvable"] and "andor(pk(" in info["desc"] and f",older({DELAY})," in info["desc"]

    # At once: only the cold key.
    at_once = spend(node, first, 0)
    assert not hot.signrawtransactionwithwallet(at_once)["complete"]
    signed = cold.signrawtransactionwithwallet(at_once)
    assert signed["complete"], signed
    assert node.rpc.testmempoolaccept([signed["hex"]])[0]["allowed"]
    node.rpc.sendrawtransaction(signed["hex"])

    # Later: the hot key too, if the input's sequence says so, and not before.
    delayed = spend(node, second, DELAY)
    psbt = hot.walletprocesspsbt(node.rpc.converttopsbt(delayed))
    assert psbt["complete"]
    verdict = node.rpc.testmempoolaccept([psbt["hex"]])[0]
    assert not verdict["allowed"] and verdict["reject-reason"] == "non-BIP68-final"
    node.generate(DELAY)
    node.rpc.sendrawtransaction(psbt["hex"])
    node.generate(1)
    assert node.rpc.getrawmempool() == []
    assert hot.getbalances()["mine"]["trusted"] == 0


@pytest.mark.parametrize("form", ["wsh", "tr"])
def test_psbt_passes_from_signer_to_finalizer(node, form):
    keys = KEYS if form == "wsh" else X_ONLY
    public = vault(form, keys[0], keys[1])
    [coin] = fund(node, [public])
    psbt = node.rpc.utxoupdatepsbt(node.rpc.converttopsbt(spend(node, coin, 0)), [public])
    assert not node.rpc.finalizepsbt(psbt)["complete"]
    unable = node.rpc.descriptorprocesspsbt(psbt, [vault(form, SECRETS[0], keys[1])])
    assert not unable["complete"]
    able = node.rpc.descriptorprocesspsbt(psbt, [vault(form, keys[0], SECRETS[1])],
                                          "DEFAULT" if form == "tr" else "ALL", True, False)
    # Two signatures: the finalizer takes the path that is open.
    combined = node.rpc.combinepsbt([unable["psbt"], able["psbt"]])
    final = node.rpc.finalizepsbt(combined)
    assert final["complete"]
    node.rpc.sendrawtransaction(final["hex"])


def with_sha256_preimage(psbt):
    """Adds PSBT_IN_SHA256 to the first input."""
    data = base64.b64decode(psbt)
    position = 5
    while data[position]:  # the records of the global map; all are shorter than 253 bytes
        position += 1 + data[position]
        position += 1 + data[position]
    position += 1
    record = b"\x21\x0b" + bytes.fromhex(DIGEST) + b"\x20" + PREIMAGE
    return base64.b64encode(data[:position] + record + data[position:]).decode()


def test_preimage_of_a_psbt_opens_a_hash_lock(node):
    for height, (form, keys) in enumerate((("wsh({})", KEYS), (f"tr({NO_KEY},{{}})", X_ONLY)), 1):
        policy = "and_v(v:pk({}),sha256(" + DIGEST + "))"
        public, secret = (form.format(policy.format(key)) for key in (keys[0], SECRETS[0]))
        [coin] = fund(node, [public], height)
        psbt = node.rpc.converttopsbt(spend(node, coin, 0))
        without = node.rpc.descriptorprocesspsbt(psbt, [secret])
        assert not without["complete"]
        signed = with_sha256_preimage(without["psbt"])
        assert node.rpc.decodepsbt(signed)["inputs"][0]["sha256_preimages"] == {DIGEST: PREIMAGE.hex()}
        final = node.rpc.finalizepsbt(signed)
        assert final["complete"]
        assert PREIMAGE.hex() in node.rpc.decoderawtransaction(final["hex"])["vin"][0]["txinwitness"]
        node.rpc.sendrawtransaction(final["hex"])


def test_absolute_lock_needs_the_locktime(node):
    descriptor = f"wsh(and_v(v:pkh({SECRETS[0]}),after(110)))"
    wallet = import_into(node, "later", descriptor)
    [coin] = fund(node, [f"wsh(and_v(v:pkh({KEYS[0]}),after(110)))"])
    assert not wallet.signrawtransactionwithwallet(spend(node, coin, 0, 109))["complete"]
    signed = wallet.signrawtransactionwithwallet(spend(node, coin, 0, 110))
    assert signed["complete"]
    assert node.rpc.testmempoolaccept([signed["hex"]])[0]["reject-reason"] == "non-final"
    node.generate(110 - node.rpc.getblockcount())
    node.rpc.sendrawtransaction(signed["hex"])


def test_keys_and_witness_script_are_enough_to_sign(node):
    [(txid, vout, script)] = fund(node, [f"wsh(and_v(v:pk({KEYS[0]}),older({DELAY})))"])
    raw = spend(node, (txid, vout, script), DELAY)
    previous = {"txid": txid, "vout": vout, "scriptPubKey": script, "amount": 1,
                "witnessScript": "21" + KEYS[0] + "ad5ab2"}
    assert not node.rpc.signrawtransactionwithkey(raw, [SECRETS[1]], [previous])["complete"]
    signed = node.rpc.signrawtransactionwithkey(raw, [SECRETS[0]], [previous])
    assert signed["complete"], signed
    node.generate(DELAY)
    node.rpc.sendrawtransaction(signed["hex"])


def test_inferred_and_refused_descriptors_speak_as_bitcoind_does(node):
    public = f"wsh(and_v(v:pk({KEYS[0]}),older({DELAY})))"
    fund(node, [public])
    [coin] = node.rpc.scantxoutset("start", [public])["unspents"]
    assert coin["desc"].startswith("wsh(and_v(v:pk([") and coin["desc"].count(f"older({DELAY})") == 1
    decoded = node.rpc.decodescript("21" + KEYS[0] + "ad5ab2")
    assert decoded["segwit"]["desc"] == checked(node, public)
    # A hashed time lock contract; and one whose opcodes are in the order of no fragment.
    start, key = "82012088a914" + "f" * 40 + "8821", NO_KEY
    contract = f"wsh(and_v(and_v(v:hash160({'f' * 40}),v:pk(02{key})),older(1)))"
    assert node.rpc.decodescript(f"{start}02{key}ad51b2")["segwit"]["desc"] == contract + "#gm8xz4fl"
    assert node.rpc.decodescript(f"{start}02{key}acb2")["segwit"]["desc"].startswith("addr(")
    for descriptor, error in (
            (f"wsh(and_v(v:pk({KEYS[0]}),pk({KEYS[0]})))",
             f"and_v(v:pk({KEYS[0]}),pk({KEYS[0]})) is not sane: contains duplicate public keys"),
            ("wsh(older(3))", "older(3) is not sane: witnesses without signature exist"),
            (f"wsh(and_v(pk({KEYS[0]}),older(3)))", f"and_v(pk({KEYS[0]}),older(3)) is invalid"),
            ("wsh(and_v(older(3)))", "A function is needed within P2WSH")):
        expect_rpc_error(-5, error, node.rpc.getdescriptorinfo, descriptor)
