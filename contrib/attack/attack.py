#!/usr/bin/env python3
"""Runs each attack of attacks.py against a fresh regtest node and prints one line of figures for it.

The node, the attackers and one honest peer run on this machine, so the figures include the attackers' own CPU load;
the row `none` says what is normal here. PARLEY_BIN names the folder of the programs. PEER_BITCOIND, if it is set, is a
bitcoind, which is attacked in the same way for comparison (except by what only Parley nodes say).
"""

import argparse
import multiprocessing
import os
import socket
import struct
import sys
import tempfile
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tests" / "functional"))

from attacks import ATTACKS, LABNET_MAGIC, PBFT_ATTACKS, SILENT_READERS, World  # noqa: E402
from bitcoin.core import CBlockHeader  # noqa: E402
from foreign_peer import MAGIC, PROTOCOL_VERSION, frame  # noqa: E402
from framework import KNOWN_ADDRESS, Network, Node  # noqa: E402
from pbft_network import PbftNetwork  # noqa: E402

CHAIN_BLOCKS = 200  # more than the 144 below which a branch need not be stored
SECONDS_MAX = 60
PBFT_PAYMENTS = 3
PARLEY_SERVICE = 1 << 24
PING_EVERY_SECONDS = 0.1
RPC_EVERY_SECONDS = 0.25
SETTLE_SECONDS = 0.5
# The limits of contrib/SECURITY.md that bound the memory column with 100 attackers: announcements (100 MB), headers
# and sibling blocks (20,000 and 16 of 4 MB), orphans (404,000 weight units a peer), known addresses, and for each peer
# 1 MB of replies that it has not read, its waiting requests and its part of 1 MiB that nobody has looked at yet.
MEMORY_CAP_MB = 300
LIMITS = f"memory cap by the limits of contrib/SECURITY.md, with 100 attackers: {MEMORY_CAP_MB} MB"
TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


def hello(magic):
    services = 9 | (PARLEY_SERVICE if magic == LABNET_MAGIC else 0)
    version = struct.pack("<iQq", PROTOCOL_VERSION + 1, services, int(time.time())) + bytes(26) * 2
    version += os.urandom(8) + b"\x08/attack/" + struct.pack("<iB", 0, 1)
    return b"".join(frame(command, payload, magic=magic)
                    for command, payload in ((b"version", version), (b"wtxidrelay", b""), (b"verack", b"")))


class HonestPeer:
    """Pings, and reads until the answer. Keeps the engine messages that it gets."""

    def __init__(self, port, timeout, magic=MAGIC):
        self.magic, self.engine_messages = magic, []
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=timeout)
        self.stream = self.socket.makefile("rb")
        self.socket.sendall(hello(magic))

    def ping(self):
        nonce = os.urandom(8)
        self.socket.sendall(frame(b"ping", nonce, magic=self.magic))
        while True:
            header = self.stream.read(24)
            if len(header) < 24:
                raise ConnectionError("closed by the node")
            payload = self.stream.read(struct.unpack("<I", header[16:20])[0])
            command = header[4:16].rstrip(b"\0")
            if command == b"engine":
                self.engine_messages.append(payload)
            if command == b"pong" and payload == nonce:
                return

    def close(self):
        self.stream.close()
        self.socket.close()


class Attacker:
    """One connection: a thread that sends and, unless it is `silent`, one that reads until the node closes."""

    def __init__(self, port, magic, payload, deadline, silent):
        self.magic = magic
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.closed = threading.Event()
        self.payload, self.deadline = payload, deadline
        self.threads = [threading.Thread(target=target, daemon=True)
                        for target in ([self.write] if silent else [self.read, self.write])]
        for thread in self.threads:
            thread.start()

    def read(self):
        try:
            while self.socket.recv(1 << 16):
                pass
        except OSError:
            pass
        self.closed.set()

    def write(self):
        try:
            self.socket.sendall(hello(self.magic))
            for data in self.payload:
                if self.closed.is_set() or time.monotonic() > self.deadline:
                    return
                self.socket.sendall(data)
        except OSError:
            self.closed.set()

    def end(self):
        try:
            self.socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        for thread in self.threads:
            thread.join(10)
        self.socket.close()


class PeerNode(Node):
    """A bitcoind with the ports and the folder of a test's node."""

    def command(self, extra=()):
        return [os.environ["PEER_BITCOIND"], "-regtest", f"-datadir={self.datadir}", f"-port={self.p2p_port}",
                "-bind=127.0.0.1", f"-rpcport={self.rpc_port}", "-listen=1", *self.options, *extra]


def start_node(network, program, *options):
    if program == "parleyd":
        return network.add(*options)
    node = PeerNode(network.folder, f"node{len(network.nodes)}", options)
    network.nodes.append(node)
    return node.start()


