"""The command line: what a seller's administrator types at a terminal."""

from bot.cli.main import main

__all__ = ["main"]
