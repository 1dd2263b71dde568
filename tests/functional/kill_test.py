"""kill -9 at random moments of a sync from another node. PARLEY_KILLS sets the number (default: a few)."""

import contextlib
import http.client
import os
import random
import shutil
import time
from decimal import Decimal

from framework import KNOWN_ADDRESS, OTHER_ADDRESS, coinbase_outpoint, pay_from_known_key, wait_until

KILLS = int(os.environ.get("PARLEY_KILLS", "8"))
BLOCKS = 1200
SPENDS = 150
OUTPUTS = 20
REORGANISATION = 30


def make_chain(node):
    """A chain with spends, and a branch that a sync may have to leave."""
    node.generate(101 + SPENDS)
    for height in range(1, SPENDS + 1):
        outpoint, value = coinbase_outpoint(node, height)
        node.rpc.sendrawtransaction(pay_from_known_key(node, outpoint, value, {OTHER_ADDRESS: Decimal(1)}))
        if height % 5 == 0:
            node.generate(1)
    node.generate(BLOCKS - node.rpc.getblockcount() - REORGANISATION)


def test_kill_at_random_moments_of_a_sync_needs_no_reindex_and_loses_nothing(network):
    seed = int(os.environ.get("PARLEY_TEST_SEED", random.SystemRandom().randrange(2**32)))
    print(f"seed {seed}")
    chooser = random.Random(seed)
    source = network.add()
    make_chain(source)
    fork = source.rpc.getblockcount()
    source.generate(REORGANISATION - 5, OTHER_ADDRESS)
    expected = None
    node = network.add("-dbcache=4", f"-connect={source.address}", start=False)
    kills = syncs = starts_while_syncing = 0
    seen = 0  # height that the node has reported
    while kills < KILLS:
        node.spawn()
        moment = time.monotonic() + chooser.uniform(0, 0.6)
        while time.monotonic() < moment:
            try:
                if node.answers():
                    height = node.rpc.getblockcount()
                    assert height >= seen, f"height {height} after {seen} was reported, kill {kills}, seed {seed}"
                    seen = height
            except OSError:
                pass
            time.sleep(0.005)
        assert node.process.poll() is None, f"it ended by itself: {node.stderr()}, kill {kills}, seed {seed}"
        node.kill()
        kills += 1
        starts_while_syncing += seen < source.rpc.getblockcount()
        if seen < source.rpc.getblockcount():
            continue
        if expected is None:
            # After the node has synchronised, a reorganisation replaces the last blocks.
            source.rpc.invalidateblock(source.rpc.getblockhash(fork + 1))
            source.generate(REORGANISATION, KNOWN_ADDRESS)
            expected = source.rpc.gettxoutsetinfo("muhash")
            continue
        check_synced(node, source, expected)
        syncs += 1
        shutil.rmtree(node.chain_folder)
        seen = 0
    node.start()
    if expected is None:
        expected = source.rpc.gettxoutsetinfo("muhash")
        node.stop()
    check_synced(node, source, expected)
    print(f"{kills} kills, {starts_while_syncing} of them before the end of a sync, {syncs + 1} whole syncs")


def check_synced(node, source, expected):
    if node.process is None:
        node.start()
    wait_until(lambda: node.tip() == source.tip(), "the end of the sync")
    found = node.rpc.gettxoutsetinfo("muhash")
    for key in ("height", "bestblock", "txouts", "total_amount", "muhash"):
        assert found[key] == expected[key], (key, found, expected)
    assert node.rpc.verifychain(4, 50) is True
    node.stop()


def test_simulated_crash_after_a_write_of_coins_loses_nothing(network):
    node = network.add("-dbcache=4", "-disablewallet")
    node.generate(20)
    node.restart(["-dbcrashratio=1"])
    with contextlib.suppress(OSError, http.client.HTTPException):
        node.generate(20)
        node.rpc.gettxoutsetinfo("none")  # writes coins
    assert node.wait_for_exit() == 0
    assert "Simulating a crash. Goodbye." in node.debug_log()
    node.start()
    assert node.rpc.getblockcount() >= 20 and node.rpc.verifychain(4, 0) is True
