"""The full-block suite of tests/blocks against a daemon: every block over the wire, and every block by submitblock."""

import subprocess

import pytest

from foreign_peer import ForeignPeer
from framework import PROGRAMS

# The time for which the blocks were created.
NOW = 2_000_000_000
# Number of valid blocks between two pings.
BATCH = 50
# submitblock adds a missing witness reserved value, so these blocks differ there.
COMPLETED_BY_SUBMITBLOCK = {"reserved-value-missing", "witnesses-all-stripped-underway"}


class Case:
    def __init__(self, line, blocks):
        self.name, self.hash, offset, size, self.verdict, of_ancestor, self.tip = line.rstrip("\n").split("\t")
        self.offset, self.size, self.of_ancestor, self.blocks = int(offset), int(size), of_ancestor == "1", blocks

    @property
    def quiet(self):
        """Whether the block is one of a long series, in which the state is not checked after each block."""
        return self.name.startswith(("setup-", "long-"))

    def raw(self):
        self.blocks.seek(self.offset)
        return self.blocks.read(self.size)


@pytest.fixture(scope="module")
def cases(tmp_path_factory):
    folder = tmp_path_factory.mktemp("blocks")
    subprocess.run([PROGRAMS / "parley-test-blocks", folder], check=True)
    with open(folder / "blocks.bin", "rb") as blocks, open(folder / "index.tsv", encoding="ascii") as index:
        yield [Case(line, blocks) for line in index]


class Wire:
    """A peer that reconnects after the node has disconnected it, and the new part of the log."""

    def __init__(self, node):
        self.node, self.peer, self.log_read = node, None, 0
        self.sent = {}  # cases by the bytes of their hash: the node asks again for blocks of branches that it ignored
        self.connect()

    def connect(self):
        if self.peer is not None:
            self.peer.close()
        self.peer = ForeignPeer(self.node.p2p_port)
        self.peer.find_raw_block = lambda block_hash: self.sent[block_hash].raw() if block_hash in self.sent else None
        self.peer.handshake()

    def send(self, case):
        self.sent[bytes.fromhex(case.hash)[::-1]] = case
        try:
            self.peer.send(b"block", case.raw())
        except OSError:
            assert self.peer.closed.is_set()

    def sync(self):
        """The node has handled all blocks, also those that it asked for. It may have disconnected the peer for one."""
        try:
            while True:
                self.peer.ping()
                asked = self.peer.payloads(b"getdata")
                self.peer.received.clear()
                if not asked:
                    break
        except (AssertionError, OSError):
            assert self.peer.closed.is_set()
            self.connect()

    def new_log(self):
        with open(self.node.chain_folder / "debug.log", encoding="utf-8", errors="replace") as log:
            log.seek(self.log_read)
            text = log.read()
            self.log_read = log.tell()
        return text


def test_over_the_wire(network, cases):
    node = network.add(f"-mocktime={NOW}", "-debug=net", "-debug=validation")
    wire = Wire(node)
    wrong = []
    for number, case in enumerate(cases):
        wire.send(case)
        if case.quiet and number % BATCH != 0:
            continue
        wire.sync()
        log = wire.new_log()
        if node.tip() != case.tip:
            raise AssertionError(f"{case.name}: the tip is {node.tip()}, not {case.tip}; the log:\n{log[-2000:]}")
        # A block with an unknown parent is kept for a while without a verdict.
        if case.verdict and case.verdict != "prev-blk-not-found" and case.verdict not in log:
            wrong.append(f"{case.name}: no {case.verdict!r} in the log: {log[-400:]!r}")
    assert not wrong, "\n".join(wrong)
    wire.peer.close()
    hash_before = node.rpc.getbestblockhash()
    node.restart()
    assert node.tip() == hash_before
    node.stop()


def test_by_submitblock(network, cases):
    node = network.add(f"-mocktime={NOW}")
    wrong = []
    judged = 0
    for case in cases:
        if case.name in COMPLETED_BY_SUBMITBLOCK:
            continue
        result = node.rpc.submitblock(case.raw().hex())
        if case.verdict == "" or case.of_ancestor:
            expected = None if case.tip == case.hash else "inconclusive"
        else:
            expected = case.verdict
        if result != expected:
            wrong.append(f"{case.name}: {result!r}, not {expected!r}")
        if not case.quiet:
            judged += 1
            assert node.tip() == case.tip, f"{case.name}: the tip is {node.tip()}, not {case.tip}"
    assert not wrong, "\n".join(wrong)
    print(f"{len(cases)} blocks, {judged} of them named cases")
    assert judged >= 100


def test_submitblock_completes_a_coinbase(network, cases):
    """A miner may omit the reserved value of the witness commitment; submitblock adds it."""
    node = network.add(f"-mocktime={NOW}")
    for case in cases:
        if case.name == "reserved-value-missing":
            assert node.rpc.submitblock(case.raw().hex()) is None
            assert node.tip() == case.hash
            return
        node.rpc.submitblock(case.raw().hex())
    raise AssertionError("the case is gone")
