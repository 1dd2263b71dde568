#!/usr/bin/env python3
"""Every rule of lint.py must fire on a file that breaks it, and stay silent on its nearest lawful neighbour."""

import tempfile
import unittest
from pathlib import Path

import lint

HEAD = "// A thing.\n#pragma once\n"
LONG_BODY = "\n".join(["    call();"] * lint.LINES_PER_FUNCTION_MAX)
WORD = "TO" + "DO"
FUNCTIONS = "".join(f"    int f{number}(int a, Map<int, int> b = {{}});\n"
                    for number in range(lint.PUBLIC_FUNCTIONS_MAX))

# rule: [(path, text that breaks it)], [(path, text that obeys it)]
CASES = {
    "include-table": (
        [("base/a.h", HEAD + '#include "chain/primitives/block.h"\n'),
         ("chain/a.cpp", '#include "mempool/pool.h"\n'),
         ("net/a.cpp", '#include "wallet/wallet.h"\n'),
         ("rpc/a.cpp", '#include "node/daemon/x.h"\n'),
         ("consensus/pow/a.cpp", '#include "node/daemon/x.h"\n'),
         ("node/a.cpp", '#include "node/daemon/x.h"\n'),
         ("node/a.cpp", '#include "node/host/x.h"\n'),
         ("node/daemon/a.cpp", '#include "node/simulator/world.h"\n'),
         ("node/simulator/a.cpp", '#include "node/daemon/x.h"\n'),
         ("chain/a.cpp", '#include "tests/unit/helper.h"\n'),
         ("chain/a.cpp", '#include "contrib/tool.h"\n'),
         ("chain/a.cpp", '#include "block.h"\n')],
        [("net/a.cpp", '#include "net/peer/peer.h"\n#include "chain/primitives/block.h"\n#include "base/bytes.h"\n'),
         ("node/daemon/a.cpp", '#include "node/node.h"\n#include "rpc/server.h"\n'),
         ("node/simulator/a.cpp", '#include "node/host/x.h"\n'),
         ("contrib/a.cpp", '#include "node/daemon/x.h"\n'),
         ("tests/unit/net/a_test.cpp", '#include "wallet/wallet.h"\nTEST(a, b) { EXPECT_EQ(1, 1); }\n')]),
    "host-only": (
        [("net/a.cpp", "#include <boost/asio/io_context.hpp>\n"), ("rpc/a.cpp", "#include <thread>\n"),
         ("chain/a.cpp", "#include <leveldb/db.h>\n"), ("wallet/a.cpp", "#include <fstream>\n"),
         ("node/simulator/a.cpp", "#include <mutex>\n"), ("base/a.cpp", "#include <sys/socket.h>\n")],
        [("node/daemon/a.cpp", "#include <thread>\n"), ("contrib/a.cpp", "#include <atomic>\n"),
         ("net/a.cpp", "#include <vector>\n#include <chrono>\n")]),
    "clock": (
        [("net/a.cpp", "auto t = std::chrono::steady_clock::now();\n"),
         ("net/a.cpp", "void f() { g(time(nullptr)); }\n"),
         ("rpc/a.cpp", "void f() { clock_gettime(0, p); }\n"), ("node/a.cpp", "void f() { g(std::getenv(n)); }\n")],
        [("node/daemon/a.cpp", "auto t() { return std::chrono::steady_clock::now(); }\n"),
         ("net/a.cpp", "// never call steady_clock::now()\nvoid f() { g(block.time(0)); }\n"),
         ("net/a.cpp", 'void f() { g("time(nullptr)"); }\n')]),
    "heavy-include": (
        [("net/a.h", HEAD + "#include <iostream>\n")], [("net/a.cpp", "#include <iostream>\n")]),
    "randomness": (
        [("net/a.cpp", "void f() { std::uniform_int_distribution<int> d; }\n"),
         ("net/a.cpp", "void f() { std::shuffle(a, b, g); }\n"), ("net/a.cpp", "void f() { std::random_device d; }\n"),
         ("net/a.cpp", "void f() { g(rand()); }\n")],
        [("net/a.cpp", "void f() { g(random.uniform(7), operand(3)); }\n")]),
    "mutable-state": (
        [("net/a.cpp", "namespace n {\nint counter = 0;\n}\n"), ("net/a.cpp", "static int counter;\n"),
         ("net/a.cpp", "void f() { static int calls = 0; ++calls; }\n"), ("net/a.cpp", "thread_local int x = 0;\n"),
         ("net/a.h", HEAD + "class A {\n    static std::map<int, int> all_;\n};\n"),
         ("net/a.cpp", 'static const char* name = "x";\n'), ("net/a.cpp", "std::vector<int> all{1, 2};\n")],
        [("net/a.cpp", "static constexpr int kLimit = 3;\nstatic int f(int a);\nconst std::vector<int> all{1};\n"),
         ("net/a.cpp", 'static const char* const name = "x";\nint f(int a);\nstatic int g() { return 1; }\n'),
         ("net/a.cpp", "class A {\n    static A make(int x);\n    int value_ = 0;\n};\n"),
         ("net/a.cpp", "void f() {\n    int local = 0;\n    std::vector<int> v{1};\n}\n")]),
    "unordered-iteration": (
        [("net/a.cpp", "std::unordered_map<int, std::vector<int>> peers_;\n"
                       "void f() { for (auto& [a, b] : peers_) g(a); }\n"),
         ("net/a.cpp", "using Set = boost::unordered_flat_set<int>;\nvoid f(const Set& s) { for (int x : s) g(x); }\n"),
         ("net/a.cpp", "void f(std::unordered_set<int> s) { g(*s.begin()); }\n")],
        [("net/a.cpp", "void f(std::map<int, int> s) { for (auto x : s) g(x); }\n"),
         ("net/a.cpp", "void f(std::unordered_set<int> s) {\n    // lint: order-free because the sum commutes\n"
                       "    for (int x : s) g(x);\n}\n"),
         ("net/a.cpp", "void f(std::unordered_set<int> s) { if (s.contains(1)) for (int x : other) g(x); }\n")]),
    "pointer-order": (
        [("net/a.cpp", "void f(std::map<const Peer*, int> m);\n"), ("net/a.cpp", "void f(std::set<Peer*> m);\n")],
        [("net/a.cpp", "void f(std::map<PeerId, Peer*> m);\n")]),
    "floating-point": (
        [("chain/a.cpp", "void f() { double x = 0.5; }\n"), ("mempool/a.cpp", "float f();\n")],
        [("net/a.cpp", "void f() { double x = 0.5; }\n"),
         ("consensus/a.cpp", "void f() { double x = 0.5; }  // lint: float because it is printed only\n")]),
    "file-size": (
        [("net/a.cpp", "call();\n" * (lint.LINES_PER_FILE_MAX + 1))], [("net/a.cpp", "\n" * lint.LINES_PER_FILE_MAX)]),
    "function-size": (
        [("net/a.cpp", "void f() {\n" + LONG_BODY + "\n}\n"),
         ("net/a.cpp", "class A {\n    int f() const {\n" + LONG_BODY + "\n    }\n};\n"),
         ("net/a.cpp", "A::A(int x) : x_{x} {\n" + LONG_BODY + "\n}\n")],
        [("net/a.cpp", "namespace a {\nclass B {\n    int a() { return 1; }\n" + "    int x;\n" * 90 + "};\n}\n"),
         ("net/a.cpp", "const int kTable[] = {\n" + "    1,\n" * 90 + "};\n")]),
    "header-shape": (
        [("net/a.h", "#pragma once\n"), ("net/a.h", "// A thing.\n")], [("net/a.h", HEAD)]),
    "text-shape": (
        [("net/a.cpp", "int f(); \n"), ("net/a.cpp", "// " + "x" * 98 + "\n"), ("net/a.py", "#" * 121 + "\n"),
         ("net/a.cpp", "\tint f();\n"), ("net/a.cpp", "int f();")],
        [("net/a.cpp", "// " + "x" * 97 + "\n"), ("net/README.md", "x" * 200 + " \n")]),
    "unfinished": (
        [("net/a.cpp", f"// {WORD}: later\n"), ("net/README.md", f"{WORD}\n")], [("net/a.cpp", "// mktemp XXXXXX\n")]),
    "raw-new": (
        [("net/a.cpp", "void f() { auto* p = new Peer(1); }\n"), ("net/a.cpp", "void f() { delete p; }\n")],
        [("net/a.cpp", "// a new Peer(1)\nPeer(const Peer&) = delete;\n"),
         ("net/a.cpp", "auto f() { return std::unique_ptr<Peer>{new Peer(1)}; }\n")]),
    "room-table": (
        [("chain/primitives/a.h", HEAD + '#include "chain/rules/params.h"\n'),
         ("chain/script/a.cpp", '#include "chain/store/block_store.h"\n'),
         ("chain/rules/a.cpp", '#include "chain/state/coins.h"\n'),
         ("chain/store/a.cpp", '#include "chain/state/coins.h"\n')],
        [("chain/state/a.cpp", '#include "chain/store/block_store.h"\n#include "chain/primitives/block.h"\n'),
         ("chain/rules/a.cpp", '#include "chain/rules/params.h"\n#include "chain/script/sighash.h"\n'),
         ("mempool/a.cpp", '#include "chain/state/chainstate.h"\n')]),
    "const-cast": (
        [("net/a.cpp", "void f(const int& x) { const_cast<int&>(x) = 1; }\n"),
         ("tests/unit/net/a.h", HEAD + "int& f(const int& x) { return const_cast<int&>(x); }\n")],
        [("net/a.cpp", "// no const_cast<int&>\nvoid f(int& x) { static_cast<const int&>(x); }\n")]),
    "core-reference": (
        [("node/a.h", HEAD + "class A {\n    NodeCore& core_;\n};\n"),
         ("node/a.cpp", "void f(const NodeCore& core);\n"),
         ("net/a.cpp", "void f(PeerCore const* core);\n")],
        [("node/a.cpp", "void f(CorePart& part);\n// a NodeCore& is not for others\n"),
         ("node/a.h", HEAD + "NodeCore core_;\n")]),
    "wide-class": (
        [("net/a.h", HEAD + "class A {\n public:\n" + FUNCTIONS + "    int one_more() const { return 1; }\n};\n"),
         ("net/a.h", HEAD + "struct A {\n" + FUNCTIONS + "    virtual std::vector<int> one_more() = 0;\n};\n"),
         ("net/a.h", HEAD + "// Wide because reasons\n\n\n\nclass A {\n public:\n" + FUNCTIONS + "    int x();\n};\n")],
        [("net/a.h", HEAD + "class A {\n public:\n    A(int x);\n    ~A();\n    A(const A&) = delete;\n" + FUNCTIONS
          + "    A& operator=(const A&);\n    using F = void(int);\n    int x = f();\n    enum B { c };\n"
          + " private:\n    int hidden() { return 1; }\n};\n"),
         ("net/a.h", HEAD + "// Wide because every option is read here.\nclass A {\n public:\n" + FUNCTIONS
          + "    int x();\n};\n")]),
    "lazy-assertion": (
        [("tests/unit/net/a_test.cpp", "void f() { RC_ASSERT(!a || *a == 1); }\n"),
         ("tests/unit/net/a_test.cpp", "void f() { RC_ASSERT_FALSE(a &&\n        *a); }\n")],
        [("tests/unit/net/a_test.cpp", "void f() { if (a) RC_ASSERT(*a == 1); b = c || d; }\n"),
         ("tests/unit/net/a_test.cpp", "void f() { RC_ASSERT(a == \"||\"); }\n")]),
    "mute-test": (
        [("tests/unit/net/a_test.cpp", "TEST(a, b) { f(); }\n")],
        [("tests/unit/net/a_test.cpp", "TEST(a, b) { EXPECT_TRUE(f()); }\n")]),
}


