"""Notifications by ZeroMQ: topics, bodies, numbers, and their order."""

import struct
from decimal import Decimal

import pytest

from framework import KNOWN_ADDRESS, OTHER_ADDRESS, coinbase_outpoint, free_port, pay_from_known_key, wait_until

zmq = pytest.importorskip("zmq")

TOPICS = ("hashblock", "hashtx", "rawblock", "rawtx", "sequence")
RECEIVE_MS = 20_000
QUIET_MS = 300


class Subscriber:
    """Reads all topics of one address. `take()` gives (topic, body in hex, number)."""

    def __init__(self, address, topics=TOPICS):
        self.socket = zmq.Context.instance().socket(zmq.SUB)
        self.socket.set(zmq.LINGER, 0)
        for topic in topics:
            self.socket.setsockopt(zmq.SUBSCRIBE, topic.encode())
        self.socket.connect(address)

    def take(self, timeout=RECEIVE_MS):
        assert self.socket.poll(timeout), "no notification came"
        topic, body, number = self.socket.recv_multipart()
        return topic.decode(), body.hex(), struct.unpack("<I", number)[0]

    def take_all(self, count):
        return [self.take() for _ in range(count)]

    def until_quiet(self):
        result = []
        while self.socket.poll(QUIET_MS):
            result.append(self.take())
        return result

    def joined(self, node):
        """A subscription takes effect some time after it was made: mines until one arrives, and reads the rest."""
        def heard():
            node.generate(1)
            return self.socket.poll(100)
        wait_until(heard, "the first notification")
        self.until_quiet()

    def close(self):
        self.socket.close()


@pytest.fixture
def publisher(network):
    """A node that publishes all topics at one address, with a subscriber, 101 blocks or more."""
    address = f"tcp://127.0.0.1:{free_port()}"
    node = network.add(*[f"-zmqpub{topic}={address}" for topic in TOPICS])
    node.generate(101)
    subscriber = Subscriber(address)
    subscriber.joined(node)
    yield node, subscriber
    subscriber.close()


def sequence(body):
    """(hash, label, mempool's number or None)"""
    number = int.from_bytes(bytes.fromhex(body[66:]), "little") if len(body) > 66 else None
    return body[:64], chr(int(body[64:66], 16)), number


def by_topic(notifications, topic):
    return [body for name, body, _ in notifications if name == topic]


def test_block_is_published_on_every_topic_and_counted(publisher):
    node, subscriber = publisher
    seen = []
    for _ in range(2):
        block = node.generate(1)[0]
        coinbase = node.rpc.getblock(block)["tx"][0]
        notifications = subscriber.take_all(5)
        bodies = {topic: body for topic, body, _ in notifications}
        assert bodies["hashblock"] == block
        assert bodies["rawblock"] == node.rpc.getblock(block, 0)
        assert bodies["hashtx"] == coinbase
        assert bodies["rawtx"] == node.rpc.getrawtransaction(coinbase, False, block)
        assert sequence(bodies["sequence"]) == (block, "C", None)
        assert [topic for topic, _, _ in notifications].index("sequence") == 2, "before the best block's topics"
        seen.append({topic: number for topic, _, number in notifications})
    assert all(seen[1][topic] == seen[0][topic] + 1 for topic in TOPICS)


def test_mempool_changes_are_numbered_and_a_mined_transaction_is_not_removed(publisher):
    node, subscriber = publisher
    # Of the next change.
    before = node.rpc.getrawmempool(False, True)["mempool_sequence"]
    outpoint, value = coinbase_outpoint(node, 1)
    first = node.rpc.sendrawtransaction(pay_from_known_key(node, outpoint, value, {OTHER_ADDRESS: 1}))
    added = subscriber.take_all(3)
    assert by_topic(added, "hashtx") == [first]
    assert sequence(by_topic(added, "sequence")[0]) == (first, "A", before)
    assert node.rpc.getrawmempool(False, True)["mempool_sequence"] == before + 1
    # A replacement: the first one leaves, the second one enters.
    better = pay_from_known_key(node, outpoint, value, {OTHER_ADDRESS: 2}, fee=Decimal("0.001"))
    second = node.rpc.sendrawtransaction(better)
    replaced = subscriber.take_all(4)
    assert [sequence(body)[:2] for body in by_topic(replaced, "sequence")] == [(first, "R"), (second, "A")]
    assert [sequence(body)[2] for body in by_topic(replaced, "sequence")] == [before + 1, before + 2]
    block = node.generate(1)[0]
    mined = subscriber.until_quiet()
    assert [sequence(body)[:2] for body in by_topic(mined, "sequence")] == [(block, "C")]
    assert second in by_topic(mined, "hashtx")


