"""The links of PBFT replicas as processes: one for each pair, soon back after lost packets, or through a sentry."""

import ctypes
import os
import subprocess
import time

import pytest

from framework import wait_until
from pbft_network import REPLICAS, VIEW_CHANGE_SECONDS, PbftNetwork

CLONE_NEWNET = 0x40000000
BASE_TIMEOUT_MS = 1000
BREAK_SECONDS = 12
# Two timeouts are the rule; this leaves room for a busy machine, and is below what a link that waits for the system's
# own retransmission would take.
HEALED_SECONDS = 60


def run(*command):
    return subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)


@pytest.fixture
def own_loopback():
    """The test and its daemons move to a network of their own, so that its packets can be dropped."""
    libc = ctypes.CDLL(None, use_errno=True)
    home = os.open("/proc/self/ns/net", os.O_RDONLY)
    if libc.unshare(CLONE_NEWNET) != 0:
        os.close(home)
        pytest.skip("needs the right to make a network namespace")
    try:
        assert run("ip", "link", "set", "lo", "up").returncode == 0
        yield
    finally:
        assert libc.setns(home, CLONE_NEWNET) == 0
        os.close(home)


def drop_packets():
    # A bucket that is smaller than any packet: each one is dropped, and nobody is told.
    dropped = run("tc", "qdisc", "add", "dev", "lo", "root", "tbf", "rate", "1kbit", "burst", "10", "latency", "1ms")
    if dropped.returncode != 0:
        pytest.skip(f"cannot drop packets: {dropped.stderr.strip()}")


def heal():
    assert run("tc", "qdisc", "del", "dev", "lo", "root").returncode == 0


def link_counts(pbft):
    return [len(replica.rpc.getpeerinfo()) for replica in pbft.replicas]


def test_replicas_that_name_each_other_keep_one_link_per_pair(network):
    pbft = PbftNetwork(network)
    one_each = [REPLICAS - 1] * REPLICAS
    wait_until(lambda: link_counts(pbft) == one_each, "one link per pair")
    links = [{peer["id"] for peer in replica.rpc.getpeerinfo()} for replica in pbft.replicas]
    time.sleep(4)
    assert [{peer["id"] for peer in replica.rpc.getpeerinfo()} for replica in pbft.replicas] == links, "links change"
    for replica in pbft.replicas:
        assert all(added["connected"] for added in replica.rpc.getaddednodeinfo())
    pbft.wait_for_commit(pbft.pay(pbft.replicas[0]), pbft.replicas)
    # A process that restarts is another one: its links are made anew, again one for each pair.
    pbft.replicas[2].kill()
    pbft.replicas[2].start()
    wait_until(lambda: link_counts(pbft) == one_each, "one link per pair after a restart")
    pbft.wait_for_commit(pbft.pay(pbft.replicas[2]), pbft.replicas)


def test_blocks_come_soon_after_packets_were_lost_for_a_while(own_loopback, network):
    pbft = PbftNetwork(network, extra=[f"-pbfttimeout={BASE_TIMEOUT_MS}"])
    pbft.wait_for_commit(pbft.pay(pbft.replicas[0]), pbft.replicas)
    # Kept connections would be lost with the others.
    for replica in pbft.replicas:
        replica.rpc.close()
    drop_packets()
    time.sleep(BREAK_SECONDS)
    heal()
    begin = time.monotonic()
    txid = pbft.pay(pbft.replicas[1])
    pbft.wait_for_commit(txid, pbft.replicas, HEALED_SECONDS)
    print(f"{BREAK_SECONDS} s without packets; the next block came {time.monotonic() - begin:.1f} s after")
    pbft.wait_for_commit(pbft.pay(pbft.replicas[2]), pbft.replicas)
    pbft.assert_no_fork()


def test_validators_linked_only_through_a_sentry_order_blocks(network):
    pbft = PbftNetwork(network, sentry=["-pbftrelay"])
    for turn in range(REPLICAS):
        pbft.wait_for_commit(pbft.pay(pbft.replicas[turn]), pbft.all())
    pbft.replicas[0].kill()
    pbft.wait_for_commit(pbft.pay(pbft.replicas[1]), [pbft.sentry, *pbft.replicas[1:]], VIEW_CHANGE_SECONDS)
    pbft.assert_no_fork([pbft.sentry, *pbft.replicas[1:]])
    assert pbft.sentry.rpc.getconsensusinfo()["role"] == "observer"


def test_observer_that_does_not_relay_leaves_them_without_blocks(network):
    pbft = PbftNetwork(network, sentry=[])
    pbft.pay(pbft.replicas[0])
    time.sleep(5)
    assert [replica.rpc.getblockcount() for replica in pbft.all()] == [0] * (REPLICAS + 1)
    waiting = pbft.replicas[1].rpc.getconsensusinfo()["waiting_for"]
    assert waiting["what"] in ("view-changes", "prepares", "proposal"), waiting


def test_follower_that_becomes_a_validator_must_say_that_its_key_is_new(network):
    pbft = PbftNetwork(network)
    pbft.wait_for_commit(pbft.pay(pbft.replicas[0]), pbft.replicas)
    validator = pbft.replicas[3]
    validator.stop()
    key = next(option for option in validator.options if option.startswith("-pbftkey="))
    follower = network.add(*[option for option in validator.options if option != key], chain="labnet")
    wait_until(lambda: follower.rpc.getblockcount() == 1, "the follower to catch up")
    follower.stop()
    follower.options.append(key)
    message = follower.expect_start_failure()
    assert "no record of the votes of validator 3" in message and "-pbftnewrecord" in message
    follower.start(["-pbftnewrecord"])
    info = follower.rpc.getconsensusinfo()
    assert info["validator"] == 3 and info["halted"] is None
    assert info["validator_set"] == pbft.replicas[0].rpc.getconsensusinfo()["validator_set"]
    follower.restart()  # with a record now
