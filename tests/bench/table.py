#!/usr/bin/env python3
"""Measures real daemons and prints the table of figures; contrib/bench.sh builds and runs it.

Usage: table.py [--quick] [--only NAME]... [--inputs N --blocks N]
Names: start, mining, rpc, hashing, pbft, sync, simulator, race, steps

Each figure is the median of several rounds on this machine, beside the floor that the machine sets where there is one,
a reference (bitcoind 31, Release, 2 cores of an idle AMD EPYC Zen 4: another machine, so the ratio is rough), and
the goal.
"""

import argparse
import os
import platform
import re
import socket
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "functional"))

from figures import Table, median  # noqa: E402
from framework import PROGRAMS, Network  # noqa: E402
from ordering import measure_pbft  # noqa: E402
from processes import resident_bytes  # noqa: E402
from steps import measure_steps  # noqa: E402
from sync import measure_block, measure_sync  # noqa: E402

NAMES = ["start", "mining", "rpc", "hashing", "pbft", "sync", "simulator", "race", "steps"]


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


def measure_start(table, rounds):
    starts, memory = [], []
    for _ in range(rounds):
        with Network() as network:
            node = network.add(start=False)
            starts.append(first_answer_seconds(node))
            time.sleep(0.5)
            memory.append(resident_bytes(node.process.pid))
    table.seconds("start to first RPC answer, empty datadir", starts, reference=0.16, goal=0.02)
    table.add("resident memory, fresh regtest node", median(memory) / 1e6, "MB", reference=55, goal=15, lower=True,
              note=f"{len(memory)} rounds")


def measure_mining(table, rounds):
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
    table.seconds("1,000 regtest blocks by generatetoaddress, no wallet", plain, reference=0.52, goal=0.15)
    table.seconds("the same to a loaded wallet", funded, reference=4, goal=0.3)


def load(arguments, connections, seconds):
    """(calls per second, p99 in ms) of the native load generator."""
    run = subprocess.run([str(PROGRAMS / "parley-bench-rpc"), f"--connections={connections}", f"--seconds={seconds}",
                          *arguments], capture_output=True, text=True, check=True)
    rate, p99 = re.search(r": (\d+) calls/s, .*p99 ([\d.]+) ms", run.stdout).groups()
    return float(rate), float(p99)


def measure_rpc(table, rounds, seconds):
    cases = [("getblockcount", 1, 2_900, 30_000), ("getblockcount", 16, 25_000, 75_000),
             ("getblock <tip> 2", 1, 109, 10_000), ("getblock <tip> 2", 16, 5_300, 20_000)]
    with Network() as network:
        node = network.add()
        node.generate(1)
        to_node = [f"--port={node.rpc_port}", f"--cookie={node.chain_folder / '.cookie'}"]
        questions = {"getblockcount": ["getblockcount"], "getblock <tip> 2": ["getblock", f'["{node.tip()}",2]']}
        sizes = {"getblockcount": 45, "getblock <tip> 2": 2_200}
        results = {case: [] for case in cases}
        floors = {case: [] for case in cases}
        # The candidates alternate, so that other load on the machine affects all of them.
        for _ in range(rounds):
            for case in cases:
                results[case].append(load([*to_node, *questions[case[0]]], case[1], seconds))
                floors[case].append(load([f"--echo={sizes[case[0]]}"], case[1], seconds))
    for case in cases:
        method, connections, reference, goal = case
        rate, floor = median([each[0] for each in results[case]]), median([each[0] for each in floors[case]])
        plural = "s" if connections > 1 else ""
        table.add(f"{method}, native client, {connections} connection{plural}", rate, "/s", reference, goal,
                  note=f"p99 {median([each[1] for each in results[case]]):.3f} ms; {rounds} rounds; a server that does "
                       f"nothing: {floor:,.0f}/s")


