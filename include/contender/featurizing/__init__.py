"""Features: plan a build on pinned snapshots, run it on an engine, and stage the result."""

from contender.featurizing.conversion import ConversionError, convert_rows
from contender.featurizing.engines import (
    choose_night,
    compare_past_night,
    find_engine_differences,
    has_java,
    runs_on_both,
)
from contender.featurizing.frames import FrameError, build_in_scratch, read_frame
from contender.featurizing.leaks import Checked, Leak, find_leaks
from contender.featurizing.plan import Engine, Plan, choose_engine, find_engine, plan_features
from contender.featurizing.run import BuildError, collect, read_output, run_in_process, run_on_spark

__all__ = [
    "BuildError",
    "Checked",
    "ConversionError",
    "Engine",
    "FrameError",
    "Leak",
    "Plan",
    "build_in_scratch",
    "choose_engine",
    "choose_night",
    "collect",
    "compare_past_night",
    "convert_rows",
    "find_engine",
    "find_engine_differences",
    "find_leaks",
    "has_java",
    "plan_features",
    "read_frame",
    "read_output",
    "run_in_process",
    "run_on_spark",
    "runs_on_both",
]
