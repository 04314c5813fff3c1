"""Profiles of a table's days: mergeable summaries of their columns, and the distance of a day from recent days."""

from contender.profiles.distances import Compared, Distances, measure_distances, measure_missing_alone
from contender.profiles.profile import profile
from contender.profiles.published import profile_staged, read_profiles, read_stored
from contender.profiles.quantiles import decode

__all__ = [
    "Compared",
    "Distances",
    "decode",
    "measure_distances",
    "measure_missing_alone",
    "profile",
    "profile_staged",
    "read_profiles",
    "read_stored",
]
