"""Starts that must fail: one message on stderr, exit status 1, and no file is overwritten."""

import hashlib
import socket

import pytest


def fingerprint(folder, but=("debug.log", ".lock", "LOCK", "LOG", "LOG.old")):
    """The contents of every file below the folder; logs and lock files may change."""
    return {path.relative_to(folder): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in sorted(folder.rglob("*")) if path.is_file() and path.name not in but}


@pytest.fixture
def idle(network):
    return network.add(start=False)


def with_blocks(network, *options, chain="regtest"):
    """A stopped node whose data directory holds some blocks."""
    node = network.add(*options, chain=chain)
    node.generate(5)
    node.stop()
    return node


def test_unknown_option_is_named(idle):
    assert idle.expect_start_failure(["-frobnicate"]) == (
        "Error: Error parsing command line arguments: Invalid parameter -frobnicate")
    assert not idle.chain_folder.exists()


@pytest.mark.parametrize("option", ["-port=seven", "-port=70000", "-rpcport=-1", "-automine=sometimes",
                                    "-consensus=luck", "-genrate=fast", "-minrelaytxfee=lots"])
def test_bad_value_is_named(idle, option):
    name = option.split("=")[0].lstrip("-")
    sentence = idle.expect_start_failure([option])
    assert name in sentence or "chain" in sentence


def test_unknown_chain_is_named(idle):
    idle.chain = "moonnet"
    assert "moonnet" in idle.expect_start_failure()


def test_missing_datadir_is_named_and_not_made(idle):
    idle.options.append(f"-datadir={idle.datadir / 'absent'}")
    command = [argument for argument in idle.command() if argument != f"-datadir={idle.datadir}"]
    idle.command = lambda extra=(): [*command, *extra]
    sentence = idle.expect_start_failure()
    assert "absent" in sentence and "does not exist" in sentence
    assert not (idle.datadir / "absent").exists()


@pytest.mark.parametrize("text, named", [
    ("[regtest\n", "line 1"),
    ("server=1\nrpcuser", "line 2"),
    ("server=1\n-rpcport=1\n", "line 2"),
])
def test_truncated_or_malformed_configuration_names_the_line(idle, text, named):
    (idle.datadir / "parley.conf").write_text(text)
    sentence = idle.expect_start_failure()
    assert named in sentence
    assert (idle.datadir / "parley.conf").read_text() == text


def test_missing_configuration_that_was_asked_for_is_an_error(idle):
    assert "elsewhere.conf" in idle.expect_start_failure(["-conf=elsewhere.conf"])


def test_unknown_key_in_the_configuration_is_only_a_warning(idle):
    (idle.datadir / "parley.conf").write_text("frobnicate=1\n")
    idle.start()
    assert "frobnicate" in idle.debug_log()
    idle.stop()


def test_peer_port_in_use_is_named(idle):
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", idle.p2p_port))
        holder.listen()
        sentence = idle.expect_start_failure()
    assert str(idle.p2p_port) in sentence
    idle.start().stop()


def test_rpc_port_in_use_is_named(idle):
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", idle.rpc_port))
        holder.listen()
        sentence = idle.expect_start_failure()
    assert str(idle.rpc_port) in sentence


def test_datadir_in_use_is_refused_and_its_owner_goes_on(network):
    first = network.add()
    second = network.add(start=False)
    second.datadir = first.datadir
    second.stderr_path = network.folder / "second.stderr"
    sentence = second.expect_start_failure()
    assert str(first.datadir) in sentence
    first.generate(1)
    first.stop()


def test_block_files_in_use_are_refused(network):
    first = network.add()
    second = network.add(f"-blocksdir={first.datadir}", start=False)
    sentence = second.expect_start_failure()
    assert f"Cannot obtain a lock on directory {first.chain_folder / 'blocks'}." in sentence
    first.generate(1)


@pytest.mark.parametrize("damage", ["missing", "garbage", "empty"])
def test_damaged_database_is_refused_and_left_as_it_is(network, damage):
    node = with_blocks(network)
    current = node.chain_folder / "chainstate" / "CURRENT"
    if damage == "missing":
        for manifest in current.parent.glob("MANIFEST-*"):
            manifest.unlink()
    else:
        current.write_bytes(b"nonsense\n" if damage == "garbage" else b"")
    before = fingerprint(node.chain_folder / "blocks")
    sentence = node.expect_start_failure()
    assert "chainstate" in sentence or "database" in sentence.lower()
    assert fingerprint(node.chain_folder / "blocks") == before


def test_block_files_removed_below_the_database_is_refused(network):
    node = with_blocks(network)
    for file in (node.chain_folder / "blocks").glob("blk*.dat"):
        file.unlink()
    before = fingerprint(node.chain_folder)
    node.expect_start_failure(timeout=10)
    assert fingerprint(node.chain_folder / "chainstate") == {
        path.relative_to("chainstate"): digest for path, digest in before.items() if path.parts[0] == "chainstate"}


def test_datadir_of_another_engine_is_refused(network):
    node = with_blocks(network)
    keys = network.folder / "keys"
    assert node.cli("pbftkeygen", 4, keys).returncode == 0
    before = fingerprint(node.chain_folder)
    sentence = node.expect_start_failure(["-consensus=pbft", f"-pbftvalidators={keys / 'validators.json'}"])
    assert "-consensus=pow" in sentence
    assert fingerprint(node.chain_folder) == before
    node.start()
    assert node.rpc.getblockcount() == 5
    node.stop()


def test_datadir_of_another_genesis_is_refused(network):
    node = with_blocks(network, chain="labnet")
    sentence = node.expect_start_failure(["-genesisoutput=bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080:1"])
    assert "genesis" in sentence


def test_file_where_a_folder_must_be_is_refused(idle):
    idle.chain_folder.write_text("not a folder")
    idle.expect_start_failure()
    assert idle.chain_folder.read_text() == "not a folder"


def test_pbft_without_or_with_bad_validators_says_what_is_missing(idle):
    assert "pbftvalidators" in idle.expect_start_failure(["-consensus=pbft"])
    for text in ("", "{", '{"chain": "regtest", "validators": ["02"]}', '{"chain": "regtest", "validators": []}'):
        (idle.datadir / "validators.json").write_text(text)
        sentence = idle.expect_start_failure(
            ["-consensus=pbft", f"-pbftvalidators={idle.datadir / 'validators.json'}"])
        assert "validators.json" in sentence


def test_loadblock_missing_file_is_named(idle):
    assert "absent.dat" in idle.expect_start_failure(["-loadblock=absent.dat"])
