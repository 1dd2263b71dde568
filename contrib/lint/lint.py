#!/usr/bin/env python3
"""Checks what the compiler cannot: who may include whom, determinism, sizes, and the shape of files.

Usage: contrib/lint/lint.py [--root DIRECTORY] [PATH...]

Every finding is one line, `file:line: rule: what to do`; the exit status is 1 when there is one. The C++ is
read with regular expressions and a brace counter, not parsed: a rule that can be wrong has an escape, which
must give its reason (`// lint: order-free because ...`), or a line in contrib/lint/allowed.txt.
"""

import argparse
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from source import TOKEN, Source, balanced_end, blank, public_functions, without_templates

LINES_PER_FILE_MAX = 500
LINES_PER_FUNCTION_MAX = 70
COLUMNS_MAX = 100
SCRIPT_COLUMNS_MAX = 120
SOURCES_PER_FOLDER_MAX = 25
PUBLIC_FUNCTIONS_MAX = 20
ALLOWANCES_FILE = "contrib/lint/allowed.txt"

# Which folder may include which (ARCHITECTURE.md). A folder that is missing here may include anything.
BELOW = {"base": set(), "chain": {"base"}}
for _middle in ("consensus", "mempool", "net", "wallet"):
    BELOW[_middle] = {"base", "chain"}
BELOW["rpc"] = {"base", "chain", "consensus", "mempool", "net", "wallet", "node"}
BELOW["node"] = {"base", "chain", "consensus", "mempool", "net", "wallet"}
BELOW["node/host"] = BELOW["node"] | {"node"}
BELOW["node/daemon"] = BELOW["node/host"] | {"node/host", "rpc"}
BELOW["node/simulator"] = BELOW["node/host"] | {"node/host"}
# The rooms of chain/, in the order in which they may include: each those before it.
ROOMS = ["chain/primitives", "chain/script", "chain/rules", "chain/store", "chain/state"]
HOSTS = {"node/daemon", "contrib", "tests"}  # these own threads, sockets, files and clocks
EXACT_ARITHMETIC = {"chain", "consensus", "mempool"}

HOST_HEADERS = re.compile(
    r"^(boost/(asio|beast|program_options|thread|process|filesystem)\b|leveldb/|spdlog/"
    r"|(thread|mutex|shared_mutex|condition_variable|future|atomic|stop_token|semaphore|latch|barrier"
    r"|filesystem|fstream|csignal|signal\.h|unistd\.h|fcntl\.h|poll\.h|pthread\.h|netdb\.h|time\.h)$"
    r"|sys/(socket|epoll|mman|file|stat|time|wait|types)\.h$|netinet/|arpa/)")
HEAVY_HEADERS = re.compile(r"^(iostream|regex|boost/asio\.hpp|boost/beast\.hpp|fmt/ranges\.h)$")
CLOCKS = re.compile(
    r"::now\s*\(\s*\)|\b(clock_gettime|gettimeofday|nanosleep|usleep|sleep_for|sleep_until)\s*\("
    r"|(?<![\w.>])(?:std::|::)?time\s*\(\s*(?:nullptr|NULL|0|&\s*\w+)\s*\)|\bstd::clock\s*\("
    r"|(?<![\w.>:])(?:std::)?getenv\s*\(")
RANDOMNESS = re.compile(
    r"\bstd::\w+_distribution\b|\bstd::(?:ranges::)?(?:shuffle|sample)\b|\brandom_device\b"
    r"|(?<![\w.>:])(?:std::)?s?rand\s*\(")
UNORDERED = r"\b(?:std::|boost::)?unordered_(?:flat_|node_)?(?:multi)?(?:map|set)\s*<"
# Split so that this file does not report itself.
UNFINISHED = re.compile(r"\b(" + "|".join(["TO" + "DO", "FIX" + "ME", "X" + "XX", "HA" + "CK"]) + r")\b")

@dataclass(frozen=True)
class Finding:
    path: str
    line: int
    rule: str
    advice: str

    def __str__(self):
        return f"{self.path}:{self.line}: {self.rule}: {self.advice}"


def is_constant(declaration):
    """`const T* p` is a pointer that can change; `const T* const p` and `constexpr` are not."""
    if re.search(r"\bconstexpr\b", declaration):
        return True
    tail = declaration.rsplit("*", 1)[-1] if "*" in declaration else declaration
    return bool(re.search(r"\bconst\b", tail))


# ---- rules: each takes a Source and yields (line, advice) ----------------------------------------------------


