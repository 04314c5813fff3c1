"""The commands that run faulty nights start by themselves, without the paths that pytest adds."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from contender.settings import PROJECT


@pytest.mark.parametrize("module", ["tests.faults", "tests.faults.processes", "tests.faults.processes.soak"])
def test_a_command_starts_with_what_the_environment_has_installed(module):
    env = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        [sys.executable, "-m", module, "--help"],
        cwd=PROJECT,
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, f"usage: python -m {module}" in done.stdout) == (0, True), done.stderr
