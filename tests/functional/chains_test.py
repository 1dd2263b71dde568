"""The chains that a node can be started on, and the options that change their rules."""

import pytest

from foreign_peer import ForeignPeer
from framework import expect_rpc_error

# name, folder, genesis
CHAINS = [
    ("main", "", "000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f"),
    ("test", "testnet3", "000000000933ea01ad0ee984209779baaec3ced90fa3f408719526f8d77f4943"),
    ("testnet4", "testnet4", "00000000da84f2bafbbc53dee25a72ae507ff4914b867c565be350b0da8bf043"),
    ("signet", "signet", "00000008819873e925422c1ff0f99f7cc9bbb232af63a077a480a3633bee1ef6"),
    ("regtest", "regtest", "0f9188f13cb7b2c71f2a335e3a4fc328bf5beb436012afca590b1a11466e2206"),
]
PERIOD, THRESHOLD = 144, 108


@pytest.mark.parametrize("name,folder,genesis", CHAINS)
def test_chain_has_its_name_folder_and_genesis(network, name, folder, genesis):
    node = network.add("-connect=0", chain=name)
    info = node.rpc.getblockchaininfo()
    assert (info["chain"], info["blocks"], info["bestblockhash"]) == (name, 0, genesis)
    assert ("signet_challenge" in info) == (name == "signet")
    assert (node.datadir / folder / "blocks").is_dir()
    node.stop()


def test_deployment_goes_through_its_states(network):
    node = network.add()
    deployment = lambda: node.rpc.getdeploymentinfo()["deployments"]["testdummy"]
    assert deployment()["bip9"]["status"] == "defined"
    node.generate(PERIOD - 1)
    assert deployment() == {"type": "bip9", "active": False, "bip9": {
        "start_time": 0, "timeout": 0x7fffffffffffffff, "min_activation_height": 0, "status": "defined", "since": 0,
        "status_next": "started"}}
    node.generate(1)
    template = node.rpc.getblocktemplate({"rules": ["segwit"]})
    assert template["vbavailable"] == {"testdummy": 28} and template["version"] == 0x30000000
    node.generate(56)
    assert deployment() == {"type": "bip9", "active": False, "bip9": {
        "bit": 28, "start_time": 0, "timeout": 0x7fffffffffffffff, "min_activation_height": 0, "status": "started",
        "since": PERIOD, "status_next": "started",
        "statistics": {"period": PERIOD, "threshold": THRESHOLD, "elapsed": 57, "count": 57, "possible": True},
        "signalling": "#" * 57}}
    node.generate(PERIOD - 57)
    assert deployment()["bip9"]["status_next"] == "locked_in"
    node.generate(PERIOD)
    assert deployment()["bip9"]["status"] == "locked_in" and deployment()["active"] and deployment()["height"] == 432
    assert "threshold" not in deployment()["bip9"]["statistics"]
    node.generate(1)
    assert deployment()["bip9"]["status"] == "active"
    assert "testdummy" in node.rpc.getblocktemplate({"rules": ["segwit"]})["rules"]
    at_genesis = node.rpc.getdeploymentinfo(node.rpc.getblockhash(0))
    assert at_genesis["height"] == 0 and at_genesis["deployments"]["testdummy"]["bip9"]["status"] == "defined"
    expect_rpc_error(-5, "Block not found", node.rpc.getdeploymentinfo, "00" * 32)


def test_deployment_parameters_and_heights_are_options(network):
    node = network.add("-vbparams=testdummy:-1:9223372036854775807", "-testactivationheight=segwit@20",
                       "-testactivationheight=cltv@10", "-testactivationheight=bip34@2")
    info = node.rpc.getdeploymentinfo()
    assert info["deployments"]["testdummy"]["active"] and info["deployments"]["testdummy"]["height"] == 0
    assert info["deployments"]["segwit"] == {"type": "buried", "active": False, "height": 20}
    assert info["deployments"]["bip65"]["height"] == 10 and info["deployments"]["bip34"]["height"] == 2
    assert "CHECKLOCKTIMEVERIFY" not in info["script_flags"]
    node.generate(19)
    info = node.rpc.getdeploymentinfo()
    assert info["deployments"]["segwit"]["active"]
    assert info["script_flags"] == [
        "CHECKLOCKTIMEVERIFY", "CHECKSEQUENCEVERIFY", "DERSIG", "P2SH", "TAPROOT", "WITNESS"]
    node.generate(1)
    assert "NULLDUMMY" in node.rpc.getdeploymentinfo()["script_flags"]


def test_signals_for_an_unknown_rule_give_a_warning(network):
    node = network.add(f"-blockversion={0x20000000 | 1 << 27}")
    warning = "Unknown new rules activated (versionbit 27)"
    node.generate(2 * PERIOD - 2)
    assert warning not in node.debug_log()
    node.generate(1)
    assert f"warning='{warning}'" in node.debug_log()
    assert node.rpc.getblockchaininfo()["warnings"] == []
    node.generate(PERIOD)
    for method in ("getblockchaininfo", "getmininginfo", "getnetworkinfo"):
        assert node.rpc.call(method)["warnings"] == [warning], method


def test_minimum_work_keeps_the_initial_download_going(network):
    node = network.add("-minimumchainwork=0x65")
    node.generate(49)
    assert node.rpc.getblockchaininfo()["initialblockdownload"], "100 hashes are fewer than 101"
    node.generate(1)
    assert not node.rpc.getblockchaininfo()["initialblockdownload"]


def test_checkpoint_refuses_other_blocks(network):
    a = network.add()
    hashes = a.generate(10)
    b = network.add(f"-checkpoint=5:{hashes[4]}")
    network.connect(a, b)
    network.sync_blocks()
    expect_rpc_error(-25, "checkpoint", b.rpc.invalidateblock, hashes[2])
    with ForeignPeer(b.p2p_port) as peer:
        peer.handshake()
        peer.mine(12)
        peer.announce_tip()
        peer.send(b"headers", b"")
        peer.send_headers([peer.genesis.GetHash()])
        peer.wait_for_disconnect()
    assert b.tip() == hashes[-1]
    assert "bad-fork-prior-to-checkpoint" in b.debug_log()
