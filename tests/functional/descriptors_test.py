"""Descriptors, signatures for several keys, and PSBTs, from RPC to blocks."""

from decimal import Decimal

import pytest

from framework import KNOWN_ADDRESS, OTHER_ADDRESS, coinbase_outpoint, expect_rpc_error, pay_from_known_key

# The secret keys 2, 3 and 4 of regtest, and their public keys.
SECRETS = ("cMahea7zqjxrtgAbB7LSGbcQUr1uX1ojuat9jZodMN87K7XCyj5v",
           "cMahea7zqjxrtgAbB7LSGbcQUr1uX1ojuat9jZodMN87KcLPVfXz",
           "cMahea7zqjxrtgAbB7LSGbcQUr1uX1ojuat9jZodMN87L7FgDCKE")
KEYS = ("02c6047f9441ed7d6d3045406e95c07cd85c778e4b8cef3ca7abac09b95c709ee5",
        "02f9308a019258c31049344f85f89d5229b531c845836f99b08601f113bce036f9",
        "02e493dbf1c10d80f3581e4904930b1404cc6c13900ee0758474fa94abe8c4cd13")
MULTI = "multi(2,{},{},{})".format(*KEYS)
X_ONLY = [key[2:] for key in KEYS]
FEE = Decimal("0.0001")


def checked(node, descriptor):
    return descriptor + "#" + node.rpc.getdescriptorinfo(descriptor)["checksum"]


def fund(node, descriptors, height=1):
    """Pays one coin to each descriptor, and mines the payment."""
    outpoint, value = coinbase_outpoint(node, height)
    addresses = [node.rpc.deriveaddresses(checked(node, each))[0] for each in descriptors]
    txid = node.rpc.sendrawtransaction(
        pay_from_known_key(node, outpoint, value, {address: Decimal(1) for address in addresses}))
    node.generate(1)
    outputs = node.rpc.getrawtransaction(txid, 1, node.tip())["vout"]
    places = {output["scriptPubKey"].get("address"): output for output in outputs}
    return [(txid, places[address]["n"], places[address]["scriptPubKey"]["hex"]) for address in addresses]


@pytest.fixture
def node(network):
    node = network.add()
    node.generate(103)
    return node


def test_every_form_is_found_signed_and_spent(node):
    two = f"{{pk({X_ONLY[1]}),multi_a(2,{X_ONLY[0]},{X_ONLY[2]})}}"
    forms = {f"sh(wpkh({KEYS[0]}))": {}, f"sh({MULTI})": {}, f"wsh({MULTI})": {},
             f"sh(wsh({MULTI}))": {}, f"tr({X_ONLY[0]})": {}, f"wsh(pkh({KEYS[0]}))": {}}
    coins = fund(node, list(forms))
    redeem = node.rpc.createmultisig(2, list(KEYS))["redeemScript"]
    scripts = {f"sh({MULTI})": redeem, f"wsh({MULTI})": redeem, f"sh(wsh({MULTI}))": redeem,
               f"sh(wpkh({KEYS[0]}))": "001406afd46bcdfd22ef94ac122aa11f241244a37ecc",
               f"wsh(pkh({KEYS[0]}))": "76a91406afd46bcdfd22ef94ac122aa11f241244a37ecc88ac"}
    found = node.rpc.scantxoutset("start", list(forms))
    assert {(coin["txid"], coin["vout"]) for coin in found["unspents"]} == {coin[:2] for coin in coins}
    assert all(coin["desc"].split("(")[0] in ("sh", "wsh", "tr") for coin in found["unspents"])
    for form, (txid, vout, script) in zip(forms, coins):
        raw = node.rpc.createrawtransaction([{"txid": txid, "vout": vout}], {OTHER_ADDRESS: 1 - FEE})
        previous = {"txid": txid, "vout": vout, "scriptPubKey": script, "amount": 1}
        if form in scripts:
            expect_rpc_error(-8, "Missing redeemScript/witnessScript",
                             node.rpc.signrawtransactionwithkey, raw, [], [previous])
            wrong = previous | {"redeemScript": "51"}
            expect_rpc_error(-8, "redeemScript/witnessScript does not match scriptPubKey",
                             node.rpc.signrawtransactionwithkey, raw, [], [wrong])
            previous["redeemScript"] = scripts[form]
        partly = node.rpc.signrawtransactionwithkey(raw, [SECRETS[0]], [previous])
        assert partly["complete"] == (MULTI not in form), form
        if MULTI in form:
            assert "possibly need more signatures" in partly["errors"][0]["error"]
            rest = node.rpc.signrawtransactionwithkey(raw, [SECRETS[2]], [previous])
            combined = node.rpc.combinerawtransaction([rest["hex"], partly["hex"]])
            node.rpc.sendrawtransaction(combined)
        else:
            node.rpc.sendrawtransaction(partly["hex"])
    assert len(node.rpc.getrawmempool()) == len(forms)
    node.generate(1)
    assert node.rpc.getrawmempool() == []
    # A tree is spent by the keys of a leaf.
    [(txid, vout, _)] = fund(node, [f"tr({X_ONLY[1]},{two})"], 2)
    psbt = node.rpc.createpsbt([{"txid": txid, "vout": vout}], {OTHER_ADDRESS: 1 - FEE})
    secret_tree = f"tr({X_ONLY[1]},{{pk({X_ONLY[1]}),multi_a(2,{SECRETS[0]},{SECRETS[2]})}})"
    done = node.rpc.descriptorprocesspsbt(psbt, [secret_tree])
    assert done["complete"]
    assert len(node.rpc.decoderawtransaction(done["hex"])["vin"][0]["txinwitness"]) == 4
    node.rpc.sendrawtransaction(done["hex"])


