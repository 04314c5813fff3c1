"""Figures of speed and memory, always beside a peer or a floor that ran in the same minutes."""
