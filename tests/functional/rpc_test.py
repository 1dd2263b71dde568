"""JSON-RPC with invalid input: statuses, error codes and texts match bitcoind's, and the node continues to work."""

import base64
import hmac
import json
import socket

import pytest

from framework import KNOWN_ADDRESS, expect_rpc_error


@pytest.fixture
def node(network):
    return network.add()


def post(node, body, **options):
    status, headers, reply = node.rpc.raw(body if isinstance(body, str) else json.dumps(body), **options)
    return status, headers, json.loads(reply) if reply else None


def test_call_versions_answer_in_their_own_form(node):
    status, headers, reply = post(node, {"jsonrpc": "2.0", "id": 7, "method": "getblockcount"})
    assert (status, reply) == (200, {"jsonrpc": "2.0", "result": 0, "id": 7})
    assert headers["Content-Type"] == "application/json"
    for version in ({}, {"jsonrpc": "1.0"}, {"version": "1.1"}):
        status, _, reply = post(node, {"id": "a", "method": "getblockcount", "params": [], **version})
        assert (status, reply) == (200, {"result": 0, "error": None, "id": "a"})


def test_reply_ends_with_a_newline(node):
    assert node.rpc.raw('{"method": "getblockcount"}')[2].endswith(b"\n")


def test_error_statuses_depend_on_version_and_code(node):
    for version, statuses in (("1.0", (404, 500)), ("2.0", (200, 200))):
        status, _, reply = post(node, {"jsonrpc": version, "id": 1, "method": "nonsense"})
        assert (status, reply["error"]["code"]) == (statuses[0], -32601)
        status, _, reply = post(node, {"jsonrpc": version, "id": 1, "method": "getblockhash", "params": [9]})
        assert (status, reply["error"]["code"]) == (statuses[1], -8)
        assert ("result" in reply) == (version == "1.0")


def test_notification_gets_no_content(node):
    status, _, reply = post(node, {"jsonrpc": "2.0", "method": "getblockcount"})
    assert (status, reply) == (204, None)


def test_body_that_is_not_json_is_a_parse_error(node):
    for body in ("{", "nonsense", '{"method": "getblockcount"', ""):
        status, _, reply = post(node, body)
        assert (status, reply["error"]["code"]) == (500, -32700), body


def test_request_of_the_wrong_shape_is_invalid(node):
    for body in ({"id": 1}, {"method": 5}, {"method": "getblockcount", "params": "x"}):
        status, _, reply = post(node, {"id": 1, **body})
        assert (status, reply["error"]["code"]) == (400, -32600), body


def test_batch_each_element_by_its_own_version(node):
    status, _, replies = post(node, [{"id": 1, "method": "getblockcount"},
                                     {"jsonrpc": "2.0", "id": 2, "method": "nonsense"},
                                     {"jsonrpc": "2.0", "method": "getblockcount"}])
    assert status == 200 and len(replies) == 2
    assert replies[0] == {"result": 0, "error": None, "id": 1}
    assert replies[1]["error"]["code"] == -32601 and replies[1]["jsonrpc"] == "2.0"
    assert post(node, [])[::2] == (200, [])
    assert post(node, [{"jsonrpc": "2.0", "method": "getblockcount"}])[::2] == (204, None)


def test_named_arguments_and_their_errors(node):
    [block] = node.generate(1)
    assert node.rpc.getblockhash(height=1) == block
    assert node.rpc.call("getblockheader", blockhash=block, verbose=False).startswith("000000")
    expect_rpc_error(-8, "Unknown named parameter hight", node.rpc.getblockhash, hight=1)


def test_wrong_arguments_name_the_parameter(node):
    expect_rpc_error(-1, "getblockhash height", node.rpc.getblockhash)
    expect_rpc_error(-3, "height", node.rpc.getblockhash, "one")
    expect_rpc_error(-8, "Block height out of range", node.rpc.getblockhash, 1)
    expect_rpc_error(-8, "Block height out of range", node.rpc.getblockhash, -1)
    expect_rpc_error(-8, "blockhash must be of length 64 (not 3, for 'abc')", node.rpc.getblock, "abc")
    expect_rpc_error(-8, "blockhash must be hexadecimal string", node.rpc.getblock, "z" * 64)
    expect_rpc_error(-5, "Block not found", node.rpc.getblock, "0" * 64)
    expect_rpc_error(-5, "address", node.rpc.generatetoaddress, 1, "bcrt1qnonsense")
    expect_rpc_error(-3, "nblocks", node.rpc.generatetoaddress, "1", KNOWN_ADDRESS)
    expect_rpc_error(-5, "No such mempool transaction", node.rpc.getrawtransaction, "1" * 64)


def test_getinfo_is_not_answered(node):
    expect_rpc_error(-32601, "Method not found", node.rpc.getinfo)


def test_help_every_listed_method_has_a_text(node):
    listed = [line.split()[0] for line in node.rpc.help().splitlines() if line and not line.startswith("==")]
    assert {"getblockcount", "sendtoaddress", "getconsensusinfo", "getforkstats", "stop"} <= set(listed)
    for method in listed:
        assert node.rpc.help(method).startswith(method)


