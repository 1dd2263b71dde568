"""PBFT: decisions and transactions per second of four local replicas, and the cost of durable writes and signatures."""

import json
import os
import re
import subprocess
import tempfile
import time
from decimal import Decimal

from figures import median
from framework import (KNOWN_ADDRESS, KNOWN_KEY_WIF, OTHER_ADDRESS, PROGRAMS, Network, free_port, wait_until)

REPLICAS = 4
BATCH = 50


def fsync_seconds():
    """The cost of a durable write of one small record on this machine: a lower bound for each vote."""
    times = []
    with tempfile.NamedTemporaryFile(dir=tempfile.gettempdir()) as file:
        for _ in range(200):
            start = time.perf_counter()
            file.write(b"x" * 200)
            file.flush()
            os.fdatasync(file.fileno())
            times.append(time.perf_counter() - start)
    return median(times)


def signature_microseconds():
    """(sign, verify), of ECDSA, or None."""
    program = PROGRAMS / "parley-bench-base"
    if not program.exists():
        return None
    run = subprocess.run([str(program), "--benchmark_filter=ecdsa"], capture_output=True, text=True, check=True)
    times = dict(re.findall(r"^ecdsa_(\w+) +(\d+) ns", run.stdout, re.M))
    return int(times["sign"]) / 1000, int(times["verify"]) / 1000


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
                time.sleep(0.0002)
            latencies.append(time.perf_counter() - start)
        return latencies

    def all_at_once(self):
        """(transactions per second, decisions per second) from the first request until the last is committed."""
        count, first = len(self.signed), self.rpc.getblockcount()
        batches = [json.dumps([{"jsonrpc": "2.0", "id": 1, "method": "sendrawtransaction", "params": [each]}
                               for each in self.signed[at:at + BATCH]]) for at in range(0, count, BATCH)]
        start = time.perf_counter()
        for batch in batches:
            _, _, body = self.rpc.raw(batch)
        last = json.loads(body)[-1]["result"]
        while self.rpc.getmempoolinfo()["size"] > 0:
            time.sleep(0.001)
        seconds = time.perf_counter() - start
        assert Decimal(self.rpc.gettxout(last, 0)["value"]) == Decimal("0.9999")
        return count / seconds, (self.rpc.getblockcount() - first) / seconds


def measure_pbft(table, payments):
    with Network() as network:
        replicas = Replicas(network, payments)
        latencies = sorted(replicas.one_at_a_time(payments // 4))
        p50, p99 = latencies[len(latencies) // 2], latencies[len(latencies) * 99 // 100]
        signatures = signature_microseconds()
        cost = f"sign {signatures[0]:.0f} us, verify {signatures[1]:.0f} us, " if signatures else ""
        table.add("PBFT, 4 local replicas, one transaction at a time", len(latencies) / sum(latencies), "decisions/s",
                  note=f"p50 {p50 * 1e3:.2f} ms, p99 {p99 * 1e3:.2f} ms; here: {cost}a durable write of 200 bytes "
                       f"{fsync_seconds() * 1e3:.3f} ms")
        transactions, blocks = replicas.all_at_once()
        table.add("the same, all at once", transactions, "transactions/s",
                  note=f"{payments - len(latencies)} payments, {blocks:.0f} decisions/s")
        forks = sum(node.rpc.getforkstats()["forked_heights"] for node in replicas.nodes)
        table.remark(f"Forks that the PBFT replicas saw: {forks}")