def test_psbt_goes_from_creator_to_extractor(node):
    [(txid, vout, _), (other, place, _)] = fund(node, [f"wsh({MULTI})", f"sh(wpkh({KEYS[0]}))"])
    inputs = [{"txid": txid, "vout": vout}, {"txid": other, "vout": place}]
    for version in (0, 2):
        psbt = node.rpc.createpsbt(inputs, {OTHER_ADDRESS: 2 - FEE}, psbt_version=version)
        assert node.rpc.analyzepsbt(psbt)["next"] == "updater"
        assert "fee" not in node.rpc.decodepsbt(psbt)
        updated = node.rpc.utxoupdatepsbt(psbt, [f"wsh({MULTI})", f"sh(wpkh({KEYS[0]}))"])
        decoded = node.rpc.decodepsbt(updated)
        assert decoded["fee"] == FEE and decoded["psbt_version"] == version
        assert decoded["inputs"][0]["witness_script"]["type"] == "multisig"
        assert len(decoded["inputs"][0]["bip32_derivs"]) == 3
        assert decoded["inputs"][1]["redeem_script"]["type"] == "witness_v0_keyhash"
        analysis = node.rpc.analyzepsbt(updated)
        assert analysis["next"] == "signer" and analysis["fee"] == FEE and analysis["estimated_vsize"] > 200
        parts = []
        for secret in SECRETS[:2]:
            keys = [secret if key == KEYS[SECRETS.index(secret)] else key for key in KEYS]
            descriptors = [f"wsh(multi(2,{','.join(keys)}))", f"sh(wpkh({SECRETS[0]}))"]
            part = node.rpc.descriptorprocesspsbt(updated, descriptors, "ALL", True, False)
            assert not part["complete"]
            parts.append(part["psbt"])
        combined = node.rpc.combinepsbt(parts)
        assert len(node.rpc.decodepsbt(combined)["inputs"][0]["partial_signatures"]) == 2
        assert node.rpc.analyzepsbt(combined)["next"] == "finalizer"
        final = node.rpc.finalizepsbt(combined, False)
        assert final["complete"] and node.rpc.analyzepsbt(final["psbt"])["next"] == "extractor"
        extracted = node.rpc.finalizepsbt(combined)
        [verdict] = node.rpc.testmempoolaccept([extracted["hex"]])
        assert verdict["allowed"], verdict
    node.rpc.sendrawtransaction(extracted["hex"])
    node.generate(1)
    assert node.rpc.gettxout(txid, vout) is None


