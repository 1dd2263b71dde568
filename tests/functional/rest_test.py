"""REST: bitcoind's paths, answered without credentials, equal to what the RPC methods say."""

import http.client
import json
import struct
from decimal import Decimal

import pytest

from framework import KNOWN_ADDRESS, OTHER_ADDRESS, pay_from_known_key

UNKNOWN = "0000000000000000000000000000000000000000000000000000000000000001"


class RestClient:
    def __init__(self, node):
        self.node = node

    def request(self, path, body=None, method=None):
        """(status, content type, body)"""
        connection = http.client.HTTPConnection("127.0.0.1", self.node.rpc_port, timeout=30)
        try:
            connection.request(method or ("POST" if body is not None else "GET"), "/rest" + path, body)
            reply = connection.getresponse()
            return reply.status, reply.getheader("Content-Type"), reply.read()
        finally:
            connection.close()

    def json(self, path):
        status, kind, body = self.request(path)
        assert (status, kind) == (200, "application/json"), body
        assert body.endswith(b"\n")
        return json.loads(body, parse_float=Decimal)

    def bytes(self, path, query="", body=None):
        """The binary answer; the hexadecimal one must say the same."""
        status, kind, binary = self.request(path + ".bin" + query, body)
        assert (status, kind) == (200, "application/octet-stream"), binary
        status, kind, text = self.request(path + ".hex" + query, None if body is None else body.hex())
        assert (status, kind, text) == (200, "text/plain", binary.hex().encode() + b"\n")
        return binary

    def refusal(self, path, status, body=None):
        found, kind, text = self.request(path, body)
        assert (found, kind) == (status, "text/plain"), text
        assert text.endswith(b"\r\n")
        return text.decode().rstrip()


@pytest.fixture
def node(network):
    return network.add("-rest", "-txindex")


@pytest.fixture
def rest(node):
    return RestClient(node)


def test_off_by_default_and_unknown_paths_are_absent(network, rest):
    closed = RestClient(network.add())
    assert closed.request("/chaininfo.json")[0] == 404
    assert rest.request("/chaininfo.json")[0] == 200
    for path in ("/", "/nothing.json", "/tx", "x"):
        assert rest.request(path)[0] == 404, path


def test_blocks_and_headers(node, rest):
    hashes = [node.rpc.getblockhash(0)] + node.generate(7)
    tip = hashes[-1]
    raw = bytes.fromhex(node.rpc.getblock(tip, 0))
    assert rest.bytes(f"/block/{tip}") == raw
    assert rest.json(f"/block/{tip}.json") == node.rpc.getblock(tip, 3)
    assert rest.json(f"/block/notxdetails/{tip}.json") == node.rpc.getblock(tip, 1)
    assert rest.bytes(f"/blockpart/{tip}", "?offset=20&size=70") == raw[20:90]
    assert rest.json(f"/headers/{hashes[2]}.json?count=3") == [node.rpc.getblockheader(each) for each in hashes[2:5]]
    assert rest.json(f"/headers/3/{hashes[2]}.json") == rest.json(f"/headers/{hashes[2]}.json?count=3")
    assert len(rest.json(f"/headers/{hashes[0]}.json")) == 5
    assert rest.bytes(f"/headers/{tip}") == raw[:80]
    assert rest.json(f"/headers/{UNKNOWN}.json") == []
    assert rest.json("/blockhashbyheight/3.json") == {"blockhash": hashes[3]}
    assert rest.request("/blockhashbyheight/3.hex")[2].decode().strip() == hashes[3]
    assert rest.request("/blockhashbyheight/3.bin")[2][::-1].hex() == hashes[3]
    assert rest.json("/chaininfo.json") == node.rpc.getblockchaininfo()
    assert rest.json("/deploymentinfo.json") == node.rpc.getdeploymentinfo()
    assert rest.json(f"/deploymentinfo/{hashes[4]}.json") == node.rpc.getdeploymentinfo(hashes[4])
    # A block outside the best chain is there, but not among its headers.
    node.rpc.invalidateblock(tip)
    assert rest.json(f"/headers/{tip}.json") == []
    assert rest.json(f"/block/{tip}.json")["confirmations"] == -1


