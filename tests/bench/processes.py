"""Statistics of a running process from the operating system: processor time by thread, and memory."""

import os
import resource
from collections import Counter
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")


def cpu_by_thread(pid):
    """Seconds of processor time by thread name (threads of one name together); threads that have ended do not count."""
    seconds = Counter()
    for task in Path(f"/proc/{pid}/task").iterdir():
        try:
            text = (task / "stat").read_text(encoding="utf-8", errors="replace")
        except OSError:  # it ended just now
            continue
        name, rest = text[text.index("(") + 1:text.rindex(")")], text[text.rindex(")") + 2:].split()
        seconds[name] += (int(rest[11]) + int(rest[12])) / TICKS
    return seconds


def cpu_seconds(pid):
    """Processor time of the whole process, including threads that have ended."""
    rest = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    return (int(rest[11]) + int(rest[12])) / TICKS


def resident_bytes(pid):
    return int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1]) * resource.getpagesize()


def resident_peak_bytes(pid):
    for line in Path(f"/proc/{pid}/status").read_text(encoding="utf-8", errors="replace").splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    raise OSError("no VmHWM in /proc")
