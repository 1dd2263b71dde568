"""The wallet over RPC: balances over blocks, reorganisations and restarts."""

import json
from decimal import Decimal

from framework import KNOWN_ADDRESS, OTHER_ADDRESS, expect_rpc_error


def funded(network, name="w"):
    """A node whose wallet owns one mature coinbase."""
    node = network.add()
    node.rpc.createwallet(name)
    wallet = node.rpc.wallet(name)
    node.generate(1, wallet.getnewaddress())
    node.generate(100)
    return node, wallet


def test_sendtoaddress_confirmed_payment_moves_the_balance(network):
    node, wallet = funded(network)
    assert wallet.getbalance() == 50
    txid = wallet.sendtoaddress(OTHER_ADDRESS, 10)
    details = wallet.gettransaction(txid)
    assert details["confirmations"] == 0 and details["amount"] == -10 and details["fee"] < 0
    node.generate(1)
    details = wallet.gettransaction(txid)
    assert details["confirmations"] == 1
    assert wallet.getbalance() == 40 + details["fee"]
    assert sum(coin["amount"] for coin in wallet.listunspent()) == 40 + details["fee"]
    assert wallet.listtransactions()[-1]["txid"] == txid


def test_getbalances_coinbase_is_immature_for_a_hundred_blocks(network):
    node = network.add()
    node.rpc.createwallet("w")
    wallet = node.rpc.wallet("w")
    node.generate(1, wallet.getnewaddress())
    assert wallet.getbalances()["mine"]["immature"] == 50 and wallet.getbalance() == 0
    node.generate(99)
    assert wallet.getbalance() == 0
    node.generate(1)
    mine = wallet.getbalances()["mine"]
    assert (mine["trusted"], mine["untrusted_pending"], mine["immature"]) == (50, 0, 0)


def test_reorganisation_balance_follows_the_chain(network):
    a, wallet = funded(network)
    b = network.add()
    network.connect(a, b)
    network.sync_blocks()
    network.disconnect(a, b)
    txid = wallet.sendtoaddress(OTHER_ADDRESS, 10)
    a.generate(1)
    a.generate(1, wallet.getnewaddress())
    fee = wallet.gettransaction(txid)["fee"]
    assert wallet.getbalances()["mine"]["immature"] == 50
    b.generate(4)
    network.connect(a, b)
    assert network.sync_blocks() == b.tip()
    # The coinbase can never confirm again; the payment is back in the mempool, and its change counts as trusted.
    assert wallet.getbalances()["mine"]["immature"] == 0
    assert wallet.gettransaction(txid)["confirmations"] == 0
    assert txid in a.rpc.getrawmempool()
    assert wallet.getbalance() == 40 + fee
    a.generate(1)
    assert wallet.gettransaction(txid)["confirmations"] == 1 and wallet.getbalance() == 40 + fee


def test_restart_wallet_has_its_keys_and_balance(network):
    node, wallet = funded(network)
    address = wallet.getnewaddress()
    node.restart()
    if "w" not in node.rpc.listwallets():
        node.rpc.loadwallet("w")
    assert wallet.getbalance() == 50
    assert wallet.getaddressinfo(address)["ismine"]
    assert wallet.getnewaddress() != address


def test_wallets_chosen_by_rpc_are_loaded_at_the_next_start(network):
    node = network.add()
    settings = node.chain_folder / "settings.json"
    assert list(json.loads(settings.read_text())) == ["_warning_"]
    for name, at_start in (("a", True), ("b", False), ("c", True), ("d", None)):
        node.rpc.createwallet(name, load_on_startup=at_start)
    node.rpc.unloadwallet("a", False)
    node.rpc.unloadwallet("b")
    node.rpc.loadwallet("b", True)
    assert json.loads(settings.read_text())["wallet"] == ["c", "b"]
    node.restart()
    assert node.rpc.listwallets() == ["c", "b"]
    node.rpc.unloadwallet("c", False)
    node.restart(["-wallet=a", "-wallet=b", "-wallet=never-made"])
    assert node.rpc.listwallets() == ["a", "b"]
    assert "Skipping -wallet path that doesn't exist." in node.debug_log()
    node.restart(["-nosettings"])
    assert node.rpc.listwallets() == []
    [warning] = node.rpc.loadwallet("d", True)["warnings"]
    assert "could not be updated" in warning


