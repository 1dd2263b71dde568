"""What real clients ask during their main job, and that the answers have every field, of the same type, that they get
from bitcoind.

The records are in the folder that PARLEY_CLIENTS names, else in ../shared/clients beside the source tree; it is no
part of the tree, and without it these tests are skipped. A line is one kind of request with the shape of the answer.
Hashes, addresses and transactions of the record are replaced by ones that exist here.
"""

import json
import os
from decimal import Decimal
from pathlib import Path

import pytest

from framework import KNOWN_ADDRESS, REPOSITORY, RpcError

FOLDER = Path(os.environ.get("PARLEY_CLIENTS", REPOSITORY.parent / "shared" / "clients"))
CLIENTS = sorted(path.stem for path in FOLDER.glob("*.jsonl"))
# Requests that only make sense in the record's own chain: they spend its coins, sign with its keys, or change what the
# other requests find here.
OWN_CHAIN = {"sendrawtransaction", "testmempoolaccept", "submitpackage", "submitblock", "decodepsbt", "analyzepsbt",
             "finalizepsbt", "sendtoaddress", "bumpfee", "createwallet", "generatetoaddress", "importdescriptors",
             "signmessage", "verifymessage", "encryptwallet", "walletcreatefundedpsbt"}
# Answers that are missing in part. A field that is there again must leave the list.
KNOWN_GAPS = {
    "getnewaddress": "legacy, p2sh-segwit and bech32m addresses belong to a wallet of more types",
    "getnetworkinfo": {"tx_send_rate", "inv_buckets"},
    # The wallet.
    "getbalances": {"mine.nonmempool"},
    "getaddressinfo": {"hdseedid"},
    "listtransactions": {"[].alternate_wtxids"},
    "listsinceblock": {"transactions[].alternate_wtxids", "transactions[].fee", "transactions[].replaced_by_txid",
                       "transactions[].trusted"},
    "listunspent": {"[].redeemScript"},
}


class Stage:
    """A node on which every kind of request finds something."""

    def __init__(self, network):
        self.node = network.add("-txindex", "-fallbackfee=0.0001")
        self.node.rpc.createwallet("w1")
        self.wallet = self.node.rpc.wallet("w1")
        self.address = self.wallet.getnewaddress("lbl")
        self.node.generate(450, self.address)
        self.mined = self.wallet.sendtoaddress(KNOWN_ADDRESS, Decimal(1))
        self.block = self.node.generate(2, self.address)[0]
        self.coinbase = self.node.rpc.getblock(self.block)["tx"][0]
        self.waiting = self.wallet.sendtoaddress(KNOWN_ADDRESS, Decimal(1))

    def parameters(self, method, recorded, shape):
        if not isinstance(recorded, list):
            return recorded or []
        of_coinbase = method == "getrawtransaction" and "coinbase" in json.dumps(shape)
        return [self.replace(method, position, value, of_coinbase) for position, value in enumerate(recorded)]

    def replace(self, method, position, value, of_coinbase):
        if not isinstance(value, str) or len(value) != 64:
            return self.address if isinstance(value, str) and value.startswith("bcrt1") else value
        if method.startswith("getmempool"):
            return self.waiting
        if method == "gettxout":
            return self.coinbase
        if method == "getrawtransaction" and position == 0:
            return self.coinbase if of_coinbase else self.mined
        return self.block


def fits(kind, value):
    if kind == "number":
        return isinstance(value, (int, Decimal)) and not isinstance(value, bool)
    if kind == "boolean":
        return isinstance(value, bool)
    if kind == "null":
        return value is None
    return isinstance(value, str)


def missing(shape, value, place=""):
    """What the shape has and the value lacks, as a list of places."""
    if isinstance(shape, dict) and list(shape) == ["<txid>"]:
        return missing(shape["<txid>"], next(iter(value.values())), f"{place}.<txid>") if value else []
    if isinstance(shape, dict):
        if not isinstance(value, dict):
            return [f"{place or '.'}: an object"]
        gaps = []
        for name, inner in shape.items():
            gaps += missing(inner, value[name], f"{place}.{name}") if name in value else [f"{place}.{name}"]
        return gaps
    if isinstance(shape, list):
        if not isinstance(value, list):
            return [f"{place or '.'}: an array"]
        return missing(shape[0], value[0], f"{place}[]") if shape and value else []
    return [] if fits(shape, value) else [f"{place or '.'}: {shape}"]


def places(shape, place=""):
    """All places that a shape names."""
    if isinstance(shape, dict):
        return {inner for name, value in shape.items()
                for inner in {f"{place}.{name}"} | places(value, f"{place}.{name}")}
    return places(shape[0], f"{place}[]") if isinstance(shape, list) and shape else set()


@pytest.mark.skipif(not CLIENTS, reason="no records of clients")
@pytest.mark.parametrize("client", CLIENTS)
def test_answers_have_the_fields_that_the_client_gets_from_bitcoind(network, client):
    stage = Stage(network)
    gaps = {}
    asked = 0
    for line in (FOLDER / f"{client}.jsonl").read_text(encoding="utf-8").splitlines():
        record = json.loads(line)
        method, shape = record["method"], record.get("core_shape")
        if method in OWN_CHAIN or shape is None:
            continue
        parameters = stage.parameters(method, record["params"], shape)
        target = stage.wallet if "/wallet/" in record["url"] or client == "bitcoinjs" else stage.node.rpc
        asked += 1
        try:
            answer = target.call(method, *parameters) if isinstance(parameters, list) \
                else target.call(method, **parameters)
        except RpcError as error:
            found = {f"error {error.code}: {error.message[:80]}"}
        else:
            found = set(missing(shape, answer))
        known = KNOWN_GAPS.get(method, set())
        if isinstance(known, str):
            continue
        found = {place.lstrip(".") for place in found}
        closed = known & {place.lstrip(".") for place in places(shape)} - found
        problems = sorted(found - known) + [f"{place} is there, and still in KNOWN_GAPS" for place in sorted(closed)]
        if problems:
            gaps[f"{method} {json.dumps(record['params'])[:60]}"] = problems
    assert asked > 0
    assert not gaps, json.dumps(gaps, indent=1)
