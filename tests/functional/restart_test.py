"""Stop, kill -9 and restart: all acknowledged data is there, and nothing has to be rebuilt."""

import contextlib
import http.client
import json
import os
import random
import signal
import subprocess
import threading

from framework import OTHER_ADDRESS, WAIT_SECONDS, RpcError, wait_until


def test_restart_chain_is_as_before(network):
    node = network.add()
    hashes = node.generate(30)
    node.rpc.invalidateblock(hashes[-1])
    node.generate(2, OTHER_ADDRESS)
    before = (node.rpc.getblockchaininfo(), sorted(tip["hash"] for tip in node.rpc.getchaintips()))
    node.restart()
    after = (node.rpc.getblockchaininfo(), sorted(tip["hash"] for tip in node.rpc.getchaintips()))
    for key in ("blocks", "bestblockhash", "chainwork", "headers"):
        assert before[0][key] == after[0][key]
    assert before[1] == after[1]
    coinbase = node.rpc.getblock(node.tip())["tx"][0]
    assert node.rpc.gettxout(coinbase, 0) is not None


def test_restart_node_goes_on_mining_and_reorganising(network):
    a, b = network.add(), network.add()
    network.connect(a, b)
    a.generate(10)
    network.sync_blocks()
    a.restart()
    b.generate(1)
    a.generate(3, OTHER_ADDRESS)
    network.connect(a, b)
    assert network.sync_blocks() == a.tip() and a.rpc.getblockcount() == 13


def test_stop_leaves_no_cookie_and_silent_stderr(network):
    node = network.add()
    assert (node.chain_folder / ".cookie").stat().st_mode & 0o077 == 0
    node.stop()
    assert not (node.chain_folder / ".cookie").exists()


def test_datadir_holds_bitcoinds_folders_and_no_others(network):
    node = network.add()
    node.generate(1)
    node.stop()
    folders = {path.name for path in node.chain_folder.iterdir() if path.is_dir()}
    assert {"blocks", "chainstate"} <= folders <= {"blocks", "chainstate", "indexes", "wallets"}


def test_bans_are_in_force_after_a_restart(network):
    node, banned = network.add("-debug=net"), network.add()
    node.rpc.setban("127.0.0.0/8", "add", 3600)
    node.rpc.setban("2001:db8::/32", "add", 1)
    stored = json.loads((node.chain_folder / "banlist.json").read_text())["banned_nets"]
    assert [(each["version"], each["address"]) for each in stored] == [
        (1, "127.0.0.0/8"), (1, "2001:db8::/32")]
    before = node.rpc.listbanned()[0]
    node.restart()
    after = node.rpc.listbanned()[0]
    for key in ("address", "ban_created", "banned_until", "ban_duration"):
        assert before[key] == after[key]
    banned.rpc.addnode(node.address, "onetry")
    log = node.chain_folder / "debug.log"
    wait_until(lambda: "banned" in log.read_text().rpartition("Loaded 2 banned")[2], "the peer is refused")
    assert node.rpc.getpeerinfo() == []
    node.rpc.clearbanned()
    network.connect(banned, node)
    assert len(node.rpc.getpeerinfo()) == 1


def test_mempool_is_there_after_a_restart(network):
    node = network.add()
    node.generate(101)
    node.rpc.createwallet("w")
    node.generate(101, node.rpc.getnewaddress())
    txids = [node.rpc.sendtoaddress(OTHER_ADDRESS, 1) for _ in range(3)]
    node.rpc.prioritisetransaction(txids[0], 0, 77)
    node.rpc.prioritisetransaction("77" * 32, 0, 88)
    before = node.rpc.getrawmempool(True)
    assert sorted(before) == sorted(txids)
    node.restart()
    wait_until(lambda: node.rpc.getmempoolinfo()["loaded"], "the mempool is loaded")
    after = node.rpc.getrawmempool(True)
    for txid in txids:
        for key in ("time", "fees", "vsize", "depends"):
            assert before[txid][key] == after[txid][key]
    assert node.rpc.getprioritisedtransactions()["77" * 32]["fee_delta"] == 88

    # Version 1 has no noise over the transactions; either version is read.
    saved = node.rpc.savemempool()["filename"]
    assert open(saved, "rb").read(8) == (2).to_bytes(8, "little")
    node.restart(["-persistmempoolv1"])
    wait_until(lambda: node.rpc.getmempoolinfo()["loaded"], "the mempool is loaded")
    node.rpc.savemempool()
    raw = bytes.fromhex(node.rpc.getrawtransaction(txids[0]))
    plain = open(saved, "rb").read()
    assert plain[:16] == (1).to_bytes(8, "little") + (3).to_bytes(8, "little") and raw in plain
    node.restart(["-persistmempool=0"])
    assert node.rpc.getrawmempool() == []
    assert node.rpc.importmempool(saved) == {}
    assert sorted(node.rpc.getrawmempool()) == sorted(txids)