def test_transactions_and_outputs(node, rest):
    first = node.rpc.getblock(node.generate(101)[0], 2)["tx"][0]
    coin = (first["txid"], 0)
    value = first["vout"][0]["value"]
    txid = node.rpc.sendrawtransaction(pay_from_known_key(node, coin, value, {OTHER_ADDRESS: value - 1}), 0)
    raw = bytes.fromhex(node.rpc.getrawtransaction(txid))
    assert rest.bytes(f"/tx/{txid}") == raw
    assert rest.json("/mempool/info.json") == node.rpc.getmempoolinfo()
    assert rest.json("/mempool/contents.json") == node.rpc.getrawmempool(True)
    assert rest.json("/mempool/contents.json?verbose=false") == [txid]
    assert rest.json("/mempool/contents.json?verbose=false&mempool_sequence=true") == \
        node.rpc.getrawmempool(False, True)
    assert rest.json("/mempool/contents.json?%")
    # The payment counts with checkmempool only, and its coin is spent then.
    both = f"{coin[0]}-0/{txid}-0"
    assert rest.json(f"/getutxos/{both}.json")["bitmap"] == "10"
    unconfirmed = rest.json(f"/getutxos/checkmempool/{both}.json")
    assert (unconfirmed["bitmap"], unconfirmed["utxos"][0]["height"]) == ("01", 0x7FFFFFFF)
    block = node.generate(1)[0]
    found = rest.json(f"/getutxos/{both}.json")
    assert found["chaintipHash"] == block and found["chainHeight"] == 102 and found["bitmap"] == "01"
    assert found["utxos"] == [{"height": 102, "value": value - 1,
                               "scriptPubKey": node.rpc.gettxout(txid, 0)["scriptPubKey"]}]
    outpoints = b"".join(bytes.fromhex(each)[::-1] + struct.pack("<I", 0) for each in (coin[0], txid))
    binary = rest.bytes("/getutxos", body=b"\x00\x02" + outpoints)
    script = bytes.fromhex(found["utxos"][0]["scriptPubKey"]["hex"])
    assert binary == struct.pack("<I", 102) + bytes.fromhex(block)[::-1] + b"\x01\x02" + b"\x01" + \
        struct.pack("<IIq", 0, 102, int((value - 1) * 100_000_000)) + bytes([len(script)]) + script
    answer = rest.json(f"/tx/{txid}.json")
    assert answer["blockhash"] == block and answer["hex"] == raw.hex() and "confirmations" not in answer
    spent = rest.json(f"/spenttxouts/{block}.json")
    assert spent == [[], [{"value": value, "scriptPubKey": first["vout"][0]["scriptPubKey"]}]]
    script = bytes.fromhex(first["vout"][0]["scriptPubKey"]["hex"])
    assert rest.bytes(f"/spenttxouts/{block}") == b"\x02\x00\x01" + struct.pack("<q", int(value * 100_000_000)) + \
        bytes([len(script)]) + script


def test_refusals(node, rest):
    tip = node.generate(1, KNOWN_ADDRESS)[0]
    formats = "output format not found (available: .bin, .hex, .json)"
    for path, status, text in (
            ("/tx/xyz.json", 400, "Invalid hash: xyz"),
            (f"/tx/{UNKNOWN}.json", 404, f"{UNKNOWN} not found"),
            (f"/block/{UNKNOWN}.bin", 404, f"{UNKNOWN} not found"),
            (f"/block/{tip}%.json", 400, f"Invalid hash: {tip}%"),
            (f"/block/{tip}", 404, formats),
            (f"/headers/{tip}", 404, formats),
            ("/chaininfo.bin", 404, "output format not found (available: json)"),
            (f"/headers/{tip}.json?count=0", 400, "Header count is invalid or out of acceptable range (1-2000): 0"),
            (f"/headers/{tip}.json?count=5a", 400, "Header count is invalid or out of acceptable range (1-2000): 5a"),
            (f"/headers/1/2/{tip}.json", 400,
             "Invalid URI format. Expected /rest/headers/<hash>.<ext>?count=<count>"),
            ("/blockhashbyheight/+1.json", 400, "Invalid height: +1"),
            ("/blockhashbyheight/-1.json", 400, "Invalid height: -1"),
            ("/blockhashbyheight/.json", 400, "Invalid height: "),
            ("/blockhashbyheight/1000000.json", 404, "Block height out of range"),
            (f"/deploymentinfo/{UNKNOWN}.json", 400, "Block not found"),
            ("/mempool/other.json", 400, "Invalid URI format. Expected /rest/mempool/<info|contents>.json"),
            ("/mempool/contents.json?verbose=TRUE", 400,
             'The "verbose" query parameter must be either "true" or "false".'),
            ("/mempool/contents.json?mempool_sequence=true", 400,
             'Verbose results cannot contain mempool sequence values. (hint: set "verbose=false")'),
            (f"/blockpart/{tip}.bin?size=1", 400, "Block part offset missing or invalid"),
            (f"/blockpart/{tip}.bin?offset=1", 400, "Block part size missing or invalid"),
            (f"/blockpart/{tip}.json?offset=0&size=1", 400,
             "JSON output is not supported for this request type"),
            (f"/blockpart/{tip}.bin?offset=1&size=9000000", 400,
             f"Bad block part offset/size 1/9000000 for {tip}"),
            ("/getutxos.json", 400, "Error: empty request"),
            ("/getutxos/checkmempool.json", 400, "Error: empty request"),
            (f"/getutxos/{UNKNOWN}.json", 400, "Parse error"),
            (f"/getutxos/{UNKNOWN}-+1.json", 400, "Parse error"),
            ("/getutxos/" + "/".join(f"{UNKNOWN}-{n}" for n in range(16)) + ".json", 400,
             "Error: max outpoints exceeded (max: 15, tried: 16)")):
        assert rest.refusal(path, status) == text.rstrip(), path
    assert rest.refusal("/getutxos.bin", 400, body=b"\x01\xff") == "Parse error"
    assert rest.refusal(f"/getutxos/{UNKNOWN}-0.bin", 400, body=b"\x01") == \
        "Combination of URI scheme inputs and raw post data is not allowed"
