"""What bitcoind's users and test suites expect of a start, of the files, and of commands run on events."""

import json
import subprocess
from concurrent.futures import ThreadPoolExecutor

import pytest

from framework import KNOWN_ADDRESS, Rpc, expect_rpc_error, wait_until

# What bitcoind's functional tests write into the configuration of each node.
SUITE_CONFIGURATION = """[regtest]
rpcservertimeout=99000
rpcdoccheck=1
rpcthreads=2
fallbackfee=0.0002
server=1
keypool=1
discover=0
dnsseed=0
fixedseeds=0
listenonion=0
peertimeout=999999999
printtoconsole=0
natpmp=0
shrinkdebugfile=0
unsafesqlitesync=1
connect=0
maxconnections=94
par=2
"""
SUITE_OPTIONS = ["-logtimemicros", "-debug", "-debugexclude=leveldb", "-debugexclude=rand", "-uacomment=testnode0",
                 "-logthreadnames", "-logsourcelocations", "-loglevel=trace", "-nologratelimit", "-v2transport=0"]


def test_suite_configuration_starts_and_a_fresh_directory_has_an_empty_wallets_folder(network):
    node = network.add(*SUITE_OPTIONS, "-disablewallet", start=False)
    (node.datadir / "bitcoin.conf").write_text(SUITE_CONFIGURATION)
    node.start()
    node.stop()
    assert list((node.chain_folder / "wallets").iterdir()) == []
    folders = {path.name for path in node.chain_folder.iterdir() if path.is_dir()}
    assert folders <= {"blocks", "chainstate", "indexes", "wallets"}
    # Only a new data directory gets the folder.
    (node.chain_folder / "wallets").rmdir()
    node.start()
    node.stop()
    assert not (node.chain_folder / "wallets").exists()


def test_copy_of_blocks_chainstate_and_indexes_is_enough(network):
    node = network.add()
    node.generate(5)
    tip = node.tip()
    node.stop()
    for path in node.chain_folder.iterdir():
        if path.is_file():
            path.unlink()
    node.start()
    assert node.tip() == tip


def test_scantxoutset_finds_what_was_paid(network):
    node = network.add("-disablewallet")
    hashes = node.generate(3)
    script = node.rpc.validateaddress(KNOWN_ADDRESS)["scriptPubKey"]
    found = node.rpc.scantxoutset("start", [f"raw({script})"])
    assert found["success"] and found["txouts"] == 3 and found["bestblock"] == node.tip()
    assert found["total_amount"] == 150
    assert sorted((coin["height"], coin["blockhash"], coin["confirmations"]) for coin in found["unspents"]) == [
        (1, hashes[0], 3), (2, hashes[1], 2), (3, hashes[2], 1)]
    assert all(coin["coinbase"] and coin["scriptPubKey"] == script for coin in found["unspents"])
    assert node.rpc.scantxoutset("status") is None and node.rpc.scantxoutset("abort") is False
    expect_rpc_error(-8, "Invalid action 'walk'", node.rpc.scantxoutset, "walk")


def test_snapshot_of_the_coins_excludes_blocks_that_follow(network):
    node = network.add("-disablewallet")
    node.generate(20)
    for _ in range(5):
        found = node.rpc.scantxoutset("start", [f"addr({KNOWN_ADDRESS})"])
        assert found["txouts"] == found["height"] == len(found["unspents"])
        assert node.rpc.gettxoutsetinfo()["txouts"] == found["txouts"]
        node.generate(1)


def test_blocknotify_runs_for_each_block(network):
    node = network.add(start=False)
    seen = node.datadir / "blocks.txt"
    node.options.append(f"-blocknotify=echo %s >> {seen}")
    node.start()
    hashes = node.generate(12)
    wait_until(lambda: seen.exists() and len(seen.read_text().split()) == 12, "a command for each block")
    assert seen.read_text().split() == hashes
    # After a step back there is one command, for the new tip.
    node.rpc.invalidateblock(hashes[-1])
    wait_until(lambda: len(seen.read_text().split()) == 13, "a command for the tip below")
    assert seen.read_text().split()[-1] == hashes[-2]


def test_walletnotify_runs_for_each_change_of_a_transaction(network):
    node = network.add(start=False)
    seen = node.datadir / "seen"
    seen.mkdir()
    node.start([f"-walletnotify=echo %h_%b > {seen}/%w_%s"])

    def expect(wallet, transactions):
        paths = {seen / f"{wallet}_{txid}": text for txid, text in transactions.items()}
        wait_until(lambda: all(path.exists() and path.read_text() for path in paths), "a command for each")
        assert {path: path.read_text().strip() for path in seen.iterdir()} == paths
        for path in paths:
            path.unlink()

    name = "it's %s\n\\"  # no text may leave its word
    node.rpc.createwallet(name)
    assert node.rpc.listwallets() == [name] and node.rpc.listwalletdir()["wallets"] == [{"name": name, "warnings": []}]
    hashes = node.rpc.generatetoaddress(2, node.rpc.getnewaddress())
    mined = {node.rpc.getblock(block)["tx"][0]: f"{height}_{block}" for height, block in enumerate(hashes, 1)}
    expect(name, mined)
    node.rpc.rescanblockchain()
    expect(name, mined)
    node.generate(100)
    paid = node.rpc.sendtoaddress(KNOWN_ADDRESS, 1)
    expect(name, {paid: "-1_unconfirmed"})
    block = node.generate(1)[0]
    expect(name, {paid: f"103_{block}"})


