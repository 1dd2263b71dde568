"""Mining by RPC, and synchronisation between two or more nodes."""

import hashlib

from framework import KNOWN_ADDRESS, OTHER_ADDRESS, expect_rpc_error

GENESIS = "0f9188f13cb7b2c71f2a335e3a4fc328bf5beb436012afca590b1a11466e2206"


def test_start_empty_datadir_is_at_genesis(network):
    node = network.add()
    info = node.rpc.getblockchaininfo()
    assert (info["chain"], info["blocks"], info["headers"]) == ("regtest", 0, 0)
    assert info["bestblockhash"] == GENESIS == node.rpc.getblockhash(0)
    assert node.rpc.getnetworkinfo()["subversion"].startswith("/Satoshi:31.0.0/Parley:")


def test_generatetoaddress_extends_the_chain(network):
    node = network.add()
    hashes = node.generate(5)
    assert len(set(hashes)) == 5 and node.rpc.getblockcount() == 5
    assert [node.rpc.getblockhash(height) for height in range(1, 6)] == hashes
    block = node.rpc.getblock(hashes[-1], 2)
    assert block["previousblockhash"] == hashes[-2] and block["height"] == 5 and block["confirmations"] == 1
    [coinbase] = block["tx"]
    assert coinbase["vout"][0]["value"] == 50
    assert coinbase["vout"][0]["scriptPubKey"]["address"] == KNOWN_ADDRESS


def test_subsidy_after_halving_interval_is_half(network):
    node = network.add()
    hashes = node.generate(151)
    values = [node.rpc.getblock(block, 2)["tx"][0]["vout"][0]["value"] for block in (hashes[148], hashes[149])]
    assert values == [50, 25]  # heights 149 and 150


def test_getblock_verbosities_agree(network):
    node = network.add()
    [block] = node.generate(1)
    raw, short, full = (node.rpc.getblock(block, verbosity) for verbosity in (0, 1, 2))
    assert len(raw) == 2 * short["size"] and raw[:160] == node.rpc.getblockheader(block, False)
    assert short["tx"] == [transaction["txid"] for transaction in full["tx"]]
    assert raw.endswith(full["tx"][-1]["hex"])


def test_gettxout_coinbase_is_there_until_it_is_disconnected(network):
    node = network.add()
    [block] = node.generate(1)
    txid = node.rpc.getblock(block)["tx"][0]
    coin = node.rpc.gettxout(txid, 0)
    assert (coin["value"], coin["coinbase"], coin["confirmations"]) == (50, True, 1)
    node.rpc.invalidateblock(block)
    assert node.rpc.gettxout(txid, 0) is None and node.rpc.getblockcount() == 0
    node.rpc.reconsiderblock(block)
    assert node.tip() == block and node.rpc.gettxout(txid, 0)["value"] == 50


def test_sync_connected_peer_gets_each_new_block(network):
    a, b = network.add(), network.add()
    network.connect(a, b)
    for miner in (a, b, a):
        miner.generate(2)
        network.sync_blocks()
    assert a.rpc.getblockcount() == 6


def test_sync_late_peer_fetches_the_whole_chain(network):
    a = network.add()
    a.generate(300)
    b = network.add()
    network.connect(b, a)
    assert network.sync_blocks() == a.tip()
    assert b.rpc.getblockcount() == 300


def test_sync_through_a_node_in_the_middle(network):
    a, middle, b = network.add(), network.add(), network.add()
    network.connect(a, middle)
    network.connect(middle, b)
    a.generate(3)
    network.sync_blocks()
    b.generate(3, OTHER_ADDRESS)
    network.sync_blocks()
    assert a.rpc.getblockcount() == 6


def test_submitblock_block_of_another_node_is_accepted_once(network):
    a, b = network.add(), network.add()
    [block] = a.generate(1)
    raw = a.rpc.getblock(block, 0)
    assert b.rpc.submitblock(raw) is None and b.tip() == block
    assert b.rpc.submitblock(raw) == "duplicate"
    expect_rpc_error(-22, "Block decode failed", b.rpc.submitblock, raw[:-2])


def test_submitblock_damaged_block_is_refused_with_bitcoinds_word(network):
    a, b = network.add(), network.add()
    [block] = a.generate(1)
    raw = bytearray.fromhex(a.rpc.getblock(block, 0))
    raw[40] ^= 1  # the Merkle root; the hash changes too, so search a nonce that fulfils the target again
    while int.from_bytes(double_sha256(raw[:80]), "little") >> 255:
        raw[76] = (raw[76] + 1) % 256
    assert b.rpc.submitblock(raw.hex()) == "bad-txnmrklroot"
    assert b.rpc.getblockcount() == 0


def double_sha256(data):
    return hashlib.sha256(hashlib.sha256(bytes(data)).digest()).digest()
