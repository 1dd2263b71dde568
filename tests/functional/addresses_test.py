"""Known addresses and anchors: peers.dat and anchors.dat, and the calls that show and fill the tables."""

import hashlib

import pytest

from framework import RpcError, wait_until

# Under the fixed key of -test=addrman these two want the same place in the table of tried addresses.
FIRST, RIVAL = "1.2.3.4", "1.2.5.45"


def tables(node):
    raw = node.rpc.getrawaddrman()
    return {name: sorted(entry["address"] for entry in raw[name].values()) for name in ("new", "tried")}


def test_addresses_have_places_and_survive_restarts(network):
    node = network.add("-test=addrman")
    assert node.rpc.addpeeraddress(FIRST, 8333, True) == {"success": True}
    assert node.rpc.addpeeraddress(RIVAL, 8333, True) == {"success": False, "error": "failed-adding-to-tried"}
    assert node.rpc.addpeeraddress(FIRST, 8333) == {"success": False, "error": "failed-adding-to-new"}
    assert node.rpc.addpeeraddress("2a01::1", 8333) == {"success": True}
    assert tables(node) == {"new": sorted([RIVAL, "2a01::1"]), "tried": [FIRST]}
    assert node.rpc.getaddrmaninfo()["all_networks"] == {"new": 2, "tried": 1, "total": 3}
    before = node.rpc.getrawaddrman()
    node.restart()
    assert node.rpc.getrawaddrman() == before
    assert "Loaded 3 addresses from peers.dat" in node.debug_log()
    # Without the fixed key, too: the file has it.
    node.options.remove("-test=addrman")
    node.restart()
    assert node.rpc.getrawaddrman() == before
    for arguments, code in ((("nowhere", 8333), -30), (("1.2.3.4", 65536), -1), (("1.2.3.4", 8333, "yes"), -3)):
        with pytest.raises(RpcError) as error:
            node.rpc.addpeeraddress(*arguments)
        assert error.value.code == code


def test_damaged_file_is_named_and_kept_and_a_later_one_is_put_aside(network):
    node = network.add()
    node.rpc.addpeeraddress(FIRST, 8333)
    node.stop()
    path = node.chain_folder / "peers.dat"
    good = path.read_bytes()
    for damaged, reason in ((good[:-1] + bytes([good[-1] ^ 1]), "Checksum mismatch, data corrupted"),
                            (good[:50], "AutoFile::read: end of file"),
                            (b"\0" + good[1:], "Invalid network magic number"),
                            (b"", "AutoFile::read: end of file")):
        path.write_bytes(damaged)
        message = node.expect_start_failure()
        assert message.startswith(f"Error: Invalid or corrupt peers.dat ({reason}"), message
        assert f'("{path}")' in message
        assert path.read_bytes() == damaged
    later = bytearray(good[:-32])
    later[5] = 32 + 111
    later += hashlib.sha256(hashlib.sha256(later).digest()).digest()
    path.write_bytes(later)
    node.start()
    assert node.rpc.getnodeaddresses(0) == []
    assert (node.chain_folder / "peers.dat.bak").read_bytes() == bytes(later)
    node.stop()
    path.unlink()
    node.start()
    assert "Creating peers.dat because the file was not found" in node.debug_log()


def test_block_relay_only_peers_are_anchors_of_the_next_run(network):
    node, peer = network.add(), network.add()
    answer = node.rpc.addconnection(peer.address, "block-relay-only", False)
    assert answer == {"address": peer.address, "connection_type": "block-relay-only"}
    wait_until(lambda: [info["version"] for info in node.rpc.getpeerinfo()] not in ([], [0]), "the handshake")
    [info] = node.rpc.getpeerinfo()
    assert (info["connection_type"], info["addr_relay_enabled"]) == ("block-relay-only", False)
    [seen] = peer.rpc.getpeerinfo()
    assert seen["relaytxes"] is False
    node.stop()
    anchors = node.chain_folder / "anchors.dat"
    assert peer.p2p_port.to_bytes(2, "big") in anchors.read_bytes()
    node.start()
    assert not anchors.exists()
    wait_until(lambda: [info["connection_type"] for info in node.rpc.getpeerinfo()] == ["block-relay-only"],
               "the node to reach its anchor again")
    with pytest.raises(RpcError) as error:
        node.rpc.addconnection(peer.address, "inbound", False)
    assert error.value.code == -8
    node.rpc.addconnection(peer.address, "block-relay-only", False)
    wait_until(lambda: len(node.rpc.getpeerinfo()) == 2, "the second connection")
    with pytest.raises(RpcError) as error:
        node.rpc.addconnection(peer.address, "block-relay-only", False)
    assert (error.value.code, error.value.message) == (-34, "Error: Already at capacity for specified connection type.")


def test_feeler_ends_after_its_handshake(network):
    node, peer = network.add(), network.add()
    node.rpc.addconnection(peer.address, "feeler", False)
    wait_until(lambda: "feeler connection completed" in node.debug_log()
               or "New feeler peer connected" in node.debug_log(), "the feeler")
    wait_until(lambda: node.rpc.getpeerinfo() == [] and peer.rpc.getpeerinfo() == [], "the end of the feeler")
