"""-record and parley-lab replay: the replay repeats what a daemon did under load until it was killed."""

import hashlib
import json
import shutil
import subprocess
from decimal import Decimal

from framework import KNOWN_ADDRESS, OTHER_ADDRESS, PROGRAMS, coinbase_outpoint, pay_from_known_key, wait_until


def replay(path, *options):
    return subprocess.run(
        [PROGRAMS / "parley-lab", "replay", str(path), *options], capture_output=True, text=True, timeout=120
    )


def with_another_seed(record):
    """The same record with another seed for the node's random streams, and a valid checksum."""
    magic = len(b"PARLEYREC") + 1
    length = int.from_bytes(record[magic : magic + 4], "little")
    payload = bytearray(record[magic + 4 : magic + 4 + length])
    seed = 0
    for _ in range(3):  # program, chain and engine: short texts behind their length
        seed += 1 + payload[seed]
    payload[seed] ^= 1
    frame = payload + hashlib.sha256(payload).digest()[:4]
    return record[: magic + 4] + bytes(frame) + record[magic + 4 + length + 4 :]


def load(node, other):
    """Blocks, payments of a wallet, transactions of a peer, queries."""
    node.rpc.createwallet("purse")
    wallet = node.rpc.wallet("purse")
    mine = wallet.getnewaddress()
    node.rpc.generatetoaddress(1, mine)
    node.rpc.generatetoaddress(110, KNOWN_ADDRESS)
    wait_until(lambda: other.rpc.getbestblockhash() == node.rpc.getbestblockhash(), "one tip")
    wallet.sendtoaddress(OTHER_ADDRESS, 1)
    for height in range(2, 8):
        outpoint, value = coinbase_outpoint(other, height)
        other.rpc.sendrawtransaction(pay_from_known_key(other, outpoint, value, {OTHER_ADDRESS: Decimal(1)}))
        node.rpc.getblockchaininfo()
        node.rpc.getpeerinfo()
    wait_until(lambda: len(node.rpc.getrawmempool()) == 7, "the peer's transactions")
    other.rpc.generatetoaddress(1, OTHER_ADDRESS)
    wait_until(lambda: node.rpc.getblockcount() == 112, "the peer's block")
    node.rpc.waitfornewblock(50)
    wallet.sendtoaddress(OTHER_ADDRESS, 1)
    outpoint, value = coinbase_outpoint(other, 8)
    other.rpc.sendrawtransaction(pay_from_known_key(other, outpoint, value, {OTHER_ADDRESS: Decimal(1)}))
    wait_until(lambda: len(node.rpc.getrawmempool()) == 2, "two that wait")


