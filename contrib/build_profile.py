#!/usr/bin/env python3
"""Adds up the traces that clang++ -ftime-trace left beside the objects of a build folder.

Usage: build_profile.py BUILD_FOLDER
A header's price is the time of the compiler's front end between its first line and its last, with what it includes,
added up over all files that include it. A file's price is the whole run of the compiler, with optimisation.
"""

import json
import os
import re
import sys
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
ROWS = 10


class Profile:
    """Times in microseconds."""

    def __init__(self):
        self.headers = defaultdict(int)  # path: time, with what it includes
        self.inclusions = defaultdict(int)  # path: files that include it
        self.files = {}  # path: (whole time, of it the front end)

    def add(self, source, events):
        """One trace: the events of one run of the compiler."""
        totals = {}
        seen = set()
        for event in events:
            name = event.get("name", "")
            if name == "Source":
                header = event["args"]["detail"]
                self.headers[header] += event["dur"]
                # A header without a guard can be read several times by one file.
                if header not in seen:
                    self.inclusions[header] += 1
                    seen.add(header)
            elif name.startswith("Total "):
                totals[name] = event["dur"]
        self.files[source] = (totals.get("Total ExecuteCompiler", 0), totals.get("Total Frontend", 0))

    def lines(self):
        total = sum(whole for whole, _ in self.files.values())
        front = sum(front for _, front in self.files.values())
        yield (f"{len(self.files)} files: {seconds(total)} s of compiling, of it {seconds(front)} s in the front end "
               "(headers, syntax, templates)")
        yield ""
        yield f"{'headers':<60} {'s':>8} {'files':>6} {'ms each':>8}"
        for header, time in largest(self.headers):
            count = self.inclusions[header]
            yield f"{shortened(header):<60} {seconds(time):>8} {count:>6} {time / count / 1000:>8.0f}"
        yield ""
        yield f"{'files':<60} {'s':>8} {'front end':>15}"
        for source, time in largest({source: whole for source, (whole, _) in self.files.items()}):
            yield f"{shortened(source):<60} {seconds(time):>8} {seconds(self.files[source][1]):>15}"


def largest(times):
    return sorted(times.items(), key=lambda item: (-item[1], item[0]))[:ROWS]


def seconds(microseconds):
    return f"{microseconds / 1e6:.1f}"


def shortened(path, columns=60):
    """As the path is written in an #include."""
    path = os.path.normpath(path)
    for prefix in (r".*/include/c\+\+/\d+/", r"/usr/(?:lib/.*/)?include/", re.escape(str(ROOT)) + "/"):
        path = re.sub(f"^{prefix}", "", path)
    return path if len(path) <= columns else "..." + path[3 - columns:]


def source_of(trace, build):
    """CMakeFiles/<target>.dir/<file>.cpp.json lies in the folder that mirrors the source's."""
    folder, _, rest = str(trace.relative_to(build)).partition("CMakeFiles/")
    return folder + rest.partition(".dir/")[2].removesuffix(".json")


def main():
    if len(sys.argv) != 2:
        sys.exit("usage: build_profile.py BUILD_FOLDER")
    build = Path(sys.argv[1])
    profile = Profile()
    for trace in sorted(build.glob("**/CMakeFiles/*.dir/**/*.cpp.json")):
        profile.add(source_of(trace, build), json.loads(trace.read_text())["traceEvents"])
    if not profile.files:
        sys.exit(f"{build} holds no traces: configure it with -DCMAKE_CXX_FLAGS=-ftime-trace and Clang, and build it")
    print("\n".join(profile.lines()))


if __name__ == "__main__":
    main()
