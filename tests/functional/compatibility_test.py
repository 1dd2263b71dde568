"""What bitcoind's users and test suites expect of a start, of the files, and of commands run on events."""

import json

import pytest

from framework import KNOWN_ADDRESS, expect_rpc_error, wait_until

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