def test_reorganisation_disconnects_before_it_returns_transactions(publisher):
    node, subscriber = publisher
    outpoint, value = coinbase_outpoint(node, 1)
    txid = node.rpc.sendrawtransaction(pay_from_known_key(node, outpoint, value, {OTHER_ADDRESS: 1}))
    block = node.generate(1)[0]
    subscriber.until_quiet()
    node.rpc.invalidateblock(block)
    notifications = subscriber.until_quiet()
    assert [sequence(body)[:2] for body in by_topic(notifications, "sequence")] == [(block, "D"), (txid, "A")]
    # A shorter chain is no new best block.
    assert by_topic(notifications, "hashblock") == []


def test_each_block_is_connected_but_only_the_last_is_the_best(network):
    address = f"tcp://127.0.0.1:{free_port()}"
    miner = network.add()
    follower = network.add(f"-zmqpubhashblock={address}", f"-zmqpubsequence={address}")
    network.connect(follower, miner)
    miner.generate(1)
    network.sync_blocks()
    network.disconnect(follower, miner)
    subscriber = Subscriber(address)
    subscriber.joined(follower)
    height = follower.rpc.getblockcount()
    blocks = miner.generate(height + 5, OTHER_ADDRESS)
    network.connect(follower, miner)
    network.sync_blocks()
    connected = [sequence(body)[0] for body in by_topic(subscriber.until_quiet(), "sequence")
                 if sequence(body)[1] == "C"]
    assert connected == blocks
    subscriber.close()


def test_getzmqnotifications_lists_addresses_and_limits(network):
    addresses = [f"tcp://127.0.0.1:{free_port()}" for _ in range(2)]
    node = network.add(f"-zmqpubhashblock={addresses[0]}", f"-zmqpubhashblock={addresses[1]}",
                       f"-zmqpubrawtx={addresses[0]}", "-zmqpubrawtxhwm=7")
    assert node.rpc.getzmqnotifications() == [
        {"type": "pubhashblock", "address": addresses[0], "hwm": 1000},
        {"type": "pubhashblock", "address": addresses[1], "hwm": 1000},
        {"type": "pubrawtx", "address": addresses[0], "hwm": 7}]
    # Both get every block.
    subscribers = [Subscriber(address) for address in addresses]
    for subscriber in subscribers:
        subscriber.joined(node)
    block = node.generate(1)[0]
    for subscriber in subscribers:
        assert block in by_topic(subscriber.until_quiet(), "hashblock")
        subscriber.close()


def test_unix_socket_and_several_topics(network):
    node = network.add(f"-zmqpubhashblock=unix:{network.folder}/blocks")
    subscriber = Subscriber(f"ipc://{network.folder}/blocks")
    subscriber.joined(node)
    block = node.generate(1)[0]
    assert subscriber.take()[:2] == ("hashblock", block)
    subscriber.close()


def test_address_that_cannot_be_used_is_logged_and_does_not_stop_the_node(network):
    node = network.add("-zmqpubrawtx=foo")
    assert node.rpc.getzmqnotifications() == []
    assert "-zmqpubrawtx=foo" in node.debug_log()
    assert node.generate(1, KNOWN_ADDRESS)
    node.stop()
    refusal = node.expect_start_failure(["-zmqpubhashtx=tcp://127.0.0.1:65536"])
    assert "Invalid port specified in -zmqpubhashtx" in refusal
