"""The fixture of every functional test: an empty network, cleaned up, with its logs shown when the test fails."""

import sys

import pytest

from framework import Network


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    if call.when == "call":
        item.failed = outcome.get_result().failed


@pytest.fixture
def network(request):
    made = Network()
    yield made
    failed = getattr(request.node, "failed", True)
    made.__exit__(AssertionError if failed else None, None, None)
    sys.stdout.flush()