def test_damaged_mempool_file_is_left_out(network):
    node = network.add()
    node.generate(1)
    node.stop()
    (node.chain_folder / "mempool.dat").write_bytes(b"\x02" + bytes(7) + b"\x07")
    node.start()
    wait_until(lambda: node.rpc.getmempoolinfo()["loaded"], "the mempool is loaded")
    try:
        node.rpc.importmempool(str(node.chain_folder / "mempool.dat"))
        assert False, "a damaged file was imported"
    except RpcError as error:
        assert "Unable to import mempool file" in str(error)


def test_kill_after_acknowledged_blocks_they_are_there(network):
    node = network.add()
    hashes = node.generate(20)
    node.kill()
    node.start()
    assert node.tip() == hashes[-1] and node.rpc.getblockcount() == 20
    assert node.rpc.gettxout(node.rpc.getblock(hashes[-1])["tx"][0], 0) is not None
    node.generate(1)


def test_kill_while_mining_ten_times_nothing_acknowledged_is_lost(network):
    seed = random.SystemRandom().randrange(2**32)
    print(f"seed {seed}")
    chooser = random.Random(seed)
    node = network.add()
    acknowledged = []

    def mine_until_killed():
        try:
            while True:
                acknowledged.extend(node.generate(1))
        except (OSError, http.client.HTTPException, RpcError):  # the connection breaks wherever the kill hits it
            pass

    for _ in range(10):
        miner = threading.Thread(target=mine_until_killed)
        miner.start()
        miner.join(chooser.uniform(0.02, 0.4))
        node.process.kill()
        miner.join()
        node.wait_for_exit()
        node.start()
        for height, block in enumerate(acknowledged, 1):
            assert node.rpc.getblockhash(height) == block
        # One more block may have been stored before its reply left.
        count = node.rpc.getblockcount()
        assert len(acknowledged) <= count <= len(acknowledged) + 1
        if count > len(acknowledged):
            acknowledged.append(node.tip())
        node.rpc.getblock(node.tip(), 2)
    assert len(acknowledged) > 10
    node.stop()


def test_kill_during_a_reorganisation_ends_on_one_of_the_branches(network):
    a, b = network.add(), network.add()
    a.generate(150)
    b.generate(160, OTHER_ADDRESS)
    branches = {a.tip(), b.tip()}
    a.rpc.addnode(b.address, "onetry")
    a.kill()
    a.start()
    assert a.tip() in branches or a.rpc.getblockcount() >= 150
    network.connect(a, b)
    assert network.sync_blocks() == b.tip()


def test_kill_wallet_agrees_with_the_chain(network):
    node = network.add()
    node.rpc.createwallet("w")
    wallet = node.rpc.wallet("w")
    address = wallet.getnewaddress()
    node.generate(101, address)
    node.kill()
    node.start()
    if "w" not in node.rpc.listwallets():
        node.rpc.loadwallet("w")
    assert wallet.getbalance() == 50
    assert wallet.getnewaddress() != address


def test_daemon_option_returns_when_the_node_answers_and_leaves_it_running(network):
    node = network.add(start=False)
    started = subprocess.run(node.command(["-daemonwait", f"-pid={node.datadir / 'pid'}"]), capture_output=True,
                             text=True, timeout=WAIT_SECONDS, check=True)
    pid = int((node.datadir / "pid").read_text())
    try:
        assert "Parley starting" in started.stdout and started.stderr == ""
        assert node.rpc.getblockcount() == 0  # at once: it was waited for
        assert os.getsid(pid) == pid, "a session of its own"
        node.rpc.stop()
        wait_until(lambda: not (node.datadir / "pid").exists(), "the daemon to end")
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def test_daemon_option_reports_a_failed_start(network):
    node = network.add()
    second = subprocess.run(node.command(["-daemonwait"]), capture_output=True, text=True, timeout=WAIT_SECONDS)
    assert second.returncode == 1
    assert second.stderr.startswith("Error: Cannot obtain a lock on directory")


def test_notify_options_run_their_commands(network):
    node = network.add(start=False)
    seen = node.datadir / "seen"
    node.start([f"-startupnotify=echo started >> {seen}", f"-blocknotify=echo %s >> {seen}",
                f"-shutdownnotify=echo stopped >> {seen}"])
    hashes = node.generate(1) + node.generate(1)
    wait_until(lambda: seen.exists() and len(seen.read_text().split()) == 3, "the commands to have run")
    node.stop()
    assert seen.read_text().split() == ["started", *hashes, "stopped"]
