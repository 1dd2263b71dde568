#!/usr/bin/env python3
"""Runs the canary over its corpus and passes only if it crashes on the planted input and on no other.

Usage: canary_check.py PROGRAM CORPUS
"""

import subprocess
import sys
from pathlib import Path


def crashed(program, path):
    run = subprocess.run([program, str(path)], capture_output=True, text=True, timeout=60, check=False)
    print(f"{path.name}: exit status {run.returncode}")
    return run.returncode != 0, run.stdout + run.stderr


def main():
    program, corpus = sys.argv[1], Path(sys.argv[2])
    harmless, _ = crashed(program, corpus / "harmless")
    planted, output = crashed(program, corpus / "planted")
    if harmless or not planted or "planted" not in output:
        sys.exit("canary: the harness does not report a planted crash; no fuzz result can be trusted")


if __name__ == "__main__":
    main()
