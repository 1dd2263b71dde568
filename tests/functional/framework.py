"""Real daemons for the functional tests: started on loopback with folders and ports of their own, always stopped.

`Node` is one parleyd process with its JSON-RPC client; `Network` makes nodes, connects them, waits for them with a
bound, and cleans up. A daemon dies with the test process even if that is killed. PARLEY_BIN names the folder of the
programs.
"""

import base64
import ctypes
import http.client
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from decimal import Decimal
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
PROGRAMS = Path(os.environ.get("PARLEY_BIN", REPOSITORY / "build" / "release" / "bin"))

# Nothing here asserts a duration: these only end a test that would wait for ever, also on a busy machine.
WAIT_SECONDS = 60
STOP_SECONDS = 60
POLL_SECONDS = 0.05

# Below Linux's range for outgoing connections, so that no client's socket takes a port between choice and bind.
PORTS = range(20000, 32000)
PORT_ATTEMPTS_MAX = 1000

# Chains whose directory name differs from the name of the chain.
CHAIN_FOLDERS = {"main": "", "test": "testnet3"}

# A well-known private key, for coins that tests spend without a wallet.
KNOWN_KEY_WIF = "cMahea7zqjxrtgAbB7LSGbcQUr1uX1ojuat9jZodMN87JcbXMTcA"  # the private key 1
KNOWN_ADDRESS = "bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080"  # its P2WPKH address
OTHER_ADDRESS = "bcrt1qq6hag67dl53wl99vzg42z8eyzfz2xlkvwk6f7m"  # the same for the private key 2


class RpcError(Exception):
    def __init__(self, code, message, http_status):
        super().__init__(f"{code}: {message} (HTTP {http_status})")
        self.code, self.message, self.http_status = code, message, http_status


def wait_until(predicate, what, timeout=WAIT_SECONDS):
    """Calls predicate until it is true and returns its value; the failure message names the condition."""
    deadline = time.monotonic() + timeout
    while True:
        value = predicate()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {timeout} s for {what}; the last value is {value!r}")
        time.sleep(POLL_SECONDS)


def free_port(taken=frozenset()):
    """A port that nothing listens on. Other processes choose too, so the choice is random and tested."""
    chooser = random.SystemRandom()
    for _ in range(PORT_ATTEMPTS_MAX):
        port = chooser.choice(PORTS)
        if port in taken:
            continue
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise AssertionError("no free port")


def die_with_parent():
    """Runs in the child: requests SIGKILL when the test process ends for any reason."""
    pr_set_pdeathsig = 1
    ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGKILL)


class Rpc:
    """JSON-RPC over one kept connection. `node.rpc.getblockhash(3)`; named arguments become named parameters."""

    def __init__(self, port, credentials, path="/", timeout=WAIT_SECONDS):
        self.port, self.credentials, self.path, self.timeout = port, credentials, path, timeout
        self.connection = None

    def __getattr__(self, method):
        return lambda *args, **named: self.call(method, *args, **named)

    def wallet(self, name):
        return Rpc(self.port, self.credentials, f"/wallet/{name}", self.timeout)

    def raw(self, body, method="POST", path=None, headers=None):
        """(HTTP status, headers, body) of one request, with nothing checked."""
        token = base64.b64encode(self.credentials().encode()).decode()
        sent = {"Authorization": f"Basic {token}", "Content-Type": "application/json"}
        sent.update(headers or {})
        for attempt in (1, 2):
            if self.connection is None:
                self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=self.timeout)
            try:
                self.connection.request(method, path or self.path, body, sent)
                response = self.connection.getresponse()
                return response.status, response.headers, response.read()
            except (http.client.RemoteDisconnected, BrokenPipeError, ConnectionResetError):
                # The server has closed the kept connection in the meantime: retry on a new one.
                self.close()
                if attempt == 2:
                    raise
            except OSError:
                self.close()
                raise
        raise AssertionError("unreachable")

    def call(self, method, *args, **named):
        params = {**named, "args": args} if named and args else named or list(args)
        request = {"jsonrpc": "1.0", "id": "test", "method": method, "params": params}
        status, _, body = self.raw(json.dumps(request, default=str))
        if not body:
            raise RpcError(None, "empty reply", status)
        reply = json.loads(body, parse_float=Decimal)
        if reply.get("error") is not None:
            raise RpcError(reply["error"]["code"], reply["error"]["message"], status)
        return reply["result"]

    def close(self):
        if self.connection is not None:
            self.connection.close()
            self.connection = None