def measure_hashing(table):
    program = PROGRAMS / "parley-bench-base"
    if not program.exists():
        table.remark("proof-of-work hashing: not measured, parley-bench-base needs libbenchmark-dev")
        return
    run = subprocess.run([str(program), "--benchmark_filter=none"], capture_output=True, text=True, check=True)
    rates = [(name, float(rate)) for name, rate in re.findall(r"^ +(\S.*?) +([\d.]+) MH/s", run.stdout, re.M)]
    bare = dict(rates).get("bare loop")
    kernels = [entry for entry in rates if entry[0] != "bare loop"]
    name, rate = kernels[0]  # the fastest first
    table.add(f"nonce search, one core, {name}", rate, "MH/s", goal=22,
              note=f"{rate / bare:.0%} of a bare loop of the SHA instructions ({bare:.1f} MH/s)" if bare else "")
    for other, figure in kernels[1:]:
        note = f"{figure / bare:.0%} of the bare loop" if bare else ""
        table.add(f"nonce search, one core, {other}", figure, "MH/s", note=note)


def measure_simulator(table, hours):
    run = subprocess.run([str(PROGRAMS / "parley-bench-simulator"), str(hours), "2"], capture_output=True, text=True,
                         check=True)
    line = r"^(\S.*?) +[\d.]+ h in .*?: +(\d+) x real time; +(\d+) kevents"
    for name, ratio, events in re.findall(line, run.stdout, re.M):
        table.add(f"simulator, {name}", float(ratio), "x real time", goal=1_000,
                  note=f"{hours} h at 10-minute blocks; {events} thousand events a second of processor time")


def measure_race(table, heights):
    run = subprocess.run([str(PROGRAMS / "parley-bench-race"), str(heights)], capture_output=True, text=True,
                         check=True)
    line = r"^(\S.*?) +\d+ blocks in .*?: +([\d.]+) million blocks/s"
    for name, rate in re.findall(line, run.stdout, re.M):
        table.add(f"mining race, {name}", float(rate), "million blocks/s", goal=1 if name.startswith("16 ") else None,
                  note=f"{heights:,} main-chain blocks on one core")


def describe_machine():
    model = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text(encoding="ascii", errors="replace"))
    compiler = subprocess.run(["c++", "--version"], capture_output=True, text=True, check=False).stdout.splitlines()[:1]
    load_average = os.getloadavg()[0]
    print(f"Machine: {model.group(1) if model else platform.processor()}, {os.cpu_count()} cores, {platform.system()} "
          f"{platform.release()}, {compiler[0] if compiler else 'no compiler'}, load {load_average:.1f} at the start")
    if load_average > 0.5:
        print("This machine is not idle: the figures are worse than they could be.")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="run fewer rounds")
    parser.add_argument("--only", action="append", choices=NAMES, default=[])
    parser.add_argument("--inputs", type=int, default=60_000, help="inputs in the synchronised chain (goal: 780000)")
    parser.add_argument("--blocks", type=int, default=200, help="blocks in the synchronised chain (goal: 576)")
    arguments = parser.parse_args()
    wanted = arguments.only or NAMES
    describe_machine()
    table = Table()
    rounds = 1 if arguments.quick else 5
    if "start" in wanted:
        measure_start(table, rounds)
    if "mining" in wanted:
        measure_mining(table, rounds)
    if "rpc" in wanted:
        measure_rpc(table, 1 if arguments.quick else 3, 1)
    if "hashing" in wanted:
        measure_hashing(table)
    if "pbft" in wanted:
        measure_pbft(table, 100 if arguments.quick else 400)
    if "sync" in wanted:
        measure_block(table)
        measure_sync(table, arguments.blocks, arguments.inputs, 1 if arguments.quick else 3)
    if "simulator" in wanted:
        measure_simulator(table, 1 if arguments.quick else 4)
    if "race" in wanted:
        measure_race(table, 100_000 if arguments.quick else 1_000_000)
    if "steps" in wanted:
        measure_steps(table, arguments.quick)
    table.print()


if __name__ == "__main__":
    main()