def test_wrong_credentials_are_unauthorised(node):
    for header in ("Basic dXNlcjpwYXNz", "Bearer x", "Basic !!!"):
        status, headers, _ = node.rpc.raw('{"method": "stop"}', headers={"Authorization": header})
        assert status == 401 and headers["WWW-Authenticate"] == 'Basic realm="jsonrpc"'
    assert node.rpc.getblockcount() == 0


def test_rpcuser_and_password_are_accepted(network):
    node = network.add("-rpcuser=ann", "-rpcpassword=secret", start=False)
    node.rpc.credentials = lambda: "ann:secret"
    node.start()
    assert node.rpc.getblockcount() == 0
    assert not (node.chain_folder / ".cookie").exists()
    node.rpc.credentials = lambda: "ann:wrong"
    assert node.rpc.raw('{"method": "getblockcount"}')[0] == 401
    node.rpc.credentials = lambda: "ann:secret"
    node.stop()


def test_wrong_password_is_logged_with_its_address(node):
    node.rpc.close()
    assert node.rpc.raw('{"method": "stop"}', headers={"Authorization": "Basic dXNlcjpwYXNz"})[0] == 401
    port = node.rpc.connection.sock.getsockname()[1]
    assert f"ThreadRPCServer incorrect password attempt from 127.0.0.1:{port}" in node.debug_log()


def test_whitelisted_user_reaches_the_listed_methods_only(network):
    node = network.add("-rpcuser=ann", "-rpcpassword=secret", "-rpcwhitelist=ann:getblockcount,uptime", start=False)
    node.rpc.credentials = lambda: "ann:secret"
    node.start()
    for body in ('{"method": "stop"}', '[{"method": "getblockcount"}, {"method": "stop"}]'):
        assert node.rpc.raw(body)[0] == 403
    assert node.rpc.uptime() >= 0
    assert "RPC User ann not allowed to call method" in node.debug_log()
    node.process.terminate()
    assert node.wait_for_exit() == 0


def test_rpcauth_leaves_the_cookie_to_local_clients(network):
    salt = "ab" * 16
    digest = hmac.new(salt.encode(), b"secret", "sha256").hexdigest()
    node = network.add(f"-rpcauth=ann:{salt}${digest}")
    assert node.cli("getblockcount").stdout == "0\n"
    cookie = node.rpc.credentials
    node.rpc.credentials = lambda: "ann:secret"
    assert node.rpc.getblockcount() == 0
    node.rpc.credentials = cookie
    node.stop()
    node.options.append("-norpccookiefile")
    node.rpc.credentials = lambda: "ann:secret"
    node.start()
    assert not (node.chain_folder / ".cookie").exists()
    node.stop()


def test_other_http_methods_and_paths_are_refused(node):
    assert node.rpc.raw("", method="GET")[0] == 405
    assert node.rpc.raw('{"method": "getblockcount"}', path="/elsewhere")[0] == 404
    assert node.rpc.getblockcount() == 0


def raw_http(node, data):
    """Sends raw bytes; returns the first line of the reply, or nothing if the node closes the connection."""
    with socket.create_connection(("127.0.0.1", node.rpc_port), timeout=30) as connection:
        connection.sendall(data)
        try:
            return connection.recv(4096).split(b"\r\n")[0]
        except ConnectionResetError:
            return b""


def test_malformed_http_is_refused_and_the_node_goes_on(node):
    assert b" 400 " in raw_http(node, b"nonsense\r\n\r\n") + b" "
    too_long = b"POST / HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 20000 + b"\r\n\r\n"
    assert b" 400 " in raw_http(node, too_long) + b" "
    oversize = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 999999999\r\n\r\n"
    assert b" 413 " in raw_http(node, oversize) + b" " or raw_http(node, oversize).startswith(b"HTTP/1.1 401")
    with socket.create_connection(("127.0.0.1", node.rpc_port), timeout=30) as half:
        half.sendall(b"POST / HTTP/1.1\r\nContent-Le")
        assert node.rpc.getblockcount() == 0


def test_pipelined_requests_are_answered_in_order(node):
    token = base64.b64encode(node.credentials().encode())
    requests = b""
    for number in range(20):
        body = json.dumps({"id": number, "method": "getblockcount"}).encode()
        requests += (b"POST / HTTP/1.1\r\nHost: x\r\nAuthorization: Basic " + token
                     + b"\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
    with socket.create_connection(("127.0.0.1", node.rpc_port), timeout=30) as connection:
        connection.sendall(requests)
        answer = b""
        while answer.count(b'"id":') < 20:
            more = connection.recv(65536)
            assert more, "closed before every answer came"
            answer += more
    identifiers = [int(part.split(b"}")[0]) for part in answer.split(b'"id":')[1:]]
    assert identifiers == list(range(20))


def test_deep_and_large_json_is_refused_without_harm(node):
    for body in ("[" * 100000, '{"method": "getblockcount", "params": ' + "[" * 5000 + "]" * 5000 + "}",
                 '{"method": "' + "a" * 1000000 + '"}'):
        status, _, _ = node.rpc.raw(body)
        assert status in (200, 400, 404, 500)
    assert node.rpc.getblockcount() == 0
