"""Measure monitoring: verdicts on quiet years, and on faults and changes injected into real days."""