def test_wallet_name_may_be_a_path(network):
    node = network.add()
    outside = str(network.folder / "elsewhere" / "w")
    for name in ("specter/one", outside):
        node.rpc.createwallet(name, load_on_startup=True)
        assert node.rpc.wallet(name).getwalletinfo()["walletname"] == name
    assert (node.chain_folder / "wallets" / "specter" / "one" / "CURRENT").exists()
    assert (network.folder / "elsewhere" / "w" / "CURRENT").exists()
    assert [wallet["name"] for wallet in node.rpc.listwalletdir()["wallets"]] == ["specter/one"]
    node.restart()
    assert node.rpc.listwallets() == ["specter/one", outside]
    expect_rpc_error(-4, "must be normalized", node.rpc.createwallet, "a/../b")


def test_walletbroadcast_off_leaves_sending_to_the_user(network):
    node, wallet = funded(network)
    node.restart(["-walletbroadcast=0", "-wallet=w"])
    txid = wallet.sendtoaddress(OTHER_ADDRESS, 10)
    assert node.rpc.getrawmempool() == []
    paid = wallet.gettransaction(txid)
    assert paid["confirmations"] == 0 and wallet.getbalance() == 0
    node.restart(["-walletbroadcast=0", "-wallet=w"])
    assert node.rpc.getrawmempool() == []
    assert node.rpc.sendrawtransaction(paid["hex"]) == txid
    node.generate(1)
    assert wallet.getbalance() == 40 + paid["fee"]


def test_mintxfee_is_the_least_rate_of_a_payment(network):
    node, wallet = funded(network)
    node.restart(["-mintxfee=0.0002", "-wallet=w"])
    txid = wallet.sendtoaddress(OTHER_ADDRESS, 1)
    size = node.rpc.getmempoolentry(txid)["vsize"]
    assert -wallet.gettransaction(txid)["fee"] >= Decimal("0.0002") * size / 1000
    expect_rpc_error(-6, "lower than the minimum fee rate setting (20.000 sat/vB)",
                     wallet.sendtoaddress, OTHER_ADDRESS, 1, fee_rate=19)


def test_wallet_unloaded_while_blocks_come_catches_up(network):
    node, wallet = funded(network)
    address = wallet.getnewaddress()
    node.rpc.unloadwallet("w")
    assert node.rpc.listwallets() == []
    node.generate(1, address)
    node.generate(100)
    node.rpc.loadwallet("w")
    assert wallet.getbalance() == 100


def test_two_wallets_pay_each_other(network):
    node, first = funded(network, "first")
    node.rpc.createwallet("second")
    second = node.rpc.wallet("second")
    txid = first.sendtoaddress(second.getnewaddress(), "12.34567891")
    assert second.getbalances()["mine"]["untrusted_pending"] == Decimal("12.34567891")
    node.generate(1)
    assert second.getbalance() == Decimal("12.34567891")
    assert {coin["txid"] for coin in second.listunspent()} == {txid}


def test_importdescriptors_known_key_finds_its_coins(network):
    node = network.add()
    node.generate(101)
    node.rpc.createwallet("watch", disable_private_keys=True)
    wallet = node.rpc.wallet("watch")
    [outcome] = wallet.importdescriptors([{"desc": f"addr({KNOWN_ADDRESS})#8pk5s7ya", "timestamp": 0}])
    assert outcome["success"], outcome
    assert len(wallet.listunspent()) == 1


def test_wallet_calls_without_the_right_wallet_say_which(network):
    node = network.add()
    expect_rpc_error(-18, "No wallet is loaded", node.rpc.getbalance)
    node.rpc.createwallet("one")
    assert node.rpc.getbalance() == 0
    node.rpc.createwallet("two")
    expect_rpc_error(-19, "Multiple wallets are loaded", node.rpc.getbalance)
    expect_rpc_error(-18, "Requested wallet does not exist or is not loaded", node.rpc.wallet("three").getbalance)
    expect_rpc_error(-4, "Database already exists", node.rpc.createwallet, "one")
    expect_rpc_error(-35, "already loaded", node.rpc.loadwallet, "one")
    expect_rpc_error(-18, "", node.rpc.loadwallet, "never-made")


def test_sendtoaddress_more_than_there_is_names_the_reason(network):
    _, wallet = funded(network)
    expect_rpc_error(-6, "Insufficient funds", wallet.sendtoaddress, OTHER_ADDRESS, 51)
    expect_rpc_error(-5, "address", wallet.sendtoaddress, "bcrt1qnonsense", 1)
    expect_rpc_error(-3, "mount", wallet.sendtoaddress, OTHER_ADDRESS, -1)
