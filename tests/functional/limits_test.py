"""Strangers who hold connections, and scarce file descriptors: the node goes on serving everybody else."""

import base64
import http.client
import re
import resource
import socket

import pytest

from foreign_peer import ForeignPeer
from framework import KNOWN_ADDRESS, WAIT_SECONDS, Rpc, wait_until


class Crowd:
    """Connections of strangers who say nothing."""

    def __init__(self):
        self.sockets = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for each in self.sockets:
            each.close()

    def connect(self, port, count, first_bytes=b""):
        for _ in range(count):
            each = socket.create_connection(("127.0.0.1", port), timeout=WAIT_SECONDS)
            self.sockets.append(each)
            try:
                each.sendall(first_bytes)
            except OSError:
                pass  # closed already


def assert_serves(node):
    """A new client and a new peer are served, and the node goes on with its work."""
    height = node.rpc.getblockcount()
    client = Rpc(node.rpc_port, node.credentials)
    client.generatetoaddress(3, KNOWN_ADDRESS)
    assert client.getblockcount() == height + 3
    client.close()
    with ForeignPeer(node.p2p_port).handshake() as peer:
        peer.ping()


@pytest.mark.parametrize("half_open", [True, False])
def test_newcomers_get_in_when_strangers_hold_all_slots(network, half_open):
    node = network.add()
    with Crowd() as crowd:
        if half_open:
            crowd.connect(node.p2p_port, 300)
        else:
            crowd.sockets = [ForeignPeer(node.p2p_port).handshake() for _ in range(125)]
        assert_serves(node)
        assert len(node.rpc.getpeerinfo()) <= 118


def test_idle_strangers_do_not_shut_clients_out_of_rpc(network):
    node = network.add()
    node.rpc.close()
    with Crowd() as crowd:
        crowd.connect(node.rpc_port, 1000, b"POST / HTTP/1.1\r\n")
        assert_serves(node)


def limited(node, descriptors):
    """The node's process gets this many file descriptors, and may not raise the limit."""
    command = node.command
    node.command = lambda extra=(): ["prlimit", f"--nofile={descriptors}:{descriptors}", *command(extra)]
    return node


def test_connections_never_take_the_descriptors_of_the_stores(network):
    node = limited(network.add(start=False), 300).start()
    assert "Reducing -maxconnections from 125 to 63, because of system limitations." in node.debug_log()
    node.rpc.close()
    with Crowd() as crowd:
        crowd.connect(node.p2p_port, 530)
        crowd.connect(node.rpc_port, 300)
        assert_serves(node)
        node.rpc.createwallet("while full")
    node.stop()
    node.start()
    assert node.rpc.getblockcount() == 3


def test_too_few_descriptors_refuse_the_start(network):
    node = limited(network.add(start=False), 100)
    assert "Not enough file descriptors available. 100 available, 206 required." in node.expect_start_failure()


def test_reply_that_nobody_reads_is_given_up(network):
    node = network.add("-rpcservertimeout=1")
    hashes = node.generate(200)
    batch = "[" + ",".join('{"method":"getblock","params":["%s",2],"id":1}' % name for name in hashes * 20) + "]"
    token = base64.b64encode(node.credentials().encode()).decode()
    with socket.create_connection(("127.0.0.1", node.rpc_port), timeout=WAIT_SECONDS) as deaf:
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        deaf.sendall(f"POST / HTTP/1.1\r\nAuthorization: Basic {token}\r\nContent-Length: {len(batch)}\r\n\r\n{batch}"
                     .encode())
        wait_until(lambda: connection_count(node) == 2, "the request to arrive")
        wait_until(lambda: connection_count(node) == 1, "the node to close the deaf connection")


def connection_count(node):
    """TCP connections to the RPC port, as the kernel counts those of the node's side."""
    count = 0
    for line in open("/proc/net/tcp", encoding="ascii").read().splitlines()[1:]:
        fields = line.split()
        local, state = fields[1], fields[3]
        if int(local.split(":")[1], 16) == node.rpc_port and state == "01":
            count += 1
    return count


def test_out_of_memory_stops_the_node_with_a_reason_and_loses_nothing(network):
    node = network.add()
    tip = node.generate(200)[-1]
    pid = node.process.pid
    status = open(f"/proc/{pid}/status", encoding="ascii").read()
    size = 1024 * int(re.search(r"VmSize:\s*(\d+) kB", status)[1])
    resource.prlimit(pid, resource.RLIMIT_AS, (size + (40 << 20), size + (40 << 20)))
    batch = "[" + ",".join('{"method":"getblock","params":["%s",2],"id":1}' % tip for _ in range(100_000)) + "]"
    try:
        node.rpc.raw(batch)
    except (OSError, http.client.HTTPException):
        pass  # the node has stopped meanwhile
    assert node.wait_for_exit() == 1
    assert node.stderr().startswith("Error: Out of memory: the node stops.") and len(node.stderr().splitlines()) == 1
    node.start()
    assert node.tip() == tip


def test_stop_does_not_wait_for_notify_commands_and_they_hold_no_port(network):
    node = network.add(start=False)
    seen = node.datadir / "seen"
    node.start([f"-blocknotify=echo begun >> {seen}; sleep 5; echo ended >> {seen}"])
    node.generate(1)
    wait_until(seen.exists, "the command to begin")
    node.stop()
    node.start()  # on the same ports and data directory
    wait_until(lambda: "ended" in seen.read_text(), "the command to end by itself")
