"""Peers behind a SOCKS5 proxy: everything goes through it, and nothing around it."""

import socket

from framework import free_port, wait_until
from sam_router import SamRouter
from socks5_server import Socks5Server

ONION = "pg6mmjiyjmcrsslvykfwnntlaru7p5svn6y2ymmju6nubxndf4pscryd.onion"


def networks(node):
    return {entry["name"]: entry for entry in node.rpc.getnetworkinfo()["networks"]}


def asked_for(proxy):
    return [(request.host, request.port) for request in proxy.requests]


def test_node_behind_a_proxy_syncs_with_a_peer_that_it_knows_by_name(network):
    peer = network.add()
    peer.generate(20)
    proxy = Socks5Server({("node.test", 7): ("127.0.0.1", peer.p2p_port)}, byte_by_byte=True)
    node = network.add(f"-proxy={proxy.address}", "-addnode=node.test:7")
    wait_until(lambda: node.rpc.getblockcount() == 20, "the blocks to arrive through the proxy")
    peer.generate(1)
    wait_until(lambda: node.tip() == peer.tip(), "a new block to arrive through the proxy")
    (entry,) = node.rpc.getpeerinfo()
    assert (entry["addr"], entry["network"]) == ("node.test:7", "not_publicly_routable")
    assert set(asked_for(proxy)) == {("node.test", 7)}
    assert "parameter interaction: -proxy set -> setting -discover=0" in node.debug_log()


def test_proxy_gets_every_kind_of_target_each_with_credentials_of_its_own(network):
    proxy = Socks5Server()
    node = network.add(f"-proxy={proxy.address}", "-seednode=seed.test:9")
    targets = [("15.61.23.23", 1234), ("1233:3432:2434::4534", 5443), (ONION, 8333), ("localhost", 9)]
    for host, port in targets:
        node.rpc.addnode(f"[{host}]:{port}" if ":" in host else f"{host}:{port}", "onetry")
    expected = {*targets, ("seed.test", 9)}
    wait_until(lambda: set(asked_for(proxy)) == expected, "the proxy to be asked for all targets")
    credentials = [(request.user, request.password) for request in proxy.requests]
    assert len(set(credentials)) == len(credentials) == len(expected)
    assert all(user and password for user, password in credentials)
    known = networks(node)
    assert [name for name in known if known[name]["proxy"] == proxy.address] == ["ipv4", "ipv6", "onion", "cjdns"]
    assert [name for name in known if known[name]["reachable"]] == ["ipv4", "ipv6", "onion"]
    assert known["onion"]["proxy_randomize_credentials"] and not known["i2p"]["proxy_randomize_credentials"]


def test_without_randomisation_no_credentials_are_offered(network):
    proxy = Socks5Server()
    node = network.add(f"-onion={proxy.address}", "-proxyrandomize=0", "-onlynet=onion")
    node.rpc.addnode(f"{ONION}:1", "onetry")
    wait_until(lambda: asked_for(proxy) == [(ONION, 1)], "the proxy to be asked")
    assert (proxy.requests[0].user, proxy.requests[0].password) == (None, None)
    known = networks(node)
    assert {name: (entry["proxy"], entry["limited"]) for name, entry in known.items()} == {
        "ipv4": ("", True), "ipv6": ("", True), "onion": (proxy.address, False), "i2p": ("", True), "cjdns": ("", True)}


def test_a_proxy_that_is_down_is_named_in_the_log_and_never_passed_by(network):
    peer = network.add()
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))  # nobody listens there
        proxy = f"127.0.0.1:{closed.getsockname()[1]}"
        # Looked up here, this name would lead to the peer.
        node = network.add(f"-proxy={proxy}", f"-addnode=localhost:{peer.p2p_port}", "-debug=net")
        wait_until(lambda: node.debug_log().count(f"connection to localhost:{peer.p2p_port} failed: proxy {proxy}") > 2,
                   "several attempts")
        assert node.debug_log().count(f"The proxy {proxy} cannot be used: Connection refused") == 1
        assert peer.rpc.getpeerinfo() == node.rpc.getpeerinfo() == []
        # A private address means nothing to a proxy, and is dialled directly.
        node.rpc.addnode(peer.address, "onetry")
        wait_until(lambda: len(peer.rpc.getpeerinfo()) == 1, "the direct connection")