def findings_for(files, rule=None):
    """Lints a tree of the given (path, text) pairs; README findings only when they are asked for."""
    with tempfile.TemporaryDirectory() as root:
        for path, text in files:
            file = Path(root) / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        return [finding for finding in lint.lint(root) if rule is None or finding.rule == rule]


class Rules(unittest.TestCase):
    def test_every_rule_has_cases(self):
        self.assertEqual(set(CASES), set(lint.RULES))

    def test_rules_fire_on_what_breaks_them(self):
        for rule, (broken, _) in CASES.items():
            for path, text in broken:
                with self.subTest(rule=rule, path=path, text=text[:80]):
                    self.assertTrue(findings_for([(path, text)], rule))

    def test_rules_are_silent_on_what_obeys_them(self):
        for rule, (_, lawful) in CASES.items():
            for path, text in lawful:
                with self.subTest(rule=rule, path=path, text=text[:80]):
                    self.assertEqual(findings_for([(path, text)], rule), [])

    def test_container_declared_in_header_is_known_in_source(self):
        header = HEAD + "class A {\n    std::unordered_map<int, int> by_id_;\n};\n"
        source = "void A::f() {\n    for (auto& [id, x] : by_id_) g(id);\n}\n"
        found = findings_for([("net/a.h", header), ("net/a.cpp", source)], "unordered-iteration")
        self.assertEqual([(finding.path, finding.line) for finding in found], [("net/a.cpp", 2)])

    def test_escape_without_reason_does_not_count(self):
        text = "void f(std::unordered_set<int> s) {\n    // lint: order-free\n    for (int x : s) g(x);\n}\n"
        self.assertTrue(findings_for([("net/a.cpp", text)], "unordered-iteration"))

    def test_finding_names_the_line(self):
        found = findings_for([("chain/a.cpp", "\n\nvoid f() { g(rand()); }\n")], "randomness")
        self.assertEqual([finding.line for finding in found], [3])
        self.assertRegex(str(found[0]), r"^chain/a\.cpp:3: randomness: \w+")


