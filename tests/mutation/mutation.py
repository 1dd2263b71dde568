#!/usr/bin/env python3
"""The mutation check of chain/: breaks one rule after another, and lists the breaks that no test notices.

Usage: mutation.py [--build FOLDER] [--jobs N] [--only REGEX] [--check]
  --build FOLDER  where the changed copy of the tree and its build lie; build/mutation by default
  --jobs N        compile, and judge mutants, with N processes; 1 by default
  --only REGEX    only mutants whose names match
  --check         only says which mutants of the list fit the source

A mutant is killed by a failed test, a crash or a timeout. The exit status is 0 where all mutants fit the source and
at least 90 percent of them are killed, 1 where not, and 2 where no verdict was possible.
"""

import argparse
import math
import os
import re
import resource
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from schemata import HEADER, HEADER_PATH, read_mutants, rewrite

ROOT = Path(__file__).resolve().parents[2]
KILLED_PERCENT_MIN = 90
PRESET = "release"
PROGRAM = "unit_chain"  # the vectors and the full-block suite are in it
# Tests that take less run together and first; then each of the others by itself, the shortest first.
SHORT_S = 0.1
# A loop that never ends is stopped by the processor time that it takes: the machine may have something else to do.
TIMEOUT_FACTOR = 10
TIMEOUT_S_MIN = 20
# By the clock, for a test that only waits.
WAITING_FACTOR = 30
# A loop that never ends and allocates. The baseline takes a small part of it.
MEMORY_BYTES_MAX = 8 << 30


@dataclass(frozen=True)
class Outcome:
    killed: bool
    how: str  # the test, and whether it failed, crashed or ran too long
    seconds: float


def fail(text):
    print(f"mutation: {text}", file=sys.stderr)
    sys.exit(2)


# ---- the changed copy ------------------------------------------------------------------------------------------


def source_files():
    listed = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT,
                            capture_output=True, check=True)
    names = sorted(name for name in listed.stdout.decode().split("\0") if name)
    return {name: (ROOT / name).read_bytes() for name in names if (ROOT / name).is_file()}


def with_choices(files, mutants):
    """The files of the copy, the mutants that fit with their lines, and those that do not, with the reason."""
    changed, applied, stale = dict(files), [], []
    for name in dict.fromkeys(mutant.file for mutant in mutants):
        of_file = [mutant for mutant in mutants if mutant.file == name]
        if name not in files:
            stale += [(mutant, "there is no such file") for mutant in of_file]
            continue
        text, fitting, problems = rewrite(files[name].decode(), of_file)
        changed[name] = text.encode()
        applied += fitting
        stale += problems
    changed[HEADER_PATH] = HEADER.encode()
    return changed, applied, stale


def write_copy(folder, files):
    """Touches only what changed, so that a second build is short."""
    for name, data in files.items():
        path = folder / name
        if path.is_file() and path.read_bytes() == data:
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        path.chmod((ROOT / name).stat().st_mode if (ROOT / name).exists() else 0o644)
    for path in folder.rglob("*"):
        name = path.relative_to(folder)
        if name.parts[0] != "build" and path.is_file() and str(name) not in files:
            path.unlink()


def build(folder, jobs):
    # As in any other tree with the same files, so that the compiler cache knows those that did not change.
    environment = dict(os.environ, CCACHE_BASEDIR=str(folder), CCACHE_NOHASHDIR="1")
    binaries = folder / "build" / PRESET
    for command in (["cmake", "--preset", PRESET], ["ninja", f"-j{jobs}", "-C", str(binaries), PROGRAM]):
        done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            fail(f"{' '.join(command)} failed in {folder}:\n{(done.stdout + done.stderr)[-6000:]}")
    return binaries / "bin" / PROGRAM


# ---- runs of the tests -----------------------------------------------------------------------------------------


def limit_resources(timeout_s):
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES_MAX, MEMORY_BYTES_MAX))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CPU, (timeout_s, timeout_s + 1))


def run_tests(program, name, tests, timeout_s):
    """Exit status (None: it ran too long) and output."""
    environment = dict(os.environ, PARLEY_MUTANT=name, RC_PARAMS="seed=1")
    environment.setdefault("PARLEY_VECTORS", str(ROOT / ".." / "shared" / "vectors"))
    command = [str(program), "--gtest_fail_fast", f"--gtest_filter={':'.join(tests)}"]
    with subprocess.Popen(command, cwd=program.parent, env=environment, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, preexec_fn=lambda: limit_resources(timeout_s)) as process:
        try:
            output, _ = process.communicate(timeout=WAITING_FACTOR * timeout_s)
            status = None if process.returncode == -signal.SIGXCPU else process.returncode
        except subprocess.TimeoutExpired:
            process.kill()
            output, status = process.communicate()[0], None
    return status, output.decode(errors="replace")


