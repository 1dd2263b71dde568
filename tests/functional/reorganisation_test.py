"""A network that is split, grows on both sides and is reconnected; also with an independent client."""

from decimal import Decimal

from foreign_peer import ForeignPeer
from framework import (KNOWN_ADDRESS, OTHER_ADDRESS, coinbase_outpoint, expect_rpc_error, pay_from_known_key,
                       wait_until)


def partition(network, left, right, left_blocks, right_blocks):
    """REQUIRES: both are connected and at the same tip. Returns the tips that they reach separately."""
    network.sync_blocks()
    network.disconnect(left, right)
    left.generate(left_blocks, KNOWN_ADDRESS)
    right.generate(right_blocks, OTHER_ADDRESS)
    return left.tip(), right.tip()


def test_healed_partition_longer_branch_wins(network):
    a, b = network.add(), network.add()
    network.connect(a, b)
    a.generate(10)
    short_tip, long_tip = partition(network, a, b, 3, 5)
    assert short_tip != long_tip
    network.connect(a, b)
    assert network.sync_blocks() == long_tip
    assert a.rpc.getblockcount() == 15
    tips = {tip["hash"]: tip for tip in a.rpc.getchaintips()}
    assert tips[long_tip]["status"] == "active" and tips[long_tip]["branchlen"] == 0
    assert tips[short_tip]["status"] == "valid-fork" and tips[short_tip]["branchlen"] == 3


def test_healed_partition_fork_is_counted(network):
    a, b = network.add(), network.add()
    network.connect(a, b)
    a.generate(10)
    partition(network, a, b, 3, 5)
    network.connect(a, b)
    network.sync_blocks()
    stats = a.rpc.getforkstats()
    assert (stats["heights_compared"], stats["forked_heights"], stats["stale_blocks"]) == (15, 3, 3)
    assert stats["mined_blocks"] == 18 and stats["reorganisation_depth_max"] == 3
    for name, rate in (("F_h", 3 / 15), ("S_t", 3 / 18), ("S_m", 3 / 15)):
        assert abs(float(stats[name]["rate"]) - rate) < 1e-6
        low, high = map(float, stats[name]["interval95"])
        assert low < rate < high


def test_equal_branches_first_seen_stays(network):
    a, b = network.add(), network.add()
    network.connect(a, b)
    a.generate(2)
    left, right = partition(network, a, b, 2, 2)
    network.connect(a, b)
    # Each node now knows the other branch, and stays on its own because of the tie.
    wait_until(lambda: {tip["hash"] for tip in a.rpc.getchaintips()} >= {left, right}, "a to learn of the other branch")
    assert (a.tip(), b.tip()) == (left, right)
    a.generate(1)
    assert network.sync_blocks() == a.tip()


def test_deep_reorganisation_every_block_of_the_branch_changes(network):
    a, b = network.add(), network.add()
    a.generate(120)
    b.generate(130, OTHER_ADDRESS)
    old = a.rpc.getblockhash(1)
    network.connect(a, b)
    assert network.sync_blocks() == b.tip()
    assert a.rpc.getblockhash(1) != old and a.rpc.getblockcount() == 130


def test_reorganisation_transaction_returns_to_the_mempool(network):
    a, b = network.add(), network.add()
    network.connect(a, b)
    a.generate(101)
    network.sync_blocks()
    outpoint, value = coinbase_outpoint(a, 1)
    network.disconnect(a, b)
    txid = a.rpc.sendrawtransaction(pay_from_known_key(a, outpoint, value, {OTHER_ADDRESS: Decimal(1)}))
    a.generate(1)
    assert a.rpc.getrawmempool() == [] and a.rpc.gettxout(txid, 0) is not None
    b.generate(2, OTHER_ADDRESS)
    network.connect(a, b)
    assert network.sync_blocks() == b.tip()
    assert a.rpc.getrawmempool() == [txid]


def test_forced_reorganisation_two_nodes_and_a_foreign_client_agree(network):
    a, b = network.add(), network.add()
    network.connect(a, b)
    a.generate(5)
    network.sync_blocks()
    with ForeignPeer(a.p2p_port).handshake() as foreign:
        assert foreign.sync_from_node() == a.tip()
        foreign.mine(4, from_height=3)
        foreign.announce_tip()
        wait_until(lambda: a.tip() == foreign.tip_hash, "the node to follow the foreign branch")
        network.sync_blocks()
        # The reverse: the independent client follows a reorganisation of the node.
        a.rpc.invalidateblock(a.rpc.getblockhash(6))
        b.rpc.invalidateblock(b.rpc.getblockhash(6))
        a.generate(3)
        network.sync_blocks()
        assert foreign.sync_from_node() == a.tip() == b.tip()
        assert foreign.height == 8


def test_getblockfrompeer_fetches_a_stale_block(network):
    a, b = network.add(), network.add()
    network.connect(a, b)
    a.generate(10)
    short_tip, long_tip = partition(network, a, b, 3, 5)
    late = network.add()
    network.connect(late, b)
    network.sync_blocks([b, late])
    # Of a branch with less work, only the headers are known.
    for height in (11, 12, 13):
        late.rpc.submitheader(a.rpc.getblockheader(a.rpc.getblockhash(height), False))
    network.connect(late, a)
    peer = max(peer["id"] for peer in late.rpc.getpeerinfo())
    expect_rpc_error(-1, "Block not available (not fully downloaded)", late.rpc.getblock, short_tip)
    expect_rpc_error(-8, "hash must be of length 64 (not 4, for '1234')", late.rpc.getblockfrompeer, "1234", peer)
    expect_rpc_error(-1, "Block header missing", late.rpc.getblockfrompeer, "00" * 32, peer)
    for nobody in (-1, peer + 1):
        expect_rpc_error(-1, "Peer does not exist", late.rpc.getblockfrompeer, short_tip, nobody)
    assert late.rpc.getblockfrompeer(short_tip, peer) == {}
    wait_until(lambda: late.rpc.getblockheader(short_tip)["nTx"] == 1, "the block")
    assert late.rpc.getblock(short_tip)["confirmations"] == -1
    expect_rpc_error(-1, "Block already downloaded", late.rpc.getblockfrompeer, short_tip, peer)
    assert late.tip() == long_tip
