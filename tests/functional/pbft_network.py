"""Four PBFT replicas as processes, for the tests of PBFT networks."""

import subprocess
from decimal import Decimal

from framework import KNOWN_ADDRESS, OTHER_ADDRESS, PROGRAMS, free_port, pay_from_known_key, wait_until

REPLICAS = 4
COINS = 40
COIN = Decimal(1)
# A view change takes a timer and four delays; this leaves room for a busy machine.
VIEW_CHANGE_SECONDS = 120


class PbftNetwork:
    """Replicas of one validator set, meshed by -addnode so that a restarted one finds the others.

    With `sentry`, they are linked only to one node without a key.
    """

    def __init__(self, network, extra=(), sentry=None):
        self.network = network
        folder = network.folder / "keys"
        subprocess.run([str(PROGRAMS / "parley-cli"), "pbftkeygen", str(REPLICAS), str(folder)], check=True,
                       capture_output=True, timeout=60)
        ports = []
        for _ in range(REPLICAS):
            ports.append(free_port(frozenset(ports)))
        self.validators_file = folder / "validators.json"
        self.replicas = []
        self.sentry = None
        genesis_coins = [f"-genesisoutput={KNOWN_ADDRESS}:{COIN}"] * COINS
        if sentry is not None:
            self.sentry = network.add("-consensus=pbft", f"-pbftvalidators={self.validators_file}", *genesis_coins,
                                      *extra, *sentry, chain="labnet", start=False)
        for index in range(REPLICAS):
            options = ["-consensus=pbft", f"-pbftvalidators={self.validators_file}",
                       f"-pbftkey={folder / f'key-{index}.hex'}"]
            options += [*genesis_coins, *extra]
            if self.sentry is not None:
                options.append(f"-connect={self.sentry.address}")
            else:
                options += [f"-addnode=127.0.0.1:{port}" for port in ports if port != ports[index]]
            self.replicas.append(network.add(*options, chain="labnet", start=False, p2p_port=ports[index]))
        for replica in self.all():
            replica.start()
        self.next_coin = 0
        genesis = self.replicas[0].rpc.getblockhash(0)
        self.coins_txid = self.replicas[0].rpc.getblock(genesis, 2)["tx"][0]["txid"]
        self.wait_for_links()

    def all(self):
        return ([self.sentry] if self.sentry else []) + self.replicas

    def wait_for_links(self):
        if self.sentry is None:
            return self.wait_for_mesh(self.replicas)
        wait_until(lambda: len(self.sentry.rpc.getpeerinfo()) == REPLICAS, "the sentry to see all validators")

    def wait_for_mesh(self, replicas):
        # Both nodes of a pair dial, so the pair may have two connections for a moment.
        for replica in replicas:
            wait_until(lambda: len(replica.rpc.getpeerinfo()) >= len(replicas) - 1, f"{replica.name} to see the others")

    def pay(self, replica):
        """Sends a transaction that spends one more coin, and returns its txid."""
        outpoint = (self.coins_txid, self.next_coin)
        self.next_coin += 1
        return replica.rpc.sendrawtransaction(
            pay_from_known_key(replica, outpoint, COIN, {OTHER_ADDRESS: Decimal("0.5")}))

    def wait_for_commit(self, txid, replicas, timeout=VIEW_CHANGE_SECONDS):
        for replica in replicas:
            wait_until(lambda: replica.rpc.gettxout(txid, 0, False), f"{replica.name} to commit {txid}", timeout)

    def assert_no_fork(self, replicas=None):
        replicas = replicas or self.replicas
        common = min(replica.rpc.getblockcount() for replica in replicas)
        for height in range(common + 1):
            assert len({replica.rpc.getblockhash(height) for replica in replicas}) == 1, f"a fork at height {height}"
        for replica in replicas:
            assert [tip["status"] for tip in replica.rpc.getchaintips()] == ["active"]