def test_proxy_behind_a_local_socket(network):
    peer = network.add()
    peer.generate(3)
    path = str(network.folder / "proxy.sock")
    proxy = Socks5Server({("node.test", 7): ("127.0.0.1", peer.p2p_port)}, asks_for_password=False, unix_path=path)
    node = network.add(f"-proxy=unix:{path}", "-connect=node.test:7")
    wait_until(lambda: node.tip() == peer.tip(), "the blocks to arrive through the local socket")
    assert networks(node)["ipv4"]["proxy"] == f"unix:{path}"
    assert "addrbind" not in node.rpc.getpeerinfo()[0]
    assert {request.user for request in proxy.requests} == {None}


def test_onions_without_a_proxy_are_not_looked_up(network):
    node = network.add("-noonion", "-debug=net")
    node.rpc.addnode(f"{ONION}:1", "onetry")
    node.rpc.addnode("typo.onion:1", "onetry")
    for host in (ONION, "typo.onion"):
        wait_until(lambda host=host: f"connection to {host}:1 failed: {host} needs a proxy of Tor" in node.debug_log(),
                   "the refusal")
    assert not networks(node)["onion"]["reachable"]


def test_peer_in_i2p(network):
    known, unknown = "c4gfnttsuwqomiygupdqqqyy5y5emnk5c73hrfvatri67prd7vyq.b32.i2p", "nobody.i2p"
    peer = network.add()
    peer.generate(5)
    router = SamRouter({known: ("127.0.0.1", peer.p2p_port)})
    node = network.add(f"-i2psam={router.address}", f"-addnode={known}", "-debug=net")
    wait_until(lambda: node.tip() == peer.tip(), "the blocks to arrive over I2P")
    assert [(entry["addr"], entry["network"]) for entry in node.rpc.getpeerinfo()] == [(f"{known}:0", "i2p")]
    assert networks(node)["i2p"] == {"name": "i2p", "limited": False, "reachable": True, "proxy": router.address,
                                     "proxy_randomize_credentials": False}
    node.rpc.addnode(unknown, "onetry")
    wait_until(lambda: "NAMING REPLY KEY_NOT_FOUND: no such name" in node.debug_log(), "the router's answer in the log")
    assert len(router.sessions) == 1
    router.sessions[0].shutdown(socket.SHUT_RDWR)
    router.sessions[0].close()

    # The node may still use the session until it sees that it was closed.
    def is_asked_again():
        node.rpc.addnode(f"{known}:0", "onetry")
        return len(router.sessions) == 2

    wait_until(is_asked_again, "a new session")
    assert "cannot be used" not in node.debug_log()


def test_addresses_of_every_network_are_stored_and_dialled_through_the_proxy(network):
    proxy = Socks5Server()
    node = network.add(f"-onion={proxy.address}", "-onlynet=onion")
    i2p = "c4gfnttsuwqomiygupdqqqyy5y5emnk5c73hrfvatri67prd7vyq.b32.i2p"
    for host, port in ((ONION, 8333), (i2p, 8334), ("1.2.3.4", 8335)):
        assert node.rpc.addpeeraddress(host, port) == {"success": True}
    wait_until(lambda: asked_for(proxy), "an automatic connection")
    assert set(asked_for(proxy)) == {(ONION, 8333)}
    for _ in range(2):
        (entry,) = node.rpc.getnodeaddresses(0, "onion")
        assert (entry["address"], entry["port"], entry["network"]) == (ONION, 8333, "onion")
        counts = node.rpc.getaddrmaninfo()
        assert {name: counts[name]["total"] for name in counts} == {
            "ipv4": 1, "ipv6": 0, "onion": 1, "i2p": 1, "cjdns": 0, "all_networks": 3}
        raw = node.rpc.getrawaddrman()
        assert {entry["network"] for entry in raw["new"].values()} == {"ipv4", "onion", "i2p"}
        node.restart()


def test_what_tor_sends_is_marked(network):
    peer = network.add()
    port = free_port({peer.p2p_port, peer.rpc_port})
    node = network.add(f"-bind=127.0.0.1:{port}=onion")
    peer.rpc.addnode(f"127.0.0.1:{port}", "onetry")
    wait_until(lambda: [entry["network"] for entry in node.rpc.getpeerinfo()] == ["onion"], "the peer")
    peer.rpc.addnode(node.address, "onetry")
    wait_until(lambda: {entry["network"] for entry in node.rpc.getpeerinfo()} == {"onion", "not_publicly_routable"},
               "both peers")
