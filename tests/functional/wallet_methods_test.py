"""Wallets as files, their keys, and what they received, over real stores."""

from framework import OTHER_ADDRESS, expect_rpc_error
from wallet_test import funded


def test_backup_is_restored_by_another_node(network, tmp_path):
    node, wallet = funded(network)
    label_address = wallet.getnewaddress("kept")
    backup = tmp_path / "w.bak"
    wallet.backupwallet(str(backup))
    assert backup.stat().st_mode & 0o077 == 0  # it has the private keys
    wallet.sendtoaddress(label_address, 10)
    node.generate(1)
    wallet.backupwallet(str(backup))  # replaces the older one
    node.restart()
    assert node.rpc.restorewallet("copy", str(backup), True) == {"name": "copy"}
    copy = node.rpc.wallet("copy")
    assert copy.getreceivedbylabel("kept") == 10
    node.rpc.loadwallet("w")
    assert copy.getbalance() == wallet.getbalance()
    assert copy.gethdkeys(private=True) == wallet.gethdkeys(private=True)
    node.restart()
    assert node.rpc.listwallets() == ["copy"]
    assert copy.getreceivedbylabel("kept") == 10

    other = network.add()
    network.connect(other, node)
    network.sync_blocks()
    other.rpc.restorewallet("w", str(backup))
    assert other.rpc.wallet("w").getbalance() == copy.getbalance()
    other.rpc.wallet("w").sendtoaddress(OTHER_ADDRESS, 1)
    network.sync_mempools()
    assert copy.getbalance() == other.rpc.wallet("w").getbalance()


def test_backup_damaged_or_foreign_files_leave_nothing(network, tmp_path):
    node, wallet = funded(network)
    folder = tmp_path / "folder"
    folder.mkdir()
    wallet.backupwallet(str(folder))
    backup = folder / "wallet.dat"
    whole = backup.read_bytes()
    for content, text in ((b"SQLite format 3\0" + bytes(100), "not a backup"),
                          (whole[:-1], "damaged"), (whole[:200] + b"?" + whole[201:], "damaged")):
        (tmp_path / "bad").write_bytes(content)
        expect_rpc_error(-4, text, node.rpc.restorewallet, "x", str(tmp_path / "bad"))
    expect_rpc_error(-8, "Backup file does not exist", node.rpc.restorewallet, "x", str(tmp_path / "none"))
    expect_rpc_error(-36, "Database file exists", node.rpc.restorewallet, "w", str(backup))
    assert node.rpc.listwalletdir()["wallets"] == [{"name": "w", "warnings": []}]
    expect_rpc_error(-4, "Error: Wallet backup failed!", wallet.backupwallet, str(tmp_path / "none" / "w"))
    (tmp_path / "notes").write_bytes(b"not to be lost")
    expect_rpc_error(-4, "Error: Wallet backup failed!", wallet.backupwallet, str(tmp_path / "notes"))
    assert (tmp_path / "notes").read_bytes() == b"not to be lost"
    expect_rpc_error(-4, "already a descriptor wallet", wallet.migratewallet)


def test_keys_refill_finds_payments_beyond_the_lookahead(network):
    node, wallet = funded(network)
    descriptor = next(each["desc"] for each in wallet.listdescriptors()["descriptors"]
                      if each["desc"].startswith("wpkh") and not each["internal"])
    [far] = node.rpc.deriveaddresses(descriptor, [400, 400])
    wallet.sendtoaddress(far, 1)
    node.generate(1)
    before = wallet.getbalance()
    assert not wallet.getaddressinfo(far)["ismine"] and before < 49
    wallet.keypoolrefill(500)
    assert wallet.getaddressinfo(far)["ismine"] and wallet.getbalance() == before + 1
    assert wallet.abortrescan() is False
    node.restart(["-wallet=w"])
    assert wallet.getbalance() == before + 1
    legacy = wallet.getnewaddress("", "legacy")
    assert node.rpc.verifymessage(legacy, wallet.signmessage(legacy, "text"), "text")
    [[key], groups] = wallet.gethdkeys(), wallet.listaddressgroupings()
    assert key["has_private"] and "xprv" not in key
    assert any(address[0] == far for group in groups for address in group)
