"""python in_python.py FOLDER STEPS: the chain as a loop, the floor of the others."""

from __future__ import annotations

import sys

from benchmarks.others.steps import run_step

for number in range(1, int(sys.argv[2]) + 1):
    run_step(sys.argv[1], number)