def durations_s(output):
    found = re.findall(r"(?m)^\[       OK \] (\S+) \((\d+) ms\)$", output)
    return {name: int(milliseconds) / 1000 for name, milliseconds in found}


def who_killed(status, output):
    failed = re.search(r"(?m)^\[  FAILED  \] ([\w./]+)", output)
    if failed:
        return failed.group(1)
    started = re.findall(r"(?m)^\[ RUN      \] (\S+)", output)
    return f"{started[-1] if started else 'the start'} ({'timeout' if status is None else 'crash'})"


def stages_of(durations):
    short = [name for name, seconds in durations.items() if seconds < SHORT_S]
    long = sorted(set(durations) - set(short), key=lambda name: (durations[name], name))
    stages = []
    for tests in [short] + [[name] for name in long]:
        seconds = sum(durations[name] for name in tests)
        stages.append((tests, max(TIMEOUT_S_MIN, math.ceil(TIMEOUT_FACTOR * seconds))))
    return stages


def judge(program, name, stages):
    start = time.monotonic()
    for tests, timeout_s in stages:
        status, output = run_tests(program, name, tests, timeout_s)
        if status != 0:
            return Outcome(True, who_killed(status, output), time.monotonic() - start)
    return Outcome(False, "", time.monotonic() - start)


def baseline(program):
    status, output = run_tests(program, "", ["*"], timeout_s=1800)
    if status != 0:
        fail(f"the tests fail without any mutant: {who_killed(status, output)}\n{output[-4000:]}")
    skipped = set(re.findall(r"(?m)^\[  SKIPPED \] (\S+)", output))
    durations = durations_s(output)
    print(f"{len(durations)} tests pass without a mutant, in {sum(durations.values()):.1f} s", flush=True)
    if skipped:
        print(f"{len(skipped)} tests are skipped, and kill nothing: {', '.join(sorted(skipped))}", flush=True)
    return durations


# ---- the report ------------------------------------------------------------------------------------------------


def report_stale(stale):
    for mutant, why in stale:
        print(f"DOES NOT FIT  {mutant.name}  {mutant.file}  {why}")


def verdict(applied, stale, outcomes):
    """Prints what is left to do; True: good enough."""
    survivors = [(mutant, line) for mutant, line in applied if not outcomes[mutant.name].killed]
    killed = len(applied) - len(survivors)
    print(f"\n{killed} of {len(applied)} mutants killed"
          + (f", {100 * killed / len(applied):.1f} percent" if applied else ""))
    for mutant, line in survivors:
        print(f"SURVIVED      {mutant.name}  {mutant.file}:{line}  {mutant.rule}\n"
              f"              {mutant.original}  ->  {mutant.mutated}")
    report_stale(stale)
    if stale:
        print(f"{len(stale)} mutants do not fit the source any more: bring tests/mutation/mutants.toml up to date")
    return bool(applied) and not stale and 100 * killed >= KILLED_PERCENT_MIN * len(applied)


def print_outcome(mutant, line, outcome):
    word = "killed  " if outcome.killed else "SURVIVED"
    print(f"{word}  {outcome.seconds:6.1f} s  {mutant.name:44}  {mutant.file}:{line}  {outcome.how}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=Path, default=ROOT / "build" / "mutation")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--only", default="")
    parser.add_argument("--check", action="store_true")
    arguments = parser.parse_args()

    mutants = read_mutants((Path(__file__).parent / "mutants.toml").read_text())
    files, applied, stale = with_choices(source_files(), mutants)
    if arguments.check:
        report_stale(stale)
        print(f"{len(applied)} of {len(mutants)} mutants fit the source")
        return 0 if not stale else 1

    os.nice(15)
    folder = arguments.build.resolve()
    write_copy(folder, files)
    program = build(folder, arguments.jobs)
    stages = stages_of(baseline(program))
    wanted = [(mutant, line) for mutant, line in applied if re.search(arguments.only, mutant.name)]
    stale = [(mutant, why) for mutant, why in stale if re.search(arguments.only, mutant.name)]
    outcomes = {}
    with ThreadPoolExecutor(arguments.jobs) as workers:
        results = workers.map(lambda each: judge(program, each[0].name, stages), wanted)
        for (mutant, line), outcome in zip(wanted, results):
            outcomes[mutant.name] = outcome
            print_outcome(mutant, line, outcome)
    return 0 if verdict(wanted, stale, outcomes) else 1


if __name__ == "__main__":
    sys.exit(main())
