"""Recovery from a change of the world: simulated breaks, and the crash of March 2020."""
