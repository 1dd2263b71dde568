#!/usr/bin/env python3
"""install_dependencies.sh against a made-up apt-get and dpkg-query: what it asks for, and what it refuses to do."""

import os
import subprocess
import tempfile
import unittest
from pathlib import Path

SCRIPT = Path(__file__).resolve().parent / "install_dependencies.sh"

DPKG_QUERY = """#!/bin/sh
for package in "$@"; do last=$package; done
if grep -qx "$last" "$FAKES/installed"; then printf installed; else exit 1; fi
"""
APT_GET = """#!/bin/sh
echo "$*" >> "$FAKES/calls"
case "$*" in
    *update*) touch "$FAKES/updated" ;;
    *--simulate*)
        if [ -e "$FAKES/needs_update" ] && [ ! -e "$FAKES/updated" ]; then exit 100; fi
        cat "$FAKES/plan" ;;
esac
"""


class InstallDependencies(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.fakes = Path(folder.name)
        for name, text in (("dpkg-query", DPKG_QUERY), ("apt-get", APT_GET), ("apt-cache", "#!/bin/sh\nexit 0\n"),
                           ("id", "#!/bin/sh\necho 0\n")):
            program = self.fakes / name
            program.write_text(text)
            program.chmod(0o755)
        for name in ("installed", "calls", "plan"):
            (self.fakes / name).write_text("")

    def run_script(self, *arguments):
        environment = dict(os.environ, PATH=f"{self.fakes}:{os.environ['PATH']}", FAKES=str(self.fakes))
        return subprocess.run(["bash", str(SCRIPT), *arguments], env=environment, text=True, capture_output=True,
                              stdin=subprocess.DEVNULL, timeout=60, check=False)

    def installs(self):
        calls = (self.fakes / "calls").read_text().splitlines()
        return [call for call in calls if " -y " in call]

    def test_missing_packages_are_installed(self):
        (self.fakes / "installed").write_text("g++\ncmake\n")
        run = self.run_script()
        self.assertEqual(run.returncode, 0, run.stderr)
        [call] = self.installs()
        self.assertIn("libboost1.81-dev", call)
        self.assertNotIn(" g++", call)
        self.assertNotIn("clang", call)

    def test_options_add_packages(self):
        self.run_script("--lint", "--fuzz")
        [call] = self.installs()
        self.assertIn("clang-format-14", call)
        self.assertIn("libclang-rt-16-dev", call)

    def test_nothing_missing_installs_nothing(self):
        run = self.run_script()
        packages = self.installs()[0].split()
        (self.fakes / "installed").write_text("\n".join(packages) + "\n")
        (self.fakes / "calls").write_text("")
        run = self.run_script()
        self.assertEqual(run.returncode, 0, run.stderr)
        self.assertEqual((self.fakes / "calls").read_text(), "")

    def test_removal_is_refused_without_consent(self):
        (self.fakes / "plan").write_text("The following packages will be REMOVED:\n  libboost1.74-dev other\n"
                                         "The following NEW packages will be installed:\n  g++\n")
        run = self.run_script()
        self.assertEqual(run.returncode, 1)
        self.assertEqual(self.installs(), [])
        self.assertIn("libboost1.74-dev other", run.stdout)
        self.assertNotIn("g++\n", run.stdout.split("in the way")[1])
        self.assertIn("nothing was installed or removed", run.stderr)

    def test_removal_goes_on_when_allowed(self):
        (self.fakes / "plan").write_text("The following packages will be REMOVED:\n  libboost1.74-dev\n")
        run = self.run_script("--allow-removal")
        self.assertEqual(run.returncode, 0, run.stderr)
        self.assertEqual(len(self.installs()), 1)

    def test_package_lists_are_fetched_once_when_they_are_missing(self):
        (self.fakes / "needs_update").write_text("")
        run = self.run_script()
        self.assertEqual(run.returncode, 0, run.stderr)
        self.assertEqual(len(self.installs()), 1)

    def test_unknown_argument_is_refused(self):
        run = self.run_script("--everything")
        self.assertEqual(run.returncode, 1)
        self.assertIn("--everything", run.stderr)


if __name__ == "__main__":
    unittest.main()
