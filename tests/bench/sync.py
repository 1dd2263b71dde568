"""The first sync of a signature-heavy chain from a local peer, and one block of the main chain."""

import json
import os
import subprocess
import tempfile
import time
from collections import Counter
from pathlib import Path

from figures import median
from framework import PROGRAMS, REPOSITORY, Network, wait_until
from processes import cpu_by_thread, cpu_seconds, resident_peak_bytes

PROGRAM = PROGRAMS / "parley-bench-chain"
VECTORS = REPOSITORY.parent / "shared" / "vectors"
WAIT_SECONDS = 600
# Figures of bitcoind 31 for 780,000 inputs in 576 blocks, and the goals.
BAR_INPUTS = 780_000
REFERENCE_WALL, REFERENCE_CPU = 27.5, 48.5
GOAL_WALL, GOAL_CPU, GOAL_MB = 20, 40, 150


def run(*arguments):
    command = [str(PROGRAM), *map(str, arguments)]
    return json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def synchronise(network, peer, tip):
    """(wall seconds, processor seconds, peak bytes, processor seconds by thread) of a fresh node's first sync."""
    node = network.add(f"-connect={peer.address}", start=False)
    start = time.perf_counter()
    node.start()
    wait_until(lambda: node.tip() == tip, "the first sync", WAIT_SECONDS)
    wall = time.perf_counter() - start
    pid = node.process.pid
    result = wall, cpu_seconds(pid), resident_peak_bytes(pid), cpu_by_thread(pid)
    node.stop()
    return result


def measure_sync(table, blocks, inputs, rounds):
    with tempfile.TemporaryDirectory(prefix="parley-bench-") as folder, Network() as network:
        path = Path(folder) / "chain.dat"
        coins = max(4_000, min(50_000, inputs // 10))
        chain = run("make", path, f"--blocks={blocks}", f"--inputs={inputs}", f"--coins={coins}")
        peer = network.add("-connect=0", f"-loadblock={path}", start=False)
        start = time.perf_counter()
        peer.start()
        wait_until(lambda: peer.tip() == chain["tip"], "the import", WAIT_SECONDS)
        imported = time.perf_counter() - start
        results, floors = [], []
        for _ in range(rounds):
            results.append(synchronise(network, peer, chain["tip"]))
            floors.append(run("floor", path))
    wall, cpu = median([each[0] for each in results]), median([each[1] for each in results])
    floor_wall, floor_cpu = median([each["wall_s"] for each in floors]), median([each["cpu_s"] for each in floors])
    hashing = median([each["hashing_s"] for each in floors])
    scale = chain["inputs"] / BAR_INPUTS
    what = f"first sync, {chain['blocks']} blocks, {chain['inputs']:,} P2WPKH inputs"
    over = median([each[0] / floor["wall_s"] for each, floor in zip(results, floors)])
    table.add(f"{what}: wall", wall, "s", REFERENCE_WALL * scale, GOAL_WALL * scale, lower=True,
              note=f"{rounds} rounds; {chain['inputs'] / wall:,.0f} inputs/s; reference and goal scaled by the inputs; "
                   f"-loadblock of the same file: {imported:.2f} s")
    table.add("the same: over the floor", over, "x", None, 1.15, lower=True,
              note=f"signature checks alone on {floors[0]['threads']} cores: {floor_wall:.2f} s, "
                   f"{floor_cpu / chain['inputs'] * 1e6:.1f} us each; the peer runs on the same cores")
    threads = Counter()
    for each in results:
        threads.update(each[3])
    total = sum(threads.values())
    names = {"parleyd": "core", "scriptch": "script pool"}
    by_thread = ", ".join(f"{names.get(name, name)} {seconds / total:.0%}"
                          for name, seconds in threads.most_common() if seconds / total >= 0.005)
    storage = threads["storage"] / total
    table.add("the same: processor time", cpu, "s", REFERENCE_CPU * scale, GOAL_CPU * scale, lower=True,
              note=f"signature checks {floor_cpu / cpu:.0%}, bare hashing {hashing / cpu:.0%}, storage thread "
                   f"{storage:.0%}, the rest {1 - (floor_cpu + hashing) / cpu - storage:.0%}; by thread: {by_thread}")
    table.add("the same: peak memory", max(each[2] for each in results) / 1e6, "MB", None, GOAL_MB, lower=True)


def measure_block(table):
    path = Path(os.environ.get("PARLEY_VECTORS", VECTORS)) / "mainnet_block_413567.raw"
    if not path.exists():
        table.remark(f"block 413,567 of the main chain: not measured, {path} is not there (PARLEY_VECTORS)")
        return
    block = run("block", path)
    table.add("block 413,567: parse, hash, Merkle root, one core", block["all_ms"], "ms", None, 1.5, lower=True,
              note=f"{block['transactions']:,} transactions, {block['bytes']:,} bytes; bare hashing "
                   f"{block['hashing_ms']:.2f} ms")
