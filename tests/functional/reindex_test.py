"""-reindex, -reindex-chainstate and -prune: rebuilt data equals the original, and pruned data is reported as such."""

import random
import shutil

from foreign_peer import ForeignPeer
from framework import OTHER_ADDRESS, coinbase_outpoint, expect_rpc_error, pay_from_known_key, wait_until

KEPT = 288
NETWORK, NETWORK_LIMITED = 1, 1024  # service bits


def state(node):
    utxo = node.rpc.gettxoutsetinfo("muhash")
    return node.tip(), utxo["muhash"], utxo["txouts"]


def make_chain(node, count=150):
    """A chain with a stale branch, so that the files contain blocks out of order."""
    node.generate(count)
    fork = node.rpc.getblockhash(count - 5)
    node.rpc.invalidateblock(fork)
    node.generate(8, OTHER_ADDRESS)
    node.rpc.reconsiderblock(fork)


def test_reindex_makes_the_same_chain_from_the_files(network):
    node = network.add("-fastprune")
    make_chain(node, 400)
    before, tips = state(node), node.rpc.getchaintips()
    assert len(list((node.chain_folder / "blocks").glob("blk*.dat"))) > 1
    for option in ("-reindex", "-reindex-chainstate"):
        node.restart([option])
        wait_until(lambda: node.tip() == before[0], "the same tip")
        assert state(node) == before
        assert node.rpc.verifychain(4, 0) is True
        assert {tip["hash"] for tip in node.rpc.getchaintips()} == {tip["hash"] for tip in tips}
        # New blocks do not overwrite blocks that were read.
        before = (node.generate(1)[0], *state(node)[1:])
        node.restart()
        assert state(node) == before and node.rpc.verifychain(4, 0) is True
        tips = node.rpc.getchaintips()


def test_reindex_after_the_index_was_lost(network):
    node = network.add()
    make_chain(node)
    before = state(node)
    node.stop()
    shutil.rmtree(node.chain_folder / "blocks" / "index")
    shutil.rmtree(node.chain_folder / "chainstate")
    assert "-reindex" in node.expect_start_failure()
    node.start(["-reindex"])
    wait_until(lambda: node.tip() == before[0], "the same tip")
    assert state(node) == before


def test_reindex_killed_goes_on_at_the_next_start(network):
    seed = random.SystemRandom().randrange(2**32)
    print(f"seed {seed}")
    chooser = random.Random(seed)
    node = network.add("-fastprune")
    make_chain(node, 500)
    before = state(node)
    node.stop()
    for option in ("-reindex", "-reindex-chainstate"):
        node.spawn([option])
        for _ in range(3):
            try:
                node.process.wait(chooser.uniform(0.01, 0.15))
            except Exception:  # it still runs, as it should
                pass
            node.kill()
            try:
                node.start()
            except AssertionError:
                # Killed while the old index was being removed: the next start tells the user what to do.
                assert "-reindex" in node.stderr()
                node.process = None
                node.start([option])
            node.kill()
            node.spawn()
        node.kill()
        node.start()
        wait_until(lambda: node.tip() == before[0], "the same tip")
        assert state(node) == before
        assert node.rpc.verifychain(4, 0) is True
        node.stop()


def test_reindex_damaged_block_ends_the_chain_before_it(network):
    node = network.add()
    hashes = node.generate(30)
    node.stop()
    path = node.chain_folder / "blocks" / "blk00000.dat"
    data = bytearray(path.read_bytes())
    at = data.index(bytes.fromhex(hashes[19])[::-1])  # in block 21, as its parent
    data[at + 40] ^= 1
    path.write_bytes(data)
    node.start(["-reindex"])
    wait_until(lambda: node.rpc.getblockcount() == 20, "the blocks before the damage")
    assert node.rpc.verifychain(4, 0) is True


def expect_blocks_by_depth(node):
    """BIP159: the node serves the last 288 blocks and two more; it disconnects a peer that requests an older one."""
    with ForeignPeer(node.p2p_port).handshake() as peer:
        assert peer.version.nServices & (NETWORK | NETWORK_LIMITED) == NETWORK_LIMITED
        tip = node.rpc.getblockcount()
        hashes = [bytes.fromhex(node.rpc.getblockhash(tip - depth))[::-1] for depth in (KEPT + 2, KEPT + 3)]
        peer.request_block(hashes[0])
        peer.send_getdata(hashes[1])
        peer.wait_for_disconnect()
        assert len(peer.payloads(b"block")) == 1


