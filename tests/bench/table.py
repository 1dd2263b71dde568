#!/usr/bin/env python3
"""Measures real daemons and prints the table of figures; contrib/bench.sh builds and runs it.

Usage: table.py [--quick] [--only NAME]...   names: start, mining, rpc, hashing, pbft

Each figure is the median of several rounds on this machine, beside the floor that the machine sets where there is one.
"""

import argparse
import os
import platform
import re
import resource
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from decimal import Decimal
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "functional"))

from framework import (KNOWN_ADDRESS, KNOWN_KEY_WIF, OTHER_ADDRESS, PROGRAMS, Network, free_port,  # noqa: E402
                       wait_until)

REPLICAS = 4
rows = []


def row(what, figure, note=""):
    rows.append((what, figure, note))
    print(f"  {what}: {figure}{'   (' + note + ')' if note else ''}", flush=True)


def middle(values):
    return statistics.median(values)


def spread(values, unit, scale=1.0, digits=3):
    low, high = min(values) * scale, max(values) * scale
    return f"{middle(values) * scale:.{digits}f} {unit}", f"{len(values)} rounds, {low:.{digits}f} to {high:.{digits}f}"


def first_answer_seconds(node):
    """From the start of the process to the end of the first successful RPC."""
    start = time.perf_counter()
    node.spawn()
    cookie = node.chain_folder / ".cookie"
    while time.perf_counter() - start < 30:
        if cookie.exists():
            try:
                with socket.create_connection(("127.0.0.1", node.rpc_port), timeout=5):
                    pass
                node.rpc.getblockcount()
                return time.perf_counter() - start
            except Exception:  # not up yet: refused, warming up, or a cookie that is half there
                node.rpc.close()
        time.sleep(0.0005)
    raise SystemExit("the node does not answer")


def measure_start(rounds):
    starts, memory = [], []
    for _ in range(rounds):
        with Network() as network:
            node = network.add(start=False)
            starts.append(first_answer_seconds(node))
            time.sleep(0.5)
            pages = int(Path(f"/proc/{node.process.pid}/statm").read_text(encoding="ascii").split()[1])
            memory.append(pages * resource.getpagesize())
    row("start to first RPC answer, empty datadir", *spread(starts, "s"))
    row("resident memory, fresh regtest node", *spread(memory, "MB", 1e-6, 1))


def measure_mining(rounds):
    plain, funded = [], []
    for _ in range(rounds):
        with Network() as network:
            node = network.add()
            start = time.perf_counter()
            node.generate(1000)
            plain.append(time.perf_counter() - start)
        with Network() as network:
            node = network.add()
            node.rpc.createwallet("bench")
            address = node.rpc.wallet("bench").getnewaddress()
            start = time.perf_counter()
            node.generate(1000, address)
            funded.append(time.perf_counter() - start)
    row("1,000 regtest blocks by generatetoaddress, no wallet", *spread(plain, "s"))
    row("the same to a loaded wallet", *spread(funded, "s"))


def measure_rpc(seconds):
    with Network() as network:
        node = network.add()
        node.generate(1)
        cookie = node.chain_folder / ".cookie"
        tip = node.tip()
        for connections in (1, 16):
            for method, parameters in (("getblockcount", "[]"), ("getblock", f'["{tip}",2]')):
                run = subprocess.run([str(PROGRAMS / "parley-bench-rpc"), f"--port={node.rpc_port}",
                                      f"--cookie={cookie}", f"--connections={connections}", f"--seconds={seconds}",
                                      method, parameters], capture_output=True, text=True, check=True)
                rate, rest = re.search(r": (\d+) calls/s, (.*)", run.stdout).groups()
                row(f"{method}, native client, {connections} connection{'s' if connections > 1 else ''}",
                    f"{int(rate):,}/s", rest)


def measure_hashing():
    program = PROGRAMS / "parley-bench-base"
    if not program.exists():
        row("proof-of-work hashing", "not measured", "parley-bench-base needs libbenchmark-dev")
        return
    run = subprocess.run([str(program), "--benchmark_filter=ecdsa"], capture_output=True, text=True, check=True)
    for line in run.stdout.splitlines():
        if line.strip() and not set(line) <= {"-"} and not line.startswith("Benchmark"):
            name, _, figures = line.strip().partition(" ")
            row(name, " ".join(figures.split()))


def fsync_seconds():
    """What a durable write of one small record costs here: the floor under each vote."""
    times = []
    with tempfile.NamedTemporaryFile(dir=tempfile.gettempdir()) as file:
        for _ in range(200):
            start = time.perf_counter()
            file.write(b"x" * 200)
            file.flush()
            os.fdatasync(file.fileno())
            times.append(time.perf_counter() - start)
    return middle(times)


