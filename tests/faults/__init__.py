"""Nights in which processes die, stores fail, and tasks run twice at once. See docs/FAULTS.md."""

# Before Airflow: skops looks for functions in all imported modules, and Airflow's answer each with a warning.
import skops.io  # noqa: F401
