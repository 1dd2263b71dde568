"""A disk that is full or fails at each place where the daemon writes: the daemon stops with one message and exit
code 1. After a restart with a working disk, all acknowledged data is there."""

import errno
import http.client
import os
import subprocess

import pytest

from framework import PROGRAMS, RpcError

SHIM = PROGRAMS / "libparley_fault_shim.so"
BLOCKS_MAX = 400
FREE_BYTES = 96 << 10

# A part of the path for every kind of file that is written when blocks arrive.
FILES = ["/blk", "/rev", "/blocks/index/", "/chainstate/"]


def mine_until_the_end(node):
    """Blocks that were acknowledged before the daemon stopped by itself."""
    acknowledged = []
    try:
        while len(acknowledged) < BLOCKS_MAX:
            acknowledged += node.generate(1)
    except (OSError, http.client.HTTPException, RpcError):
        pass
    return acknowledged


def check_end(node, word):
    status = node.wait_for_exit()
    lines = node.stderr().splitlines()
    assert status == 1, f"exit status {status}, stderr {lines}"
    assert len(lines) == 1 and lines[0].startswith("Error: "), lines
    assert word in lines[0], lines
    # The message must state the problem and the remedy.
    assert any(advice in lines[0] for advice in ("start again", "starting again")), lines


def check_nothing_lost(node, acknowledged):
    node.start()
    for height, block in enumerate(acknowledged, 1):
        assert node.rpc.getblockhash(height) == block
    assert node.rpc.verifychain(4, 0) is True
    node.generate(1)
    node.stop()


@pytest.fixture
def small_disk(network):
    """A file system of a few MiB."""
    folder = network.folder / "disk"
    folder.mkdir()
    if os.geteuid() != 0:
        pytest.skip("only root can mount a small file system: a really full disk was NOT checked")
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", str(folder)], capture_output=True,
                             text=True, check=False)
    if mounted.returncode != 0:
        pytest.skip(f"mount failed ({mounted.stderr.strip()}): a really full disk was NOT checked")
    yield folder
    for node in network.nodes:
        if node.process is not None:
            node.process.kill()
            node.process.wait()
    subprocess.run(["umount", str(folder)], check=True)


def test_full_disk_stops_with_a_sentence_and_loses_nothing(network, small_disk):
    node = network.add("-debuglogfile=0", start=False)
    node.datadir = small_disk / "node0"
    node.datadir.mkdir()
    node.start()
    # Room for some blocks; deleting the ballast frees space afterwards.
    space = os.statvfs(small_disk)
    ballast = small_disk / "ballast"
    ballast.write_bytes(bytes(space.f_bavail * space.f_frsize - FREE_BYTES))
    acknowledged = mine_until_the_end(node)
    assert 0 < len(acknowledged) < BLOCKS_MAX
    check_end(node, "No space left on device")
    ballast.unlink()
    check_nothing_lost(node, acknowledged)


def start_with_fault(node, call, path, first, error):
    os.environ["PARLEY_FAULT"] = f"{call}:{path}:{first}:{error}"
    os.environ["LD_PRELOAD"] = str(SHIM)
    try:
        node.spawn()
    finally:
        del os.environ["PARLEY_FAULT"], os.environ["LD_PRELOAD"]


@pytest.mark.parametrize("path", FILES)
@pytest.mark.parametrize("call,error,word", [("write", errno.ENOSPC, "No space left on device"),
                                             ("sync", errno.EIO, "nput/output error")])
def test_failing_call_stops_with_a_sentence_and_loses_nothing(network, call, error, word, path):
    if not SHIM.exists():
        pytest.skip(f"{SHIM} is not built: a failing disk was NOT checked")
    for first in (1, 2, 5, 20):
        node = network.add("-dbcache=4", start=False)
        start_with_fault(node, call, path, first, error)
        acknowledged = []
        while node.process.poll() is None:
            try:
                if node.answers():
                    acknowledged += mine_until_the_end(node)
                    if len(acknowledged) >= BLOCKS_MAX:
                        break
            except AssertionError:  # it ended before it answered
                break
        if len(acknowledged) >= BLOCKS_MAX:
            # The daemon makes this many calls of this kind only at the end, if at all.
            node.process.terminate()
            if node.process.wait() == 0:
                node.process = None
                check_nothing_lost(node, acknowledged)
                continue
        check_end(node, word)
        check_nothing_lost(node, acknowledged)
