"""One flipped bit in any kind of file: the daemon reports the damage or gives the correct result, never a wrong one.
PARLEY_FLIPS sets the number of flips for each kind (default: a few)."""

import http.client
import os
import random
import shutil

import pytest

from framework import OTHER_ADDRESS, RpcError, coinbase_outpoint, pay_from_known_key, wait_until

FLIPS = int(os.environ.get("PARLEY_FLIPS", "4"))
KINDS = ["blocks/blk*.dat", "blocks/rev*.dat", "blocks/index/*.ldb", "blocks/index/*.log", "blocks/index/MANIFEST*",
         "blocks/index/CURRENT", "chainstate/*.ldb", "chainstate/*.log", "chainstate/MANIFEST*", "chainstate/CURRENT",
         "indexes/txindex/*.ldb", "indexes/txindex/*.log"]
OPTIONS = ["-dbcache=4", "-txindex"]


def make_chain(node):
    node.generate(140)
    for height in range(1, 30):
        outpoint, value = coinbase_outpoint(node, height)
        node.rpc.sendrawtransaction(pay_from_known_key(node, outpoint, value, {OTHER_ADDRESS: 1}))
        if height % 10 == 0:
            node.generate(1)
    node.generate(3)
    fork = node.rpc.getblockhash(node.rpc.getblockcount() - 1)
    node.rpc.invalidateblock(fork)
    node.generate(4, OTHER_ADDRESS)
    node.rpc.reconsiderblock(fork)


def facts(node):
    """The results that a client can query and that must never be wrong."""
    utxo = node.rpc.gettxoutsetinfo("muhash")
    result = [utxo[key] for key in ("height", "bestblock", "txouts", "total_amount", "muhash")]
    for height in range(0, utxo["height"] + 1):
        block = node.rpc.getblock(node.rpc.getblockhash(height), 3)
        block.pop("confirmations"), block.pop("nextblockhash", None)
        result.append(repr(block))
    coinbase = node.rpc.getblock(node.rpc.getblockhash(77))["tx"][0]
    result.append(node.rpc.getrawtransaction(coinbase, 0))
    return result


@pytest.fixture
def pristine(network):
    """Data directories: of a stopped node, with table files, and of a killed node, with LevelDB logs."""
    node = network.add(*OPTIONS)
    make_chain(node)
    wait_until(lambda: node.rpc.getindexinfo()["txindex"]["synced"], "the index")
    expected = facts(node)
    copies = []
    for name in ("killed", "stopped"):
        node.kill() if name == "killed" else node.stop()
        copies.append(network.folder / name)
        shutil.copytree(node.chain_folder, copies[-1])
        node.start()
        node.restart()  # what was in logs goes to tables
    node.stop()
    return node, copies, expected


def files_of(folder, kind):
    return [path for path in sorted(folder.glob(kind)) if path.stat().st_size > 0]


def flip_one_bit(folder, kind, chooser):
    path = chooser.choice(files_of(folder, kind))
    data = bytearray(path.read_bytes())
    bit = chooser.randrange(8 * len(data))
    data[bit // 8] ^= 1 << bit % 8
    path.write_bytes(data)
    return f"bit {bit % 8} of byte {bit // 8} of {path.relative_to(folder)} ({len(data)} bytes)"


def outcome(node, expected):
    """'refused', 'right', or 'noticed' (an error where the damaged part is read); anything else fails."""
    node.spawn()
    try:
        wait_until(node.answers, "an answer or an end")
        found = facts(node)
        assert found == expected, [pair for pair in zip(found, expected) if pair[0] != pair[1]][:2]
        assert node.rpc.verifychain(4, 0) in (True, False)
        node.stop()
        return "right"
    except (RpcError, OSError, http.client.HTTPException) as error:
        # A failure of the machine has its own message; an error of the call names the block.
        status = None
        if node.process is not None and node.process.poll() is None:
            node.process.terminate()
        if node.process is not None:
            status = node.process.wait()
            node.process = None
            node.rpc.close()
        assert status in (0, 1), f"{status} {error} {node.stderr()}"
        return "noticed"
    except AssertionError:
        if node.process is None or node.process.poll() != 1 or not node.stderr().startswith("Error: "):
            raise
        node.wait_for_exit()
        assert len(node.stderr().splitlines()) == 1, node.stderr()
        return "refused"


def test_flipped_bit_is_refused_or_noticed_or_harmless(network, pristine):
    node, copies, expected = pristine
    seed = int(os.environ.get("PARLEY_TEST_SEED", random.SystemRandom().randrange(2**32)))
    print(f"seed {seed}")
    chooser = random.Random(seed)
    for kind in KINDS:
        counts = {}
        having = [copy for copy in copies if files_of(copy, kind)]
        assert having, f"no file {kind}"
        for number in range(FLIPS):
            shutil.rmtree(node.chain_folder)
            shutil.copytree(having[number % len(having)], node.chain_folder)
            flipped = flip_one_bit(node.chain_folder, kind, chooser)
            try:
                result = outcome(node, expected)
            except AssertionError as error:
                raise AssertionError(f"{flipped}, seed {seed}: {error}") from error
            counts[result] = counts.get(result, 0) + 1
        print(kind, counts)


def test_lost_undo_data_ends_a_node_that_needs_it(network):
    node, other = network.add("-disablewallet"), network.add("-disablewallet")
    node.generate(3)
    (node.chain_folder / "blocks" / "rev00000.dat").unlink()
    other.generate(4, OTHER_ADDRESS)
    node.rpc.addnode(other.address, "onetry")
    assert node.wait_for_exit() == 1
    assert node.stderr() == ("Error: A fatal internal error occurred, see debug.log for details: Failed to disconnect "
                             "block.\n")
    assert "rev00000.dat is shorter" in node.debug_log()
    # As if a power cut had lost them, the blocks are fetched again.
    node.start()
    network.connect(node, other)
    network.sync_blocks()


def test_missing_block_file_is_named(network):
    node = network.add("-fastprune", "-disablewallet")
    node.generate(400)
    node.stop()
    path = node.chain_folder / "blocks" / "blk00000.dat"
    path.rename(path.with_suffix(".away"))
    said = node.expect_start_failure()
    assert said.startswith("Error: Error loading block database. ") and "blk00000.dat is missing" in said, said
    path.with_suffix(".away").rename(path)
    node.start()