def include_table(source):
    if source.layer not in BELOW:
        return
    allowed = BELOW[source.layer] | {source.layer}
    for number, quote, name in source.includes:
        if quote != '"':
            continue
        parts = name.split("/")
        layer = "/".join(parts[:2]) if "/".join(parts[:2]) in BELOW else parts[0]
        if len(parts) == 1 or layer not in BELOW and layer not in HOSTS:
            yield number, f'include "{name}" by its path from the root of the repository'
        elif layer not in allowed:
            names = ", ".join(sorted(allowed))
            yield number, (f"{source.layer} may include only {names}: declare the abstract class that "
                           f"you need here and let node/ implement it instead of including {name}")


def room_table(source):
    own = "/".join(source.path.split("/")[:2])
    if own not in ROOMS:
        return
    for number, _, name in source.includes:
        room = "/".join(name.split("/")[:2])
        if room in ROOMS[ROOMS.index(own) + 1:]:
            yield number, f"{own} comes before {room}: move what both need to {own} or below it"


def host_only(source):
    if source.layer in HOSTS or not source.is_cpp:
        return
    for number, _, name in source.includes:
        if HOST_HEADERS.match(name):
            yield number, f"only node/daemon and contrib may use <{name}>: ask the host through an effect or a seam"


def clock(source):
    if source.layer in HOSTS or not source.is_cpp:
        return
    for match in CLOCKS.finditer(source.code):
        yield source.line_of(match.start()), "take the TimePoint that comes with the event, never ask the machine"


def heavy_include(source):
    if not source.path.endswith(".h") or source.layer in HOSTS:
        return
    for number, _, name in source.includes:
        if HEAVY_HEADERS.match(name):
            yield number, f"<{name}> costs every includer seconds: include it in the .cpp"


def randomness(source):
    if source.layer in HOSTS or not source.is_cpp:
        return
    for match in RANDOMNESS.finditer(source.code):
        yield source.line_of(match.start()), "draw from the parley::Random that you were given"


def mutable_state(source):
    if source.layer in HOSTS or not source.is_cpp:
        return
    advice = "make it const or a member: several nodes live in one process"
    for match in re.finditer(r"\bthread_local\b", source.code):
        yield source.line_of(match.start()), advice
    for match in re.finditer(r"(?m)(?<![\w])static\s+([^;{}]*?)(?=[;{}])", source.code):
        declaration = without_templates(match.group(1)).split("=")[0]
        if "(" not in declaration and not is_constant(declaration):
            yield source.line_of(match.start()), advice
    skipped = re.compile(r"^(using|typedef|namespace|template|class|struct|union|enum|friend|static|extern"
                         r"|thread_local|static_assert|concept|requires|public|private|protected|asm)\b")
    for number, statement in source.structure[1]:
        plain = without_templates(re.sub(r"\[\[.*?\]\]", " ", statement)).split("=")[0].strip()
        if skipped.match(plain) or "(" in plain or is_constant(plain):
            continue
        if re.match(r"^(inline\s+|constinit\s+)*[\w:]+[\s*&]+\w+\s*(\[[^\]]*\])?\s*(\{\})?$", plain):
            yield number, advice


def unordered_names(code):
    """Variables and members that are unordered containers, by their own type or through an alias."""
    names, aliases = set(), set()
    for match in re.finditer(UNORDERED, code):
        end = balanced_end(code, match.end())
        if end is None:
            continue
        alias = re.search(r"using\s+(\w+)\s*=\s*(?:const\s+)?$", code[max(0, match.start() - 80):match.start()])
        if alias:
            aliases.add(alias.group(1))
        name = re.match(r"\s*[&*]?\s*(\w+)\s*[;={(,)]", code[end:end + 120])
        if name and name.group(1) != "const":
            names.add(name.group(1))
    for alias in aliases:
        names.update(re.findall(r"\b" + alias + r"\b\s*[&*]?\s*(\w+)\s*[;={,)]", code))
    return names


def unordered_iteration(source):
    if source.layer in HOSTS or not source.is_cpp:
        return
    names = unordered_names(source.code)
    header = source.full.with_suffix(".h")
    if source.path.endswith(".cpp") and header.exists():
        names |= unordered_names(TOKEN.sub(blank, header.read_text(encoding="utf-8", errors="replace")))
    if not names:
        return
    any_name = "(?:" + "|".join(sorted(names)) + ")"
    loops = re.compile(r"\bfor\s*\([^;()]*[^:;()]:(?!:)[^;{]*?\b" + any_name + r"(?:\(\))?\s*\)"
                       r"|\b" + any_name + r"(?:\(\))?\s*(?:\.|->)\s*c?begin\s*\(")
    for match in loops.finditer(source.code):
        line = source.line_of(match.start())
        if not source.escaped(line, "order-free"):
            yield line, ("the order of an unordered container differs between runs: use an ordered one, sort first, "
                         "or write `// lint: order-free because <reason>`")