class Node:
    """One parleyd. Ports and folder stay over restarts."""

    def __init__(self, folder, name, options=(), chain="regtest", p2p_port=None):
        self.name, self.chain, self.options = name, chain, list(options)
        self.datadir = Path(folder) / name
        self.datadir.mkdir(parents=True, exist_ok=True)
        self.p2p_port = p2p_port or free_port()
        self.rpc_port = free_port({self.p2p_port})
        self.process = None
        self.stderr_path = Path(folder) / f"{name}.stderr"
        self.rpc = Rpc(self.rpc_port, self.credentials)

    @property
    def chain_folder(self):
        return self.datadir / CHAIN_FOLDERS.get(self.chain, self.chain)

    @property
    def address(self):
        return f"127.0.0.1:{self.p2p_port}"

    def credentials(self):
        return (self.chain_folder / ".cookie").read_text()

    def command(self, extra=()):
        return [str(PROGRAMS / "parleyd"), f"-chain={self.chain}", f"-datadir={self.datadir}",
                f"-port={self.p2p_port}", "-bind=127.0.0.1", f"-rpcport={self.rpc_port}", "-listen=1",
                *self.options, *extra]

    def spawn(self, extra=()):
        """Starts the process and does not wait for it."""
        assert self.process is None, f"{self.name} runs already"
        with open(self.stderr_path, "wb") as stderr:
            self.process = subprocess.Popen(self.command(extra), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                            stderr=stderr, preexec_fn=die_with_parent, cwd=self.datadir)

    def start(self, extra=()):
        self.spawn(extra)
        wait_until(self.answers, f"{self.name} to answer RPC")
        return self

    def answers(self):
        if self.process.poll() is not None:
            raise AssertionError(f"{self.name} ended with status {self.process.returncode}: {self.stderr()}")
        try:
            self.rpc.getblockcount()
            return True
        except (OSError, http.client.HTTPException):
            return False
        except RpcError as error:
            # The node is starting, or stopping (then the next call fails), or has just replaced the cookie.
            if error.code in (-28, -9) or error.http_status == 401:
                return False
            raise

    def stderr(self):
        return self.stderr_path.read_text(errors="replace") if self.stderr_path.exists() else ""

    def wait_for_exit(self, timeout=STOP_SECONDS):
        try:
            status = self.process.wait(timeout)
        except subprocess.TimeoutExpired as error:
            raise AssertionError(f"{self.name} still runs {timeout} s after it was told to stop") from error
        self.process = None
        self.rpc.close()
        return status

    def stop(self):
        """Stops the node by RPC; requires exit status 0 and an empty stderr."""
        self.rpc.stop()
        status = self.wait_for_exit()
        assert status == 0, f"{self.name} ended with status {status} after stop: {self.stderr()}"
        assert self.stderr() == "", f"{self.name} wrote to stderr: {self.stderr()}"

    def kill(self):
        """kill -9: the node flushes and reports nothing."""
        self.process.send_signal(signal.SIGKILL)
        self.wait_for_exit()

    def restart(self, extra=()):
        self.stop()
        return self.start(extra)

    def expect_start_failure(self, extra=(), timeout=STOP_SECONDS, messages=1):
        """Starts a node that must fail with exit status 1; returns the messages on stderr, usually one."""
        self.spawn(extra)
        status = self.wait_for_exit(timeout)
        lines = self.stderr().splitlines()
        assert status == 1, f"exit status {status}, stderr {lines}"
        told = len(lines) == messages and all(line.startswith("Error: ") for line in lines)
        assert told, f"{messages} lines with `Error: ` expected: {lines}"
        return "\n".join(lines)

    def debug_log(self):
        path = self.chain_folder / "debug.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def cli(self, *arguments, check=False, stdin=None):
        command = [str(PROGRAMS / "parley-cli"), f"-chain={self.chain}", f"-datadir={self.datadir}",
                   f"-rpcport={self.rpc_port}", *map(str, arguments)]
        return subprocess.run(command, input=stdin, capture_output=True, text=True, timeout=WAIT_SECONDS, check=check)

    def tip(self):
        return self.rpc.getbestblockhash()

    def generate(self, count, address=KNOWN_ADDRESS):
        return self.rpc.generatetoaddress(count, address)