@pytest.mark.parametrize("key", [None, "0011223344556677"])
def test_block_files_are_read_with_the_key_of_xor_dat(network, key):
    node = network.add("-disablewallet", "-blocksxor", start=False)
    blocks = node.chain_folder / "blocks"
    node.start()
    hashes = node.generate(5)
    stored = (blocks / "xor.dat").read_bytes()
    assert len(stored) == 8 and stored != bytes(8)
    node.stop()
    raw = (blocks / "blk00000.dat").read_bytes()
    plain = bytes(byte ^ stored[i % 8] for i, byte in enumerate(raw))
    assert plain.startswith(bytes.fromhex("fabfb5da")) and not raw.startswith(bytes.fromhex("fabfb5da"))
    if key:  # as another node would have written them
        for name in ("blk00000.dat", "rev00000.dat"):
            data = (blocks / name).read_bytes()
            mask = [old ^ new for old, new in zip(stored, bytes.fromhex(key), strict=True)]
            (blocks / name).write_bytes(bytes(byte ^ mask[i % 8] for i, byte in enumerate(data)))
        (blocks / "xor.dat").write_bytes(bytes.fromhex(key))
    node.options.remove("-blocksxor")
    node.start()
    assert [node.rpc.getblockhash(height) for height in range(1, 6)] == hashes
    assert all(node.rpc.getblock(block)["tx"] for block in hashes)
    node.rpc.invalidateblock(hashes[-1])  # reads undo data
    node.stop()
    node.options.append("-blocksxor=0")
    refused = subprocess.run(node.command([]), capture_output=True, text=True, timeout=60)
    assert refused.returncode == 1 and refused.stderr.startswith(
        "Error: The blocksdir XOR-key can not be disabled when a random key was already stored!")


def test_clients_may_generate_at_the_same_time(network):
    """The clock stands, so two calls on one tip make the same block, or one beside it; none fails."""
    node = network.add("-disablewallet", "-mocktime=1800000000")

    def generate(_):
        rpc = Rpc(node.rpc_port, node.credentials)
        try:
            return [rpc.generateblock(KNOWN_ADDRESS, [])["hash"] for _ in range(20)]
        finally:
            rpc.close()

    with ThreadPoolExecutor(4) as pool:
        hashes = [block for made in pool.map(generate, range(4)) for block in made]
    assert len(hashes) == 80 and all(node.rpc.getblockheader(block)["hash"] == block for block in hashes)


def test_startup_and_shutdown_commands_run(network):
    node = network.add(start=False)
    started, stopped = node.datadir / "started", node.datadir / "stopped"
    node.start([f"-startupnotify=touch {started}", f"-shutdownnotify=touch {stopped}"])
    wait_until(started.exists, "the command of -startupnotify")
    assert not stopped.exists()
    node.stop()
    wait_until(stopped.exists, "the command of -shutdownnotify")


@pytest.mark.parametrize("option", ["-version", "-help", "-h", "-?"])
def test_cli_describes_itself_without_a_node(network, option):
    run = network.add(start=False).cli(option)
    assert run.returncode == 0 and run.stdout.startswith("Parley RPC client version v") and run.stderr == ""
    assert ("-rpcwait" in run.stdout) == (option != "-version")


def test_cli_colours_on_request_only(network):
    node = network.add()
    assert "\x1b[" in node.cli("-color=always", "-getinfo").stdout
    assert "\x1b[" not in node.cli("-getinfo").stdout  # no terminal
    assert node.cli("-getinfo", "x").returncode == 1
    assert node.cli("-netinfo", "help").returncode == 0
    run = node.cli("-color=pink", "-getinfo")
    assert run.returncode == 1 and "always, auto, never" in run.stderr


def test_cli_without_a_node_gives_the_next_step(network):
    run = network.add(start=False).cli("getblockcount")
    assert run.returncode == 1 and "Make sure the parleyd server is running" in run.stderr


def test_cli_echo_sends_strings_and_echojson_json(network):
    node = network.add("-disablewallet")
    assert json.loads(node.cli("echo", "1", "a").stdout) == ["1", "a"]
    assert json.loads(node.cli("echojson", "1", '"a"').stdout) == [1, "a"]
    assert node.cli("echojson", "a").returncode == 1


def test_included_from_an_included_file_is_a_warning_on_stderr(network):
    node = network.add(start=False)
    (node.datadir / "bitcoin.conf").write_text("includeconf=more.conf\n")
    (node.datadir / "more.conf").write_text("uacomment=included\nincludeconf=deeper.conf\n")
    node.start()
    assert "included" in node.rpc.getnetworkinfo()["subversion"]
    assert node.stderr() == ("warning: -includeconf cannot be used from included files; ignoring "
                             "-includeconf=deeper.conf\n")
    node.rpc.stop()
    assert node.wait_for_exit() == 0