def pointer_order(source):
    if source.layer in HOSTS or not source.is_cpp:
        return
    for match in re.finditer(r"\bstd::(?:multi)?(?:map|set)\s*<\s*(?:const\s+)?[\w:]+\s*(?:const\s*)?\*", source.code):
        line = source.line_of(match.start())
        if not source.escaped(line, "order-free"):
            yield line, "addresses differ between runs: key by an identifier, not by a pointer"


def floating_point(source):
    if source.layer not in EXACT_ARITHMETIC or not source.is_cpp:
        return
    for match in re.finditer(r"\b(float|double)\b", source.code):
        line = source.line_of(match.start())
        if not source.escaped(line, "float"):
            yield line, ("decide in integers, which round alike everywhere; for a report or an estimate write "
                         "`// lint: float because <reason>`")


def file_size(source):
    if (source.is_cpp or source.is_script) and len(source.lines) > LINES_PER_FILE_MAX:
        yield len(source.lines), f"{len(source.lines)} lines, at most {LINES_PER_FILE_MAX}: look for the second concept"


def function_size(source):
    if not source.is_cpp:
        return
    for block in source.structure[0]:
        size = block.last_line - block.first_line + 1
        if block.kind == "function" and size > LINES_PER_FUNCTION_MAX:
            yield block.first_line, f"{size} lines, at most {LINES_PER_FUNCTION_MAX}: look for the missing concept"


def header_shape(source):
    if not source.path.endswith(".h"):
        return
    if not source.text.startswith(("//", "/*")):
        yield 1, "open with a comment: what it is, what it is not, who calls it, thread-safety"
    if not re.search(r"(?m)^#pragma once$", source.text):
        yield 1, "add #pragma once"


def text_shape(source):
    if not (source.is_cpp or source.is_script):
        return
    columns_max = COLUMNS_MAX if source.is_cpp else SCRIPT_COLUMNS_MAX
    for number, line in enumerate(source.lines, 1):
        if len(line) > columns_max:
            yield number, f"{len(line)} columns, at most {columns_max}: run contrib/format.sh --fix, break the line"
        if line != line.rstrip():
            yield number, "remove the white space at the end of the line"
        if "\t" in line:
            yield number, "indent with spaces"
    if source.text and not source.text.endswith("\n"):
        yield len(source.lines), "end the file with a newline"


def unfinished(source):
    for number, line in enumerate(source.lines, 1):
        match = UNFINISHED.search(line)
        if match:
            yield number, f"{match.group(0)} marks unfinished work: finish it, or say in an issue what is missing"


def raw_new(source):
    if not source.is_cpp or source.layer == "tests":
        return
    for match in re.finditer(r"\bnew\s+[A-Za-z_][\w:]*\s*[({<\[;]|\bdelete\s+\w", source.code):
        # A private constructor is out of make_unique's reach; Ref is the usual alias of a unique_ptr.
        if not re.search(r"(unique_ptr<[^<>]*(<[^<>]*>)?[^<>]*>|\bRef)\s*[({]\s*$", source.code[:match.start()][-200:]):
            yield source.line_of(match.start()), "let std::make_unique or a container own it"


def const_cast(source):
    if not source.is_cpp:
        return
    for match in re.finditer(r"\bconst_cast\s*<", source.code):
        yield source.line_of(match.start()), "let the owner, which has it mutable, make the change"


def core_reference(source):
    if not source.is_cpp:
        return
    for match in re.finditer(r"\b\w*Core\b(?:\s+const)?\s*[&*]", source.code):
        yield source.line_of(match.start()), "take the parts or the values that you need, not one object with all"


def wide_class(source):
    if not source.is_cpp or source.layer == "tests":
        return
    for block in source.structure[0]:
        declared = re.search(r"\b(class|struct)\s+(?:\[\[.*?\]\]\s*)?(?:\w+::)*(\w+)(?!.*\b(?:class|struct)\b)",
                             without_templates(block.head), re.S)
        if block.kind != "type" or not declared or re.search(r"\benum\b", block.head):
            continue
        text = "\n".join(source.code.split("\n")[block.first_line - 1:block.last_line])
        body = text[text.index("{") + 1:text.rindex("}")]
        names = public_functions(body, declared.group(2), declared.group(1) == "struct")
        above = "\n".join(source.lines[max(0, block.first_line - 4):block.first_line])
        if len(names) > PUBLIC_FUNCTIONS_MAX and not re.search(r"// Wide because \S+ \S+", above):
            yield block.first_line, (f"{declared.group(2)} has {len(names)} public functions, at most "
                                     f"{PUBLIC_FUNCTIONS_MAX}: look for the second type, or write "
                                     "`// Wide because <reason>` above it")


def mute_test(source):
    if source.path.endswith("_test.cpp") and not re.search(r"EXPECT_|ASSERT_|RC_ASSERT|RC_GTEST|FAIL\(", source.code):
        yield 1, "this test cannot fail: assert what must hold"


