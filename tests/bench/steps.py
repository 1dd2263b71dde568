"""The longest steps of the core thread, by kind, while the node does what keeps it busiest."""

import re
from decimal import Decimal

from framework import KNOWN_ADDRESS, Network, wait_until

GOAL_MS = 50
OUTPUTS = 15_000
OUTPUTS_PER_PAYMENT = 500
MEMPOOL_PAYMENTS = 300
BLOCKS = 400
LINE = re.compile(r"Core thread: (\d+) steps for (.+), ([\d.]+) ms, the longest ([\d.]+) ms")
# Kinds shorter than this are left out of the table.
SHOWN_MS = 1


def fill_wallet(wallet, outputs):
    """Payments to itself that leave it with so many coins."""
    for _ in range(outputs // OUTPUTS_PER_PAYMENT):
        wallet.sendmany("", {wallet.getnewaddress(): Decimal("0.0001") for _ in range(OUTPUTS_PER_PAYMENT)})
        wallet.generatetoaddress(1, KNOWN_ADDRESS)


def work(network, outputs):
    node = network.add("-loglevel=debug", "-txindex")
    node.rpc.createwallet("many")
    wallet = node.rpc.wallet("many")
    node.generate(BLOCKS, wallet.getnewaddress())
    node.generate(100)
    fill_wallet(wallet, outputs)
    for _ in range(min(MEMPOOL_PAYMENTS, outputs)):
        wallet.sendtoaddress(KNOWN_ADDRESS, Decimal("0.00005"))
    for call in (wallet.listunspent, wallet.getbalances, wallet.listreceivedbyaddress,
                 lambda: wallet.listtransactions("*", 1_000_000), lambda: wallet.listsinceblock(),
                 lambda: wallet.listdescriptors(True), wallet.getwalletinfo,
                 lambda: node.rpc.getrawmempool(True), lambda: node.rpc.getblocktemplate({"rules": ["segwit"]}),
                 lambda: node.rpc.gettxoutsetinfo(), lambda: node.rpc.scantxoutset("start", [f"addr({KNOWN_ADDRESS})"]),
                 lambda: node.rpc.getblock(node.tip(), 2), lambda: node.rpc.verifychain(4, 100),
                 lambda: node.rpc.getchaintxstats(), lambda: wallet.rescanblockchain()):
        call()
    follower = network.add("-loglevel=debug", f"-connect={node.address}")
    wait_until(lambda: follower.tip() == node.tip(), "the follower")
    branch = node.rpc.getblockhash(BLOCKS)
    follower.rpc.invalidateblock(branch)
    follower.rpc.reconsiderblock(branch)
    wait_until(lambda: follower.tip() == node.tip(), "the reorganisation")
    logs = []
    for each in (node, follower):
        each.stop()
        logs.append(each.debug_log())
    return logs


def measure_steps(table, quick):
    outputs = OUTPUTS // 10 if quick else OUTPUTS
    longest = {}
    with Network() as network:
        for log in work(network, outputs):
            for count, kind, total, most in LINE.findall(log):
                longest[kind] = max(longest.get(kind, (0, 0, 0)), (float(most), int(count), float(total)))
    for kind, (most, count, total) in sorted(longest.items(), key=lambda item: -item[1][0]):
        if most >= SHOWN_MS:
            table.add(f"longest step for {kind}", most, "ms", None, GOAL_MS, lower=True,
                      note=f"{count} steps, {total:.0f} ms in all; a wallet of {outputs:,} coins")