class Network:
    """The nodes of one test in one temporary folder; `with Network() as network`."""

    def __init__(self):
        self.folder = Path(tempfile.mkdtemp(prefix="parley-test-"))
        self.nodes = []

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        for node in self.nodes:
            if node.process is not None:
                node.process.kill()
                node.process.wait()
            node.rpc.close()
            if kind is not None:
                print(f"---- {node.name}: stderr: {node.stderr()!r}; the end of debug.log:")
                print("\n".join(node.debug_log().splitlines()[-40:]))
        shutil.rmtree(self.folder, ignore_errors=True)

    def add(self, *options, chain="regtest", start=True, p2p_port=None):
        node = Node(self.folder, f"node{len(self.nodes)}", options, chain, p2p_port)
        self.nodes.append(node)
        return node.start() if start else node

    def connect(self, a, b):
        """Connects a to b; returns when both have completed the handshake."""
        # By its number: another peer may be leaving meanwhile.
        newest = max((peer["id"] for peer in b.rpc.getpeerinfo()), default=-1)
        a.rpc.addnode(b.address, "onetry")
        wait_until(lambda: any(peer["addr"] == b.address for peer in handshaken(a)), f"{a.name} to reach {b.name}")
        wait_until(lambda: any(peer["id"] > newest for peer in handshaken(b)), f"{b.name} to see {a.name}")

    def disconnect(self, a, b):
        """Ends the connection that a dialled to b."""
        before = len(b.rpc.getpeerinfo())
        a.rpc.disconnectnode(b.address)
        wait_until(lambda: all(peer["addr"] != b.address for peer in a.rpc.getpeerinfo()), "the connection to end")
        wait_until(lambda: len(b.rpc.getpeerinfo()) < before, f"{b.name} to notice that {a.name} went")

    def connect_mesh(self, nodes=None):
        nodes = nodes or self.nodes
        for position, a in enumerate(nodes):
            for b in nodes[:position]:
                self.connect(a, b)

    def sync_blocks(self, nodes=None, timeout=WAIT_SECONDS):
        nodes = nodes or self.nodes
        wait_until(lambda: len({node.tip() for node in nodes}) == 1, "one tip on every node", timeout)
        return nodes[0].tip()

    def sync_mempools(self, nodes=None, timeout=WAIT_SECONDS):
        nodes = nodes or self.nodes
        wait_until(lambda: len({tuple(sorted(node.rpc.getrawmempool())) for node in nodes}) == 1,
                   "one mempool on every node", timeout)
        return set(nodes[0].rpc.getrawmempool())


def handshaken(node):
    return [peer for peer in node.rpc.getpeerinfo() if peer.get("version", 0) > 0]


def expect_rpc_error(code, text, function, *args, **named):
    """The call fails with this code, and its message contains this text."""
    try:
        result = function(*args, **named)
    except RpcError as error:
        assert error.code == code, f"code {code} expected: {error}"
        assert text in error.message, f"{text!r} expected in: {error}"
        return error
    raise AssertionError(f"an error {code} with {text!r} expected, not the result {result!r}")


def pay_from_known_key(node, outpoint, value, outputs, fee=Decimal("0.0001")):
    """A signed transaction in hex that spends a coin of KNOWN_ADDRESS; the change goes back there."""
    change = value - sum(outputs.values(), Decimal(0)) - fee
    outputs = {address: str(amount) for address, amount in outputs.items()}
    if change > 0:
        outputs[KNOWN_ADDRESS] = str(change + Decimal(outputs.get(KNOWN_ADDRESS, "0")))
    raw = node.rpc.createrawtransaction([{"txid": outpoint[0], "vout": outpoint[1]}], outputs)
    signed = node.rpc.signrawtransactionwithkey(raw, [KNOWN_KEY_WIF])
    assert signed["complete"], signed
    return signed["hex"]


def coinbase_outpoint(node, height):
    """(txid, 0) and value of the coinbase at that height."""
    block = node.rpc.getblock(node.rpc.getblockhash(height), 2)
    coinbase = block["tx"][0]
    return (coinbase["txid"], 0), Decimal(coinbase["vout"][0]["value"])
