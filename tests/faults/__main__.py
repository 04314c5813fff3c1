"""Run faulty nights, and print or store what became of them.

python -m tests.faults                    run 10,000 nights and write docs/FAULTS.md
python -m tests.faults --nights 3000      run fewer, spread over all seeds
python -m tests.faults --seed 4711        run one night; print its schedule and the invariants that it breaks
"""

from __future__ import annotations

import argparse
import logging
import sys
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Iterator, NamedTuple

from tests.faults.nights import World
from tests.faults.page import Told, render_page
from tests.faults.schedules import Plan, make_plan, run_schedule
from contender.settings import PROJECT

PAGE = PROJECT / "docs" / "FAULTS.md"
NIGHTS = 10_000
