"""Run the command line with `python -m contender.cli`."""

from contender.cli.app import main

main()
