"""Four PBFT replicas as processes: ordering, a killed primary, a killed replica, no progress without a quorum."""

import contextlib
import signal
import time
from decimal import Decimal

import pytest

from framework import KNOWN_ADDRESS, OTHER_ADDRESS, expect_rpc_error, pay_from_known_key, wait_until
from pbft_network import COIN, COINS, REPLICAS, VIEW_CHANGE_SECONDS, PbftNetwork


@contextlib.contextmanager
def standing_still(replica):
    replica.process.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        replica.process.send_signal(signal.SIGCONT)


@pytest.fixture
def pbft(network):
    return PbftNetwork(network)


def primary_index(replica):
    return replica.rpc.getconsensusinfo()["view"] % REPLICAS


def test_transactions_are_ordered_alike_by_every_replica(pbft):
    for turn in range(8):
        txid = pbft.pay(pbft.replicas[turn % REPLICAS])
        pbft.wait_for_commit(txid, pbft.replicas)
    pbft.assert_no_fork()
    info = pbft.replicas[0].rpc.getconsensusinfo()
    assert info["engine"] == "pbft" and info["view"] == 0
    assert pbft.replicas[0].rpc.getforkstats()["F_h"]["rate"] == 0


def test_nothing_to_order_makes_no_blocks(pbft):
    before = [replica.rpc.getblockcount() for replica in pbft.replicas]
    time.sleep(2)
    assert [replica.rpc.getblockcount() for replica in pbft.replicas] == before == [0] * REPLICAS


def test_killed_primary_the_others_change_the_view_and_go_on(pbft):
    pbft.wait_for_commit(pbft.pay(pbft.replicas[1]), pbft.replicas)
    primary = pbft.replicas[primary_index(pbft.replicas[1])]
    primary.kill()
    others = [replica for replica in pbft.replicas if replica is not primary]
    pbft.wait_for_commit(pbft.pay(others[0]), others)
    assert others[0].rpc.getconsensusinfo()["view"] >= 1
    for _ in range(3):
        pbft.wait_for_commit(pbft.pay(others[1]), others)
    pbft.assert_no_fork(others)


def test_killed_replica_catches_up_after_its_restart(pbft):
    pbft.wait_for_commit(pbft.pay(pbft.replicas[0]), pbft.replicas)
    lagging, others = pbft.replicas[3], pbft.replicas[:3]
    lagging.kill()
    for _ in range(5):
        pbft.wait_for_commit(pbft.pay(others[0]), others)
    lagging.start()
    wait_until(lambda: lagging.rpc.getblockcount() >= others[0].rpc.getblockcount(), "the replica to catch up",
               VIEW_CHANGE_SECONDS)
    pbft.wait_for_commit(pbft.pay(lagging), pbft.replicas)
    pbft.assert_no_fork()


def test_half_of_the_replicas_killed_nothing_commits_until_one_returns(pbft):
    pbft.wait_for_commit(pbft.pay(pbft.replicas[2]), pbft.replicas)
    height = pbft.replicas[2].rpc.getblockcount()
    for replica in pbft.replicas[:2]:
        replica.kill()
    txid = pbft.pay(pbft.replicas[2])
    time.sleep(5)
    assert [replica.rpc.getblockcount() for replica in pbft.replicas[2:]] == [height] * 2
    pbft.replicas[1].start()
    pbft.wait_for_commit(txid, pbft.replicas[1:])
    pbft.assert_no_fork(pbft.replicas[1:])


def test_all_killed_at_once_go_on_where_they_were(pbft):
    pbft.wait_for_commit(pbft.pay(pbft.replicas[0]), pbft.replicas)
    tip = pbft.replicas[0].tip()
    for replica in pbft.replicas:
        replica.kill()
    for replica in pbft.replicas:
        replica.start()
    assert {replica.tip() for replica in pbft.replicas} == {tip}
    pbft.wait_for_commit(pbft.pay(pbft.replicas[2]), pbft.replicas)
    pbft.assert_no_fork()


def test_bare_quorum_goes_on_after_the_primary_stood_still(pbft):
    """Validator 1, the next primary, is dead; the primary stands still until the others want view 1."""
    pbft.wait_for_commit(pbft.pay(pbft.replicas[2]), pbft.replicas)
    primary, dead, second, third = pbft.replicas
    dead.kill()
    with standing_still(primary):
        txid = pbft.pay(second)
        wait_until(lambda: all(each.rpc.getconsensusinfo()["phase"] == "view change" for each in (second, third)),
                   "both others to wait for view 1", VIEW_CHANGE_SECONDS)
        time.sleep(1)
    alive = [primary, second, third]
    pbft.wait_for_commit(txid, alive)
    for _ in range(3):
        pbft.wait_for_commit(pbft.pay(third), alive)
    pbft.assert_no_fork(alive)


def test_backup_that_stood_still_under_load_votes_again(pbft):
    pbft.wait_for_commit(pbft.pay(pbft.replicas[0]), pbft.replicas)
    backup = pbft.replicas[3]
    with standing_still(backup):
        begin = time.monotonic()
        while time.monotonic() - begin < 3 and pbft.next_coin < COINS - 10:
            pbft.wait_for_commit(pbft.pay(pbft.replicas[1]), pbft.replicas[:3])
        absent = pbft.replicas[0].rpc.getconsensusinfo()["not_voting"]
        assert [each["validator"] for each in absent] == [3]
    for _ in range(3):
        pbft.wait_for_commit(pbft.pay(pbft.replicas[1]), pbft.replicas)
    wait_until(lambda: pbft.replicas[0].rpc.getconsensusinfo()["not_voting"] == [], "its votes", VIEW_CHANGE_SECONDS)
    # Now it is needed.
    primary = pbft.replicas[primary_index(pbft.replicas[1])]
    primary.kill()
    others = [replica for replica in pbft.replicas if replica is not primary]
    pbft.wait_for_commit(pbft.pay(others[0]), others)
    pbft.assert_no_fork(others)


def test_transaction_that_no_block_would_take_changes_no_view(pbft):
    pbft.wait_for_commit(pbft.pay(pbft.replicas[0]), pbft.replicas)
    for replica in pbft.replicas:
        replica.stop()
        replica.options += ["-blockmintxfee=0.001", "-pbfttimeout=500"]
        replica.start()
    pbft.wait_for_mesh(pbft.replicas)
    outpoint = (pbft.coins_txid, pbft.next_coin)
    pbft.next_coin += 1
    cheap = pay_from_known_key(pbft.replicas[0], outpoint, COIN, {OTHER_ADDRESS: Decimal("0.5")},
                               fee=Decimal("0.000002"))
    cheap = pbft.replicas[0].rpc.sendrawtransaction(cheap)
    wait_until(lambda: all(cheap in replica.rpc.getrawmempool() for replica in pbft.replicas), "the transaction")
    time.sleep(3)
    assert {replica.rpc.getconsensusinfo()["view"] for replica in pbft.replicas} == {0}


def test_blocks_cannot_be_mined_by_hand(pbft):
    expect_rpc_error(-1, "pbft", pbft.replicas[0].rpc.generatetoaddress, 1, KNOWN_ADDRESS)
    assert pbft.replicas[0].rpc.getblockcount() == 0