def lazy_assertion(source):
    """RC_ASSERT decomposes its expression, and an overloaded || or && evaluates both operands."""
    if source.layer != "tests" or not source.is_cpp:
        return
    for match in re.finditer(r"\bRC_(?:ASSERT|ASSERT_FALSE|SUCCEED_IF)\s*\(([^;]*)", source.code):
        if re.search(r"\|\||&&", match.group(1)):
            yield source.line_of(match.start()), "both operands are evaluated here: test the first one with `if`"


RULES = {
    "include-table": include_table, "host-only": host_only, "clock": clock, "heavy-include": heavy_include,
    "randomness": randomness, "mutable-state": mutable_state, "unordered-iteration": unordered_iteration,
    "pointer-order": pointer_order, "floating-point": floating_point, "file-size": file_size,
    "function-size": function_size, "header-shape": header_shape, "text-shape": text_shape,
    "unfinished": unfinished, "raw-new": raw_new, "mute-test": mute_test, "room-table": room_table,
    "const-cast": const_cast, "core-reference": core_reference, "wide-class": wide_class,
    "lazy-assertion": lazy_assertion,
}


def missing_readmes(paths):
    """Every folder of the first two levels explains itself; tests/unit mirrors the product and needs it once."""
    folders = set()
    for path in paths:
        parts = path.split("/")[:-1]
        folders.update("/".join(parts[:depth]) for depth in (1, 2) if len(parts) >= depth)
    for folder in sorted(folders):
        if not folder.startswith(".") and f"{folder}/README.md" not in paths:
            yield Finding(f"{folder}/README.md", 1, "readme",
                          "write it: purpose, not-purpose, three files to read first, threads")


def large_folders(paths):
    """(folder, advice) for each folder of the product that holds too many .h and .cpp files."""
    sources = {}
    for path in paths:
        folder = path.rpartition("/")[0]
        if path.endswith((".h", ".cpp")) and not folder.startswith("tests"):
            sources[folder] = sources.get(folder, 0) + 1
    for folder, count in sorted(sources.items()):
        if count > SOURCES_PER_FOLDER_MAX:
            yield folder, f"{count} source files, at most {SOURCES_PER_FOLDER_MAX}: it is two folders"


def read_allowances(root):
    """Lines `rule path: reason` of allowed.txt, as {(rule, path): line number}."""
    allowances, findings = {}, []
    file = Path(root) / ALLOWANCES_FILE
    for number, line in enumerate(file.read_text().splitlines() if file.exists() else [], 1):
        if not line.strip() or line.startswith("#"):
            continue
        match = re.match(r"^(\S+) (\S+): \S+ \S+", line)
        if match:
            allowances[match.group(1), match.group(2)] = number
        else:
            findings.append(Finding(ALLOWANCES_FILE, number, "allowance", "write `rule path: reason`"))
    return allowances, findings


def list_files(root):
    """What git tracks or would track; every file where there is no repository."""
    git = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], cwd=root, text=True,
                         capture_output=True, check=False)
    if git.returncode == 0:
        return sorted({path for path in git.stdout.splitlines() if (Path(root) / path).is_file()})
    return sorted(os.path.relpath(os.path.join(folder, name), root)
                  for folder, _, names in os.walk(root) for name in names)


def lint(root, only=()):
    paths = list_files(root)
    allowances, findings = read_allowances(root)
    used = set()
    findings.extend(missing_readmes(set(paths)))
    for folder, advice in large_folders(paths):
        if ("folder-size", folder) in allowances:
            used.add(("folder-size", folder))
        else:
            findings.append(Finding(folder, 1, "folder-size", advice))
    for path in paths:
        source = Source(root, path, BELOW)
        if source.binary or path.startswith("tests/fuzz/corpus/"):
            continue
        for name, rule in RULES.items():
            for line, advice in rule(source):
                if (name, path) in allowances:
                    used.add((name, path))
                else:
                    findings.append(Finding(path, line, name, advice))
    for (name, path), number in allowances.items():
        if (name, path) not in used:
            findings.append(Finding(ALLOWANCES_FILE, number, "allowance", f"remove it: {path} obeys {name}"))
    return [finding for finding in findings if not only or finding.path.startswith(tuple(only))]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--root", default=Path(__file__).resolve().parents[2], type=Path)
    parser.add_argument("paths", nargs="*", help="report only files whose path begins with one of these")
    arguments = parser.parse_args()
    findings = lint(arguments.root, arguments.paths)
    for finding in findings:
        print(finding)
    print(f"lint: {len(findings)} findings, {len(RULES) + 3} rules, {len(list_files(arguments.root))} files",
          file=sys.stderr)
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
