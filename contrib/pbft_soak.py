"""Four PBFT validators as real processes, with load, random kills, pauses and cut links. Run by contrib/pbft_soak.sh.

Each round waits for a quiet network, does one fault, heals it, and measures how long it takes until all four validators
have a new block and one tip. At the end it compares every block that any validator ever showed as final with the chain
of each. Prints one line for each round and a summary; exits with 1 after a fork or a lost block, and with 2 when a
round needed longer than two timeouts after healing (and a restarted process some time to start).
"""

import argparse
import itertools
import json
import random
import signal
import subprocess
import sys
import threading
import time
from decimal import Decimal
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "functional"))
from framework import (KNOWN_ADDRESS, KNOWN_KEY_WIF, PROGRAMS, Network, Rpc, RpcError, free_port,  # noqa: E402
                       wait_until)
from lossy_relay import LossyRelay  # noqa: E402

REPLICAS = 4
COINS = 200
FEE = Decimal("0.00002")
BASE_TIMEOUT_SECONDS = 2
RESTART_SECONDS = 2  # to start a process and to connect it
RECOVERY_SECONDS_MAX = 300
LOST = (OSError, RpcError, ValueError)


class Replicas:
    def __init__(self, network):
        folder = network.folder / "keys"
        subprocess.run([str(PROGRAMS / "parley-cli"), "pbftkeygen", str(REPLICAS), str(folder)], check=True,
                       capture_output=True, timeout=60)
        ports = []
        for _ in range(REPLICAS):
            ports.append(free_port(frozenset(ports)))
        self.relays = {pair: LossyRelay(ports[pair[1]]) for pair in itertools.combinations(range(REPLICAS), 2)}
        self.nodes = []
        for index in range(REPLICAS):
            options = ["-consensus=pbft", f"-pbftvalidators={folder / 'validators.json'}",
                       f"-pbftkey={folder / f'key-{index}.hex'}"]
            options += [f"-genesisoutput={KNOWN_ADDRESS}:1"] * COINS
            options += [f"-addnode=127.0.0.1:{relay.port}" for pair, relay in self.relays.items() if pair[0] == index]
            self.nodes.append(network.add(*options, chain="labnet", start=False, p2p_port=ports[index]))
        for node in self.nodes:
            node.start()
        genesis = self.nodes[0].rpc.getblock(self.nodes[0].rpc.getblockhash(0), 2)
        self.coins_txid = genesis["tx"][0]["txid"]

    def heights(self):
        return [node.rpc.getblockcount() for node in self.nodes]

    def settled_at(self, height):
        """Whether all have a block above `height`, and one tip."""
        try:
            return min(self.heights()) > height and len({node.tip() for node in self.nodes}) == 1
        except LOST:
            return False


class Load(threading.Thread):
    """Pays from the known key to itself, a payment every so often, at a validator that is up."""

    def __init__(self, replicas, period_seconds):
        super().__init__(daemon=True)
        self.replicas, self.period = replicas, period_seconds
        self.coins = [(replicas.coins_txid, index, Decimal(1)) for index in range(COINS)]
        self.sent = 0
        self.ended = threading.Event()

    def run(self):
        clients = [Rpc(node.rpc_port, node.credentials, timeout=5) for node in self.replicas.nodes]
        for turn in itertools.count():
            if self.ended.wait(self.period):
                return
            try:
                self.pay(clients[turn % REPLICAS], turn % COINS)
                self.sent += 1
            except LOST:
                clients[turn % REPLICAS].close()

    def pay(self, client, position):
        txid, index, value = self.coins[position]
        change = value - FEE
        raw = client.createrawtransaction([{"txid": txid, "vout": index}], {KNOWN_ADDRESS: str(change)})
        signed = client.signrawtransactionwithkey(raw, [KNOWN_KEY_WIF])
        if signed["complete"]:
            self.coins[position] = (client.sendrawtransaction(signed["hex"]), 0, change)


class Watch(threading.Thread):
    """Notes every block that a validator shows as its chain; under PBFT each is final."""

    def __init__(self, replicas):
        super().__init__(daemon=True)
        self.replicas = replicas
        self.seen = {}  # hash by height
        self.conflicts = []
        self.ended = threading.Event()

    def run(self):
        clients = [Rpc(node.rpc_port, node.credentials, timeout=5) for node in self.replicas.nodes]
        while not self.ended.wait(0.2):
            for client in clients:
                try:
                    info = client.getblockchaininfo()
                    self.note(info["blocks"], info["bestblockhash"])
                except LOST:
                    client.close()

    def note(self, height, block):
        known = self.seen.setdefault(height, block)
        if known != block:
            self.conflicts.append((height, known, block))