def test_prune_removes_old_files_and_says_so(network):
    source = network.add()
    source.generate(900)
    node = network.add("-prune=1", "-fastprune")
    network.connect(node, source)
    network.sync_blocks()
    info = node.rpc.getblockchaininfo()
    assert info["pruned"] is True and info["automatic_pruning"] is False and info["pruneheight"] == 0
    assert "prune_target_size" not in info
    both = NETWORK | NETWORK_LIMITED
    assert int(node.rpc.getnetworkinfo()["localservices"], 16) & both == NETWORK_LIMITED
    assert int(source.rpc.getnetworkinfo()["localservices"], 16) & both == both
    before = state(node)
    assert node.rpc.pruneblockchain(1) == -1  # less than a file
    height = node.rpc.pruneblockchain(500)
    assert 0 < height <= 500
    assert node.rpc.getblockchaininfo()["pruneheight"] == height + 1
    expect_rpc_error(-1, "Block not available (pruned data)", node.rpc.getblock, node.rpc.getblockhash(height))
    node.rpc.getblock(node.rpc.getblockhash(height + 1), 2)
    assert node.rpc.getblockheader(node.rpc.getblockhash(5))["height"] == 5
    assert not (node.chain_folder / "blocks" / "blk00000.dat").exists()
    assert node.rpc.pruneblockchain(900) <= 900 - KEPT
    expect_rpc_error(-8, "Blockchain is shorter than the attempted prune height.", node.rpc.pruneblockchain, 901)
    expect_rpc_error(-8, "Negative block height.", node.rpc.pruneblockchain, -1)
    expect_rpc_error(-1, "not in prune mode", source.rpc.pruneblockchain, 1)
    assert state(node) == before and node.rpc.verifychain(4, 100) is True
    expect_blocks_by_depth(node)
    node.kill()
    node.start()
    assert state(node) == before
    source.generate(10)
    network.connect(node, source)
    network.sync_blocks()
    node.stop()
    node.options = []
    assert "-reindex" in node.expect_start_failure()


def test_prune_reorganisation_within_what_is_kept(network):
    node = network.add("-prune=1", "-fastprune")
    blocks = node.generate(700)
    node.rpc.pruneblockchain(700)
    node.rpc.invalidateblock(blocks[500])
    node.generate(250, OTHER_ADDRESS)
    tip = node.tip()
    node.rpc.reconsiderblock(blocks[500])
    assert node.tip() == tip
    assert node.rpc.verifychain(4, 280) is True
    node.restart()
    assert node.tip() == tip


def test_prune_automatic_keeps_the_size(network):
    node = network.add("-prune=2", "-fastprune")
    for _ in range(6):
        # Many empty blocks: large blocks would take long to create, and only the number of files matters.
        node.generate(1500)
    info = node.rpc.getblockchaininfo()
    assert info["automatic_pruning"] is True and info["prune_target_size"] == 2 << 20
    assert info["pruneheight"] > 0 and info["size_on_disk"] < 2 << 20


def test_prune_options_are_checked(network):
    node = network.add(start=False)
    assert "minimum of 550 MiB" in node.expect_start_failure(["-prune=549"])
    assert "Use full -reindex" in node.expect_start_failure(["-prune=550", "-reindex-chainstate"])


def test_txindex_catches_up_and_finds_transactions(network):
    node = network.add()
    node.generate(300)
    txid = node.rpc.getblock(node.rpc.getblockhash(150))["tx"][0]
    expect_rpc_error(-5, "Use -txindex or provide a block hash", node.rpc.getrawtransaction, txid)
    assert node.rpc.getindexinfo() == {}
    node.restart(["-txindex"])
    wait_until(lambda: node.rpc.getindexinfo()["txindex"] == {"synced": True, "best_block_height": 300}, "the index")
    found = node.rpc.getrawtransaction(txid, 1)
    assert found["blockhash"] == node.rpc.getblockhash(150) and found["confirmations"] == 151
    assert "in_active_chain" not in found
    assert node.rpc.getindexinfo("other") == {}
    newest = node.rpc.getblock(node.generate(1)[0])["tx"][0]
    assert node.rpc.getrawtransaction(newest, 1)["confirmations"] == 1
    expect_rpc_error(-5, "No such mempool or blockchain transaction", node.rpc.getrawtransaction, "11" * 32)
    node.kill()
    node.start(["-txindex"])
    wait_until(lambda: node.rpc.getindexinfo()["txindex"]["synced"], "the index")
    assert node.rpc.getrawtransaction(newest, 2)["txid"] == newest
    node.stop()
    assert "incompatible with -txindex" in node.expect_start_failure(["-txindex", "-prune=550"])


def test_reindex_keeps_the_mempool(network):
    node = network.add("-fastprune")
    make_chain(node, 400)
    outpoint, value = coinbase_outpoint(node, 1)
    txid = node.rpc.sendrawtransaction(pay_from_known_key(node, outpoint, value, {OTHER_ADDRESS: 1}))
    node.restart(["-reindex"])
    # Its coins are there when the last block is.
    wait_until(lambda: node.rpc.getmempoolinfo()["loaded"], "the mempool")
    assert node.rpc.getrawmempool() == [txid]