class Usage:
    """What the process has used so far."""

    def __init__(self, node):
        fields = Path(f"/proc/{node.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        self.cpu_seconds = (int(fields[11]) + int(fields[12])) / TICKS_PER_SECOND
        status = Path(f"/proc/{node.process.pid}/status").read_text()
        self.memory = 1024 * int(status.split("VmRSS:")[1].split()[0])
        self.disk = 0
        for path in node.chain_folder.rglob("*"):
            try:
                # Allocated bytes: block files are extended ahead of their contents.
                self.disk += path.stat().st_blocks * 512 if path.is_file() else 0
            except FileNotFoundError:
                pass  # removed by the node in the meantime


def repeat(action, every, deadline, times):
    """Notes the duration of each call; one that is unfinished at the deadline is waited for. A failure is infinity."""
    while time.monotonic() < deadline:
        start = time.monotonic()
        try:
            action()
        except (OSError, AssertionError):
            times.append(float("inf"))
            return
        times.append(time.monotonic() - start)
        time.sleep(max(0.0, every - times[-1]))


def quantile(times, part):
    ordered = sorted(times)
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))] if ordered else float("nan")


def chain_of(node):
    headers = []
    for height in range(CHAIN_BLOCKS + 1):
        raw = node.rpc.getblockheader(node.rpc.getblockhash(height), False)
        headers.append(CBlockHeader.deserialize(bytes.fromhex(raw)))
    return World(headers, [])


def pbft_world(network):
    """A validator of a network of four, and what it has said while a few payments were ordered."""
    pbft = PbftNetwork(network, extra=("-maxconnections=200",))
    node = pbft.replicas[0]
    listener = HonestPeer(node.p2p_port, timeout=SECONDS_MAX, magic=LABNET_MAGIC)
    listener.ping()
    for _ in range(PBFT_PAYMENTS):
        pbft.wait_for_commit(pbft.pay(node), pbft.replicas)
    listener.ping()
    listener.close()
    return node, World([], listener.engine_messages)


def attack(name, count, port, magic, world, deadline, results):
    """In a process of its own, so that the attackers' work does not delay the honest peer's measurements."""
    attackers = [Attacker(port, magic, ATTACKS[name](share, count, world), deadline, name in SILENT_READERS)
                 for share in range(count)]
    time.sleep(max(0.0, deadline - time.monotonic()))
    results.put(sum(not attacker.closed.is_set() for attacker in attackers))
    for attacker in attackers:
        attacker.end()


def measure(program, name, count, seconds):
    with tempfile.TemporaryDirectory(prefix="parley-attack-"), Network() as network:
        if name in PBFT_ATTACKS:
            magic = LABNET_MAGIC
            node, world = pbft_world(network)
        else:
            magic = MAGIC
            node = start_node(network, program, "-maxconnections=200")
            node.rpc.generatetoaddress(CHAIN_BLOCKS, KNOWN_ADDRESS)
            world = chain_of(node)
        honest = HonestPeer(node.p2p_port, timeout=seconds, magic=magic)
        honest.ping()
        before = Usage(node)
        deadline = time.monotonic() + seconds
        context = multiprocessing.get_context("fork")
        results = context.Queue()
        attackers = context.Process(target=attack, daemon=True,
                                    args=(name, count, node.p2p_port, magic, world, deadline, results))
        attackers.start()
        ping_times, rpc_times = [], []
        probes = [threading.Thread(target=repeat, args=(honest.ping, PING_EVERY_SECONDS, deadline, ping_times)),
                  threading.Thread(target=repeat, args=(node.rpc.getblockcount, RPC_EVERY_SECONDS, deadline,
                                                        rpc_times))]
        for probe in probes:
            probe.start()
        for probe in probes:
            probe.join()
        connected = results.get(timeout=SECONDS_MAX)
        attackers.join(SECONDS_MAX)
        honest.close()
        time.sleep(SETTLE_SECONDS)
        after = Usage(node)
    milliseconds = [quantile(times, part) * 1000 for times in (ping_times, rpc_times) for part in (0.5, 0.99)]
    return (f"{program:<10}{name:<14}{count:>5}" + "".join(f"{each:>10.0f}" for each in milliseconds)
            + f"{after.cpu_seconds - before.cpu_seconds:>8.1f}{(after.memory - before.memory) / 1e6:>10.1f}"
            f"{(after.disk - before.disk) / 1e6:>10.1f}{f'{connected}/{count}':>10}")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=20)
    parser.add_argument("--attackers", type=int, action="append")
    parser.add_argument("--only", action="append", choices=sorted(ATTACKS))
    arguments = parser.parse_args()
    if not 1 <= arguments.seconds <= SECONDS_MAX:
        parser.error(f"--seconds takes 1 to {SECONDS_MAX}")
    programs = ["parleyd"] + (["bitcoind"] if os.environ.get("PEER_BITCOIND") else [])
    print(f"{'program':<10}{'attack':<14}{'peers':>5}"
          + "".join(f"{title:>10}" for title in ("ping ms", "ping 99", "rpc ms", "rpc 99"))
          + f"{'CPU s':>8}{'memory MB':>10}{'disk MB':>10}{'connected':>10}", flush=True)
    for name in arguments.only or ATTACKS:
        for count in arguments.attackers or (1, 40, 100):
            for program in programs:
                if program == "parleyd" or name not in PBFT_ATTACKS:
                    print(measure(program, name, count, arguments.seconds), flush=True)
    print(LIMITS)


if __name__ == "__main__":
    main()