def kill(replicas, chooser):
    victim = chooser.choice(replicas.nodes)
    victim.kill()
    time.sleep(chooser.uniform(0.5, 8))
    victim.start()
    return f"kill -9 of {victim.name}", RESTART_SECONDS


def pause(replicas, chooser):
    victim = chooser.choice(replicas.nodes)
    seconds = chooser.uniform(0.5, 10)
    victim.process.send_signal(signal.SIGSTOP)
    time.sleep(seconds)
    victim.process.send_signal(signal.SIGCONT)
    return f"{victim.name} stood still for {seconds:.1f} s", 0


def cut_links(replicas, chooser):
    side = set(chooser.sample(range(REPLICAS), chooser.choice([1, 1, 2])))
    relays = [relay for pair, relay in replicas.relays.items() if (pair[0] in side) != (pair[1] in side)]
    silently = chooser.random() < 0.5
    seconds = chooser.uniform(1, 15)
    for relay in relays:
        relay.freeze() if silently else relay.cut()
    time.sleep(seconds)
    for relay in relays:
        relay.heal()
    return f"{sorted(side)} cut off for {seconds:.1f} s, {'silently' if silently else 'closed'}", 0


def lossy_link(replicas, chooser):
    pair = chooser.choice(list(replicas.relays))
    relay = replicas.relays[pair]
    for _ in range(5):
        relay.freeze()
        time.sleep(chooser.uniform(0.2, 2))
        relay.heal()
        time.sleep(chooser.uniform(0.1, 0.5))
    return f"link {pair} flapped", 0


def run_rounds(replicas, chooser, ends):
    recoveries, late = [], []
    while time.monotonic() < ends:
        time.sleep(chooser.uniform(1, 4))
        what, allowance = chooser.choice([kill, pause, cut_links, lossy_link])(replicas, chooser)
        healed = time.monotonic()
        height = max(height_of(node) for node in replicas.nodes)
        wait_until(lambda: replicas.settled_at(height), f"a block on every validator after: {what}",
                   RECOVERY_SECONDS_MAX)
        seconds = time.monotonic() - healed
        recoveries.append(seconds)
        limit = 2 * BASE_TIMEOUT_SECONDS + allowance
        mark = "" if seconds <= limit else f"  LATE (limit {limit} s)"
        if mark:
            late.append(what)
        print(f"{what}: next block on all after {seconds:.1f} s{mark}", flush=True)
    return recoveries, late


def height_of(node):
    try:
        return node.rpc.getblockcount()
    except LOST:
        return 0


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=15)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--period", type=float, default=0.1, help="seconds between two payments")
    arguments = parser.parse_args()
    chooser = random.Random(arguments.seed)
    print(f"seed {arguments.seed}, {arguments.minutes} minutes", flush=True)
    with Network() as network:
        replicas = Replicas(network)
        load, watch = Load(replicas, arguments.period), Watch(replicas)
        load.start()
        watch.start()
        wait_until(lambda: replicas.settled_at(0), "the first block")
        recoveries, late = run_rounds(replicas, chooser, time.monotonic() + arguments.minutes * 60)
        load.ended.set()
        watch.ended.set()
        load.join()
        watch.join()
        wait_until(lambda: len({node.tip() for node in replicas.nodes}) == 1, "equal tips")
        lost = [(node.name, height) for node in replicas.nodes for height, block in watch.seen.items()
                if node.rpc.getblockhash(height) != block]
        recoveries.sort()
        print(json.dumps({"rounds": len(recoveries), "payments": load.sent, "blocks": replicas.heights()[0],
                          "recovery_median_s": round(recoveries[len(recoveries) // 2], 2),
                          "recovery_max_s": round(recoveries[-1], 2), "late_rounds": len(late),
                          "forks": len(watch.conflicts), "lost_blocks": len(lost)}))
        for relay in replicas.relays.values():
            relay.end()
    if watch.conflicts or lost:
        sys.exit(1)
    sys.exit(2 if late else 0)


if __name__ == "__main__":
    main()
