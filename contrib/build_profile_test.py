#!/usr/bin/env python3
"""build_profile.py on traces written here: what it adds up, and what it says without any."""

import json
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

SCRIPT = Path(__file__).resolve().parent / "build_profile.py"


def source(header, microseconds):
    return {"name": "Source", "dur": microseconds, "args": {"detail": header}}


def trace(whole, frontend, headers):
    return {"traceEvents": [{"name": "process_name"}, *headers, {"name": "Total ExecuteCompiler", "dur": whole},
                            {"name": "Total Frontend", "dur": frontend}]}


class BuildProfile(unittest.TestCase):
    def run_on(self, traces):
        with tempfile.TemporaryDirectory() as build:
            for name, content in traces.items():
                file = Path(build) / "net" / "CMakeFiles" / "parley_net.dir" / f"{name}.cpp.json"
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(json.dumps(content))
            return subprocess.run([sys.executable, SCRIPT, build], capture_output=True, text=True)

    def test_adds_up_headers_over_files(self):
        string = "/usr/lib/gcc/x86_64-linux-gnu/12/../../../../include/c++/12/string"
        result = self.run_on({
            "a": trace(3_000_000, 2_000_000, [source(string, 400_000), source("/usr/include/fmt/format.h", 900_000)]),
            "b": trace(1_000_000, 500_000, [source(string, 200_000), source(string, 100_000)])})
        self.assertEqual(result.returncode, 0, result.stderr)
        rows = [line.split() for line in result.stdout.splitlines()]
        self.assertTrue(result.stdout.startswith("2 files: 4.0 s of compiling, of it 2.5 s"), result.stdout)
        self.assertLess(rows.index(["fmt/format.h", "0.9", "1", "900"]), rows.index(["string", "0.7", "2", "350"]))
        self.assertLess(rows.index(["net/a.cpp", "3.0", "2.0"]), rows.index(["net/b.cpp", "1.0", "0.5"]))

    def test_without_traces_says_what_to_do(self):
        result = self.run_on({})
        self.assertEqual(result.returncode, 1)
        self.assertIn("-ftime-trace", result.stderr)


if __name__ == "__main__":
    unittest.main()