class Replicas:
    """Four replicas on loopback, and payments from labnet's genesis coins that are signed before the clock runs."""

    def __init__(self, network, payments):
        folder = network.folder / "keys"
        subprocess.run([str(PROGRAMS / "parley-cli"), "pbftkeygen", str(REPLICAS), str(folder)], check=True,
                       capture_output=True)
        ports = []
        for _ in range(REPLICAS):
            ports.append(free_port(frozenset(ports)))
        self.nodes = []
        for index, port in enumerate(ports):
            options = ["-consensus=pbft", f"-pbftvalidators={folder / 'validators.json'}",
                       f"-pbftkey={folder / f'key-{index}.hex'}", *[f"-genesisoutput={KNOWN_ADDRESS}:1"] * payments,
                       *[f"-addnode=127.0.0.1:{other}" for other in ports[:index]]]
            self.nodes.append(network.add(*options, chain="labnet", start=False, p2p_port=port))
        for node in self.nodes:
            node.start()
        for node in self.nodes:
            wait_until(lambda: len(node.rpc.getpeerinfo()) >= REPLICAS - 1, "the mesh")
        self.rpc = self.nodes[0].rpc
        genesis = self.rpc.getblock(self.rpc.getblockhash(0), 2)["tx"][0]["txid"]
        self.signed = []
        for index in range(payments):
            raw = self.rpc.createrawtransaction([{"txid": genesis, "vout": index}], {OTHER_ADDRESS: "0.9999"})
            self.signed.append(self.rpc.signrawtransactionwithkey(raw, [KNOWN_KEY_WIF])["hex"])

    def one_at_a_time(self, count):
        """Latency from the request to its block, with nothing else in flight."""
        latencies = []
        for _ in range(count):
            height = self.rpc.getblockcount()
            start = time.perf_counter()
            self.rpc.sendrawtransaction(self.signed.pop())
            while self.rpc.getblockcount() == height:
                pass
            latencies.append(time.perf_counter() - start)
        return latencies

    def all_at_once(self):
        """(transactions a second, blocks a second) from the first request until the last is committed."""
        count, first = len(self.signed), self.rpc.getblockcount()
        start = time.perf_counter()
        last = None
        for transaction in self.signed:
            last = self.rpc.sendrawtransaction(transaction)
        wait_until(lambda: self.rpc.getmempoolinfo()["size"] == 0, "every payment to be ordered", 120)
        seconds = time.perf_counter() - start
        assert Decimal(self.rpc.gettxout(last, 0)["value"]) == Decimal("0.9999")
        return count / seconds, (self.rpc.getblockcount() - first) / seconds


def measure_pbft(payments):
    with Network() as network:
        replicas = Replicas(network, payments)
        latencies = sorted(replicas.one_at_a_time(payments // 4))
        p50, p99 = latencies[len(latencies) // 2], latencies[len(latencies) * 99 // 100]
        row("PBFT, 4 local replicas, one transaction at a time", f"{len(latencies) / sum(latencies):.0f} decisions/s",
            f"p50 {p50 * 1e3:.2f} ms, p99 {p99 * 1e3:.2f} ms")
        transactions, blocks = replicas.all_at_once()
        row("the same under load, one RPC client", f"{transactions:.0f} transactions/s, {blocks:.0f} decisions/s")
        forks = [node.rpc.getforkstats()["forked_heights"] for node in replicas.nodes]
        row("forks seen by the replicas", str(sum(forks)))
    row("floor: one durable write of 200 bytes", f"{fsync_seconds() * 1e3:.3f} ms", "on the file system of the daemons")


def describe_machine():
    model = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text(encoding="ascii", errors="replace"))
    load = os.getloadavg()[0]
    print(f"{model.group(1) if model else platform.processor()}, {os.cpu_count()} cores, {platform.system()} "
          f"{platform.release()}, load {load:.1f}")
    if load > 0.5:
        print("This machine is not idle: the figures are worse than they could be.")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="fewer rounds")
    parser.add_argument("--only", action="append", choices=["start", "mining", "rpc", "hashing", "pbft"], default=[])
    arguments = parser.parse_args()
    wanted = arguments.only or ["start", "mining", "rpc", "hashing", "pbft"]
    describe_machine()
    rounds = 1 if arguments.quick else 5
    if "start" in wanted:
        measure_start(rounds)
    if "mining" in wanted:
        measure_mining(max(1, rounds - 2))
    if "rpc" in wanted:
        measure_rpc(1 if arguments.quick else 5)
    if "hashing" in wanted:
        measure_hashing()
    if "pbft" in wanted:
        measure_pbft(100 if arguments.quick else 400)
    print("\n| what | figure | |\n|---|---|---|")
    for what, figure, note in rows:
        print(f"| {what} | {figure} | {note} |")


if __name__ == "__main__":
    main()
