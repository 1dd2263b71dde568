"""parley-cli: what it prints, and its exit status."""

import json

import pytest

from framework import KNOWN_ADDRESS


@pytest.fixture
def node(network):
    return network.add()


def test_string_is_printed_raw_and_objects_are_indented(node):
    assert node.cli("getbestblockhash").stdout == node.tip() + "\n"
    assert node.cli("getblockcount").stdout == "0\n"
    printed = node.cli("getblockchaininfo").stdout
    assert printed.startswith('{\n  "chain": "regtest",\n') and printed.endswith("}\n")
    assert json.loads(printed)["blocks"] == 0


def test_null_prints_nothing(node):
    run = node.cli("gettxout", "1" * 64, 0)
    assert (run.returncode, run.stdout, run.stderr) == (0, "", "")


def test_arguments_are_converted_by_method(node):
    hashes = json.loads(node.cli("generatetoaddress", 2, KNOWN_ADDRESS).stdout)
    assert node.cli("getblockhash", 2).stdout.strip() == hashes[1]
    assert node.cli("-named", "getblockhash", "height=1").stdout.strip() == hashes[0]
    assert json.loads(node.cli("getblock", hashes[0], 1).stdout)["height"] == 1


def test_error_is_on_stderr_and_its_code_is_the_exit_status(node):
    run = node.cli("getblockhash", 7)
    assert run.stdout == "" and run.returncode == 8
    assert run.stderr == "error code: -8\nerror message:\nBlock height out of range\n"
    assert node.cli("nonsense").returncode == 32601 % 256


def test_stdin_gives_further_arguments(node):
    assert node.cli("-stdin", "getblockhash", stdin="0\n").stdout.startswith("0f9188f1")


def test_wrong_credentials_are_told_from_a_wrong_cookie(network, node):
    wrong = node.cli("-rpcuser=nobody", "-rpcpassword=nothing", "getblockcount")
    assert wrong.returncode == 1
    assert wrong.stderr.startswith("error: Authorization failed: Incorrect rpcuser or rpcpassword were specified. "
                                   "Configuration file: (")
    absent = node.cli("-rpccookiefile=no.such.file", "getblockcount")
    assert "Failed to read cookie file and no rpcpassword was specified." in absent.stderr
    stale = node.chain_folder / "old.cookie"
    stale.write_text("__cookie__:00")
    invalid = node.cli(f"-rpccookiefile={stale}", "getblockcount")
    assert "Cookie file credentials were invalid and no rpcpassword was specified." in invalid.stderr


@pytest.mark.parametrize("port", ["notaport", "0", "65536", "-1"])
def test_bad_ports_are_named(node, port):
    for host in ("127.0.0.1", "[::1]"):
        wrong = node.cli(f"-rpcconnect={host}:{port}", "getblockcount")
        assert wrong.stderr == f"error: Invalid port provided in -rpcconnect: {host}:{port}\n"
    assert f"Invalid port provided in -rpcport: {port}\n" in node.cli(f"-rpcport={port}", "getblockcount").stderr


def test_rpcwallet_selects_the_wallet(node):
    node.rpc.createwallet("one")
    node.rpc.createwallet("two")
    assert node.cli("getbalance").returncode == 19
    assert node.cli("-rpcwallet=one", "getbalance").stdout == "0.00000000\n"


def test_no_node_is_said_with_the_address(network):
    idle = network.add(start=False)
    run = idle.cli("getblockcount")
    assert run.returncode == 1 and str(idle.rpc_port) in run.stderr and run.stdout == ""


def test_rpcwait_waits_for_the_start(network):
    node = network.add(start=False)
    node.spawn()
    assert node.cli("-rpcwait", "getblockcount").stdout == "0\n"
    node.stop()


def test_stop_ends_the_daemon_cleanly(node):
    assert node.cli("stop").returncode == 0
    assert node.wait_for_exit() == 0 and node.stderr() == ""


def test_pbftkeygen_makes_distinct_private_keys(network):
    idle = network.add(start=False)
    folder = network.folder / "keys"
    assert idle.cli("pbftkeygen", 7, folder).returncode == 0
    validators = json.loads((folder / "validators.json").read_text())["validators"]
    keys = [folder / f"key-{index}.hex" for index in range(7)]
    assert len(set(validators)) == 7 and all(len(validator) == 66 for validator in validators)
    assert len({key.read_text() for key in keys}) == 7
    assert all(key.stat().st_mode & 0o077 == 0 for key in keys)
    before = keys[0].read_text()
    again = idle.cli("pbftkeygen", 7, folder)
    assert again.returncode == 1 and str(folder) in again.stderr
    assert keys[0].read_text() == before, "keys that may be in use were overwritten"
