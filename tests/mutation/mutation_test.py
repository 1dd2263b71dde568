#!/usr/bin/env python3
"""The mutation check itself: what it writes into the source, what it does not accept, and that it can say no."""

import contextlib
import io
import tempfile
import unittest
import unittest.mock
from pathlib import Path

import mutation
from schemata import read_mutants, rewrite

LIST = """
[["a.cpp"]]
name = "{name}"
rule = "a rule"
from = "{original}"
to = "{mutated}"
"""


def mutants(*pairs):
    text = "".join(LIST.format(name=f"m{number}", original=original, mutated=mutated)
                   for number, (original, mutated) in enumerate(pairs, 1))
    return read_mutants(text)


def body(text, found):
    changed, applied, stale = rewrite(text, found)
    return changed.split("\n", 1)[1], applied, stale


class Rewrite(unittest.TestCase):
    def test_expression_becomes_a_choice(self):
        changed, applied, stale = body("x;\nif (a < b) return;\n", mutants(("a < b", "a <= b")))
        self.assertEqual(changed, 'x;\nif ((parley_mutant("m1") ? (a <= b) : (a < b))) return;\n')
        self.assertEqual([line for _, line in applied], [2])
        self.assertEqual(stale, [])

    def test_statement_becomes_an_if(self):
        changed, _, _ = body("if (c) f(1);\n", mutants(("f(1);", ";")))
        self.assertEqual(changed, 'if (c) { if (parley_mutant("m1")) { ; } else { f(1); } }\n')

    def test_line_breaks_do_not_matter(self):
        changed, _, _ = body("g(\n    a,\n    b)", mutants(("g(a, b)", "0")))
        self.assertEqual(changed, '(parley_mutant("m1") ? (0) : (g(\n    a,\n    b)))')

    def test_one_site_may_have_several_mutants(self):
        changed, _, _ = body("a < b;", mutants(("a < b", "a > b"), ("a < b", "true")))
        self.assertEqual(changed, '(parley_mutant("m1") ? (a > b) : parley_mutant("m2") ? (true) : (a < b));')

    def test_site_inside_another_is_a_choice_in_its_original(self):
        changed, _, _ = body("a && b;", mutants(("a && b", "a"), ("b", "true")))
        self.assertEqual(changed, '(parley_mutant("m1") ? (a) : (a && (parley_mutant("m2") ? (true) : (b))));')

    def test_where_tells_equal_texts_apart(self):
        found = read_mutants(LIST.format(name="m1", original="x", mutated="y") + 'where = "g(x)"')
        self.assertEqual(body("f(x); g(x);", found)[0], 'f(x); g((parley_mutant("m1") ? (y) : (x)));')


class Stale(unittest.TestCase):
    def expect_stale(self, text, *pairs):
        _, _, stale = body(text, mutants(*pairs))
        self.assertEqual(len(stale), 1, stale)

    def test_text_that_is_not_there(self):
        self.expect_stale("a > b;", ("a < b", "true"))

    def test_text_that_is_there_twice(self):
        self.expect_stale("a < b; a < b;", ("a < b", "true"))

    def test_part_of_a_longer_operand(self):
        self.expect_stale("c.a < b;", ("a < b", "true"))
        self.expect_stale("a < b.size();", ("a < b", "true"))

    def test_two_that_overlap_in_part(self):
        self.expect_stale("a + b + c;", ("a + b", "a"), ("b + c", "b"))


class List(unittest.TestCase):
    def test_equal_names_are_refused(self):
        with self.assertRaises(ValueError):
            read_mutants(2 * LIST.format(name="m", original="a", mutated="b"))

    def test_statement_for_an_expression_is_refused(self):
        with self.assertRaises(ValueError):
            mutants(("a", "b;"))


class Stages(unittest.TestCase):
    def test_short_tests_come_together_and_the_others_by_length(self):
        stages = mutation.stages_of({"A.long": 9.5, "A.short": 0.01, "B.middle": 1.0, "B.short": 0.0})
        self.assertEqual([tests for tests, _ in stages], [["A.short", "B.short"], ["B.middle"], ["A.long"]])
        self.assertEqual([timeout_s for _, timeout_s in stages], [20, 20, 95])


class Judge(unittest.TestCase):
    """A made-up test program, which knows its mutant and the tests that it is asked for."""

    def judge(self, script, stages=((["A.a"], 20), (["B.b"], 20))):
        with tempfile.TemporaryDirectory() as folder:
            program = Path(folder) / "program"
            program.write_text("#!/bin/sh\n" + script)
            program.chmod(0o755)
            return mutation.judge(program, "m7", stages)

    def test_passing_tests_leave_a_survivor(self):
        self.assertFalse(self.judge("exit 0").killed)

    def test_failed_test_kills_and_is_named(self):
        outcome = self.judge('[ "$PARLEY_MUTANT" = m7 ] || exit 0\necho "[  FAILED  ] A.a (1 ms)"; exit 1')
        self.assertEqual((outcome.killed, outcome.how), (True, "A.a"))

    def test_later_stage_kills(self):
        outcome = self.judge('case "$*" in *A.a*) exit 0;; esac\necho "[  FAILED  ] B.b (1 ms)"; exit 1')
        self.assertEqual((outcome.killed, outcome.how), (True, "B.b"))

    def test_crash_kills(self):
        outcome = self.judge('echo "[ RUN      ] A.a"; kill -ABRT $$')
        self.assertEqual((outcome.killed, outcome.how), (True, "A.a (crash)"))

    def test_endless_loop_kills(self):
        outcome = self.judge('echo "[ RUN      ] A.a"; while :; do :; done', stages=((["A.a"], 1),))
        self.assertEqual((outcome.killed, outcome.how), (True, "A.a (timeout)"))

    def test_waiting_takes_no_processor_time_and_kills_late(self):
        self.assertFalse(self.judge("sleep 2", stages=((["A.a"], 1),)).killed)
        with unittest.mock.patch.object(mutation, "WAITING_FACTOR", 0.5):
            outcome = self.judge('echo "[ RUN      ] A.a"; exec sleep 60', stages=((["A.a"], 1),))
        self.assertEqual((outcome.killed, outcome.how), (True, "A.a (timeout)"))


class Verdict(unittest.TestCase):
    def verdict(self, killed, survived, stale=0):
        found = mutants(*((f"a{number}", "b") for number in range(killed + survived + stale)))
        applied = [(mutant, 1) for mutant in found[stale:]]
        outcomes = {mutant.name: mutation.Outcome(number < killed, "", 0.0)
                    for number, (mutant, _) in enumerate(applied)}
        with contextlib.redirect_stdout(io.StringIO()) as output:
            good = mutation.verdict(applied, [(mutant, "gone") for mutant in found[:stale]], outcomes)
        return good, output.getvalue()

    def test_nine_tenths_are_enough_and_less_is_not(self):
        self.assertTrue(self.verdict(90, 10)[0])
        self.assertFalse(self.verdict(89, 11)[0])

    def test_survivors_are_listed(self):
        self.assertIn("SURVIVED      m10 ", self.verdict(9, 1)[1])

    def test_mutant_that_does_not_fit_is_listed_and_fails_the_check(self):
        good, output = self.verdict(10, 0, stale=1)
        self.assertFalse(good)
        self.assertIn("DOES NOT FIT  m1 ", output)

    def test_no_mutants_are_no_success(self):
        self.assertFalse(self.verdict(0, 0)[0])


if __name__ == "__main__":
    unittest.main()
