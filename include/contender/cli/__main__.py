"""Lets `python -m contender.cli` be the command."""

from contender.cli.app import main

main()
