"""What a night costs: a hand-written script, this project's functions in one script, and the scheduler's tasks."""
