"""Ctrl-C at level live: the result so far is written and marked as partial, what was complete before is kept,
and every daemon is stopped.

Usage: interrupt.py PARLEY_LAB
"""

import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time

INTERRUPTED = 130
LIMIT_S = 60
SCENARIO = """
consensus = "pow"
nodes = 2
[mining]
interval_s = 0.2
[topology]
kind = "mesh"
[delay]
mean_s = 0.02
[stop]
heights = %d
"""


def children(parent):
    """Process ids of its daemons."""
    found = []
    for folder in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
            if int(fields[1]) == parent and fields[0] != "Z":
                found.append(int(folder.name))
        except OSError:  # it has ended meanwhile
            continue
    return found


def wait_until(condition, what):
    end = time.monotonic() + LIMIT_S
    while not condition():
        assert time.monotonic() < end, "waited in vain for " + what
        time.sleep(0.02)


def interrupted(lab, folder, heights, command, ready):
    """Interrupts it when `ready(pid, seconds)`; its result as printed and as written, and its daemons."""
    scenario = pathlib.Path(folder, "scenario_in.toml")
    scenario.write_text(SCENARIO % heights, encoding="utf-8")
    out = pathlib.Path(folder, "out")
    arguments = [lab, command[0], str(scenario), *command[1:], "--level", "live", "--out", str(out)]
    process = subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    wait_until(lambda: len(children(process.pid)) == 2, "the daemons")
    daemons = children(process.pid)
    begin = time.monotonic()
    wait_until(lambda: ready(process.pid, daemons, time.monotonic() - begin), "the moment to interrupt")
    daemons += children(process.pid)
    process.send_signal(signal.SIGINT)
    text, errors = process.communicate(timeout=LIMIT_S)
    assert process.returncode == INTERRUPTED, (process.returncode, text, errors)
    for daemon in daemons:
        assert not os.path.exists(f"/proc/{daemon}"), f"daemon {daemon} still runs"
    assert "partial" in text.lower(), text
    return text, json.loads((out / f"{command[0]}_live.json").read_text(encoding="utf-8"))


def interrupted_live(lab, folder):
    """`parley-lab live`, which has no scenario."""
    out = pathlib.Path(folder, "live.json")
    process = subprocess.Popen([lab, "live", "--seconds", "600", "--interval", "0.5", "--tx-rate", "0", "--nodes", "4",
                                "--consensus", "pow", "--json", str(out)], stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True)
    wait_until(lambda: len(children(process.pid)) == 4, "the daemons")
    daemons = children(process.pid)
    time.sleep(12)  # they are still connected to each other
    process.send_signal(signal.SIGINT)
    text, errors = process.communicate(timeout=LIMIT_S)
    assert process.returncode == INTERRUPTED, (process.returncode, text, errors)
    for daemon in daemons:
        assert not os.path.exists(f"/proc/{daemon}"), f"daemon {daemon} still runs"
    assert "PARTIAL" in text, text
    result = json.loads(out.read_text(encoding="utf-8"))["pow"]
    assert result["partial"] is True and result["heights"] > 0 and result["seconds"] < 600, result


def main():
    lab = sys.argv[1]
    with tempfile.TemporaryDirectory() as folder:
        interrupted_live(lab, folder)
    with tempfile.TemporaryDirectory() as folder:
        _, result = interrupted(lab, folder, 100000, ["run"], lambda pid, daemons, seconds: seconds > 6)
        assert result["partial"] is True, result
        assert 0 < result["heights"] < 100000, result["heights"]
        assert result["blocks"] >= result["heights"], result
    with tempfile.TemporaryDirectory() as folder:
        # While daemons start, or just after.
        _, result = interrupted(lab, folder, 100000, ["run"], lambda pid, daemons, seconds: True)
        assert result["partial"] is True and result["heights"] < 100000, result
    with tempfile.TemporaryDirectory() as folder:
        # The first value is complete; the daemons of the second are being started.
        _, result = interrupted(lab, folder, 5, ["sweep", "--vary", "stop.heights=5,100000"],
                                lambda pid, daemons, seconds: set(children(pid)) - set(daemons))
        first, second = result["points"]
        assert first["partial"] is False and first["heights"] == 5, first
        assert second["partial"] is True and second["heights"] < 100000, second
    print("four interrupts: partial results, no daemon left")


if __name__ == "__main__":
    main()