class Tree(unittest.TestCase):
    def test_folder_without_readme_is_reported(self):
        files = [("net/a.cpp", "\n"), ("consensus/pow/a.cpp", "\n"), ("consensus/README.md", "x\n")]
        found = findings_for(files, "readme")
        self.assertEqual([finding.path for finding in found], ["consensus/pow/README.md", "net/README.md"])

    def test_mirrored_test_folders_need_one_readme(self):
        files = [("tests/README.md", "x\n"), ("tests/unit/README.md", "x\n"), ("tests/unit/net/a.cpp", "\n")]
        self.assertEqual(findings_for(files, "readme"), [])

    def test_folder_of_too_many_sources_is_reported(self):
        def files(folder, count):
            return [(f"{folder}/{number}.cpp", "\n") for number in range(count)]
        most = lint.SOURCES_PER_FOLDER_MAX
        found = findings_for(files("net/peer", most + 1) + files("chain/rules", most), "folder-size")
        self.assertEqual([finding.path for finding in found], ["net/peer"])
        self.assertEqual(findings_for(files("tests/unit/net", most + 1), "folder-size"), [])
        allowed = (lint.ALLOWANCES_FILE, "folder-size net/peer: one file per message\n")
        self.assertEqual(findings_for(files("net/peer", most + 1) + [allowed], "folder-size"), [])

    def test_allowance_silences_one_rule_of_one_file(self):
        long_file = "call();\n" * (lint.LINES_PER_FILE_MAX + 1)
        allowed = (lint.ALLOWANCES_FILE, "file-size net/a.cpp: generated from a table\n")
        self.assertEqual(findings_for([("net/a.cpp", long_file), allowed], "file-size"), [])
        self.assertTrue(findings_for([("net/b.cpp", long_file), allowed], "file-size"))

    def test_allowance_that_is_not_needed_is_reported(self):
        allowed = (lint.ALLOWANCES_FILE, "file-size net/a.cpp: generated from a table\n")
        self.assertTrue(findings_for([("net/a.cpp", "\n"), allowed], "allowance"))

    def test_allowance_without_reason_is_reported(self):
        self.assertTrue(findings_for([(lint.ALLOWANCES_FILE, "file-size net/a.cpp\n")], "allowance"))


if __name__ == "__main__":
    unittest.main()