def test_psbts_are_joined_and_converted(node):
    coins = fund(node, [f"wpkh({key})" for key in KEYS])
    psbts = [node.rpc.createpsbt([{"txid": txid, "vout": vout}], {OTHER_ADDRESS: 1 - FEE}, psbt_version=0)
             for txid, vout, _ in coins]
    joined = node.rpc.decodepsbt(node.rpc.joinpsbts(psbts))
    assert {(each["txid"], each["vout"]) for each in joined["tx"]["vin"]} == {coin[:2] for coin in coins}
    assert len(joined["tx"]["vout"]) == 3
    assert len({node.rpc.joinpsbts(psbts) for _ in range(20)}) > 1
    expect_rpc_error(-8, "exists in multiple PSBTs", node.rpc.joinpsbts, [psbts[0], psbts[0]])
    expect_rpc_error(-8, "At least two PSBTs are required", node.rpc.joinpsbts, psbts[:1])
    expect_rpc_error(-8, "PSBTs not compatible (different transactions)", node.rpc.combinepsbt, psbts)
    expect_rpc_error(-8, "Parameter 'txs' cannot be empty", node.rpc.combinepsbt, [])
    raw = node.rpc.createrawtransaction([{"txid": coins[0][0], "vout": coins[0][1]}], {OTHER_ADDRESS: 1 - FEE})
    assert node.rpc.converttopsbt(raw, False, None, 0) == psbts[0]
    signed = node.rpc.signrawtransactionwithkey(raw, [SECRETS[0]])["hex"]
    expect_rpc_error(-22, "Inputs must not have scriptSigs and scriptWitnesses", node.rpc.converttopsbt, signed)
    assert node.rpc.converttopsbt(signed, True, None, 0) == psbts[0]
    expect_rpc_error(-8, "The PSBT version can only be 2 or 0", node.rpc.converttopsbt, raw, False, None, 1)
    expect_rpc_error(-22, "TX decode failed invalid base64", node.rpc.decodepsbt, "?")


def test_wallet_funds_and_signs_psbts_and_watches_multisig(node):
    node.rpc.createwallet("w")
    node.rpc.createwallet("watch", True, True)
    wallet, watch = node.rpc.wallet("w"), node.rpc.wallet("watch")
    node.generate(1, wallet.getnewaddress())
    node.generate(100)
    created = wallet.walletcreatefundedpsbt([], [{OTHER_ADDRESS: 3}])
    assert created["fee"] > 0
    decoded = node.rpc.decodepsbt(created["psbt"])
    assert decoded["inputs"][0]["bip32_derivs"] and decoded["fee"] == created["fee"]
    assert decoded["outputs"][created["changepos"]]["bip32_derivs"]
    hidden = wallet.walletcreatefundedpsbt([], [{OTHER_ADDRESS: 3}], 0, {}, False)
    assert "bip32_derivs" not in node.rpc.decodepsbt(hidden["psbt"])["inputs"][0]
    unsigned = wallet.walletprocesspsbt(created["psbt"], False)
    assert not unsigned["complete"]
    signed = wallet.walletprocesspsbt(created["psbt"])
    assert signed["complete"]
    node.rpc.sendrawtransaction(signed["hex"])
    expect_rpc_error(-22, "Specified sighash value does not match value stored in PSBT", wallet.walletprocesspsbt,
                     wallet.walletprocesspsbt(hidden["psbt"], False, "NONE")["psbt"], True, "ALL")
    forms = [f"wsh({MULTI})", f"sh(wpkh({KEYS[1]}))", f"tr({X_ONLY[2]})"]
    results = watch.importdescriptors([{"desc": checked(node, form), "timestamp": "now"} for form in forms])
    assert [each["success"] for each in results] == [True] * 3
    coins = fund(node, forms, 3)
    unspent = {(coin["txid"], coin["vout"]): coin for coin in watch.listunspent()}
    assert set(unspent) == {coin[:2] for coin in coins}
    assert {coin["desc"].split("(")[0] for coin in unspent.values()} == {"wsh", "sh", "tr"}
    address = node.rpc.deriveaddresses(checked(node, forms[0]))[0]
    assert watch.getaddressinfo(address)["desc"].startswith("wsh(multi(2,[")
    assert KNOWN_ADDRESS != address
