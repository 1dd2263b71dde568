"""RPC methods on the chainstate: invalidating and preferring blocks, verification, statistics."""

from framework import OTHER_ADDRESS, expect_rpc_error, wait_until


def test_pruned_block_that_comes_again_can_be_read(network):
    node = network.add("-fastprune", "-prune=1", "-disablewallet")
    node.generate(600)
    second = node.rpc.getblockhash(2)
    raw = node.rpc.getblock(second, 0)
    assert node.rpc.pruneblockchain(400) > 2
    for height in (0, 2):
        expect_rpc_error(-1, "Block not available (pruned data)", node.rpc.getblock, node.rpc.getblockhash(height))
    assert node.rpc.submitblock(raw) == "inconclusive"
    for _ in range(2):
        assert node.rpc.getblock(second, 0) == raw
        for verbosity in (1, 2, 3):
            assert node.rpc.getblock(second, verbosity)["height"] == 2
        assert node.rpc.submitblock(raw) == "duplicate"
        node.stop()
        node.start()
    expect_rpc_error(-25, "pruned", node.rpc.invalidateblock, second)


def test_preciousblock_chooses_among_equals(network):
    a, b = network.add(), network.add()
    first = a.generate(2)[-1]
    second = b.generate(2, OTHER_ADDRESS)[-1]
    network.connect(a, b)
    wait_until(lambda: len(a.rpc.getchaintips()) == 2 and len(b.rpc.getchaintips()) == 2, "both branches on both")
    assert a.tip() == first and b.tip() == second
    for node, wish in ((a, second), (b, first), (a, first), (a, second), (b, second)):
        wait_until(lambda node=node, wish=wish: wish in [tip["hash"] for tip in node.rpc.getchaintips()
                                                         if tip["status"] != "headers-only"], "the block")
        assert node.rpc.preciousblock(wish) is None
        assert node.tip() == wish
    expect_rpc_error(-5, "Block not found", a.rpc.preciousblock, "00" * 32)


def test_verifychain_and_gettxoutsetinfo_agree_on_two_nodes(network):
    a, b = network.add(), network.add()
    a.generate(110)
    network.connect(b, a)
    network.sync_blocks()
    for level in range(5):
        assert a.rpc.verifychain(level, 0) is True
    assert a.rpc.verifychain() is True
    for kind in ("hash_serialized_3", "muhash"):
        mine, theirs = a.rpc.gettxoutsetinfo(kind), b.rpc.gettxoutsetinfo(kind)
        assert mine[kind] == theirs[kind] and len(mine[kind]) == 64
        assert (mine["height"], mine["txouts"], mine["transactions"]) == (110, 110, 110)
        assert mine["total_amount"] == 5500
    assert set(a.rpc.gettxoutsetinfo("none")) == {"height", "bestblock", "txouts", "bogosize", "total_amount",
                                                 "transactions", "disk_size"}
    expect_rpc_error(-8, "'sha3' is not a valid hash_type", a.rpc.gettxoutsetinfo, "sha3")


def test_getchaintips_names_every_state(network):
    node = network.add()
    blocks = node.generate(3)
    node.rpc.invalidateblock(blocks[2])
    other = node.generate(2, OTHER_ADDRESS)
    node.rpc.reconsiderblock(blocks[2])
    states = {tip["hash"]: (tip["status"], tip["branchlen"]) for tip in node.rpc.getchaintips()}
    assert states == {other[-1]: ("active", 0), blocks[2]: ("valid-fork", 1)}
    node.rpc.invalidateblock(other[0])
    states = {tip["hash"]: tip["status"] for tip in node.rpc.getchaintips()}
    assert states == {blocks[2]: "active", other[-1]: "invalid"}
    expect_rpc_error(-5, "Block not found", node.rpc.invalidateblock, "00" * 32)
    # Reconsidering a descendant clears its ancestors too.
    node.rpc.reconsiderblock(other[-1])
    assert node.tip() == other[-1]
    # A header without its block.
    node.rpc.invalidateblock(other[0])
    header = node.rpc.getblockheader(other[0], False)
    second = network.add()
    for block in blocks[:2]:
        second.rpc.submitblock(node.rpc.getblock(block, 0))
    second.rpc.submitheader(header)
    states = {tip["hash"]: tip["status"] for tip in second.rpc.getchaintips()}
    assert states == {blocks[1]: "active", other[0]: "headers-only"}