def test_killed_daemon_replays_to_the_tip_and_mempool_that_it_answered_last(network, tmp_path):
    record = tmp_path / "record"
    other = network.add()
    node = network.add(f"-record={record}", f"-connect={other.address}")
    load(node, other)
    expected = {"tip": node.rpc.getbestblockhash(), "height": node.rpc.getblockcount(), "mempool": 2}
    node.kill()
    assert record.stat().st_mode & 0o777 == 0o600
    done = replay(record, "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    answer = json.loads(done.stdout)
    assert answer["same"] and {key: answer[key] for key in expected} == expected
    assert answer["steps"] > 30

    # A record that is truncated anywhere is replayed up to its last complete step.
    whole = record.read_bytes()
    cut = tmp_path / "cut"
    cut.write_bytes(whole[: len(whole) * 2 // 3])
    done = replay(cut, "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    assert 0 < json.loads(done.stdout)["steps"] < answer["steps"]

    # A node that behaves differently is detected.
    different = tmp_path / "different"
    different.write_bytes(with_another_seed(whole))
    done = replay(different, "--json")
    assert done.returncode == 2, done.stdout + done.stderr
    difference = json.loads(done.stdout)
    assert not difference["same"] and difference["expected"] != difference["got"]
    assert {"step", "time_us", "event", "effect"} <= difference.keys()

    # A corrupted byte is an error, not a different result.
    damaged = tmp_path / "damaged"
    middle = len(whole) // 2
    damaged.write_bytes(whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1 :])
    done = replay(damaged)
    assert done.returncode == 1 and "damaged" in done.stderr


def test_recording_that_began_later_replays_on_a_copy_of_the_directory(network, tmp_path):
    node = network.add("-txindex")
    node.rpc.createwallet("purse")
    node.generate(2, node.rpc.wallet("purse").getnewaddress())
    node.generate(100)
    node.stop()
    copy = tmp_path / "copy"
    shutil.copytree(node.datadir, copy)
    record = tmp_path / "record"
    node.options += [f"-record={record}", "-wallet=purse"]
    node.start()
    wallet = node.rpc.wallet("purse")
    wallet.sendtoaddress(OTHER_ADDRESS, 1)
    node.generate(2)
    wallet.sendtoaddress(OTHER_ADDRESS, 1)
    expected = {"tip": node.rpc.getbestblockhash(), "height": 104, "mempool": 1}
    node.stop()
    done = replay(record)
    assert done.returncode == 1 and "--datadir" in done.stderr
    done = replay(record, "--datadir", str(copy), "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    answer = json.loads(done.stdout)
    assert answer["same"] and {key: answer[key] for key in expected} == expected


def test_record_with_directories_of_its_own_replays_on_copies_of_them(network, tmp_path):
    folders = {"blocksdir": tmp_path / "blocks", "walletdir": tmp_path / "wallets"}
    for folder in folders.values():
        folder.mkdir()
    node = network.add(*(f"-{name}={folder}" for name, folder in folders.items()))
    node.rpc.createwallet("purse")
    node.generate(101, node.rpc.wallet("purse").getnewaddress())
    node.stop()
    copies = []
    for name, folder in {"datadir": node.datadir, **folders}.items():
        shutil.copytree(folder, tmp_path / "copies" / name)
        copies += [f"--{name}", str(tmp_path / "copies" / name)]
    record = tmp_path / "record"
    node.options += [f"-record={record}", "-wallet=purse"]
    node.start()
    node.rpc.wallet("purse").sendtoaddress(OTHER_ADDRESS, 1)
    node.generate(1)
    expected = {"tip": node.rpc.getbestblockhash(), "height": 102, "mempool": 0}
    node.stop()
    done = replay(record, *copies[:2])
    assert done.returncode == 1 and "--blocksdir" in done.stderr
    done = replay(record, *copies[:4])
    assert done.returncode == 1 and "--walletdir" in done.stderr
    done = replay(record, *copies, "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    answer = json.loads(done.stdout)
    assert answer["same"] and {key: answer[key] for key in expected} == expected


def test_reindexing_and_imported_blocks_are_in_the_record(network, tmp_path):
    source = network.add()
    source.generate(30)
    tip = source.rpc.getbestblockhash()
    source.stop()
    blocks = next((source.datadir / "regtest" / "blocks").glob("blk*.dat"))
    record = tmp_path / "imported"
    node = network.add(f"-loadblock={blocks}", f"-record={record}")
    wait_until(lambda: node.rpc.getblockcount() == 30, "the imported blocks")
    node.stop()
    done = replay(record, "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads(done.stdout)["tip"] == tip

    copy = tmp_path / "copy"
    shutil.copytree(node.datadir, copy)
    record = tmp_path / "reindexed"
    node.options = [option for option in node.options if "loadblock" not in option and "record" not in option]
    node.options += ["-reindex", f"-record={record}"]
    node.start()
    wait_until(lambda: node.rpc.getblockcount() == 30, "the reindexed blocks")
    node.stop()
    done = replay(record, "--datadir", str(copy), "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads(done.stdout)["tip"] == tip


def test_record_that_is_there_is_refused(network, tmp_path):
    record = tmp_path / "record"
    record.write_text("mine")
    node = network.add(f"-record={record}", start=False)
    node.spawn()
    assert node.process.wait(timeout=60) != 0
    assert "exists already" in node.stderr()
    assert record.read_text() == "mine"
