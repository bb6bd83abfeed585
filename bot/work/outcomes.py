"""What a job's handler may say besides "done", and how failures are worded."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path

from domain.errors import DeskhandError
from domain.jobs import Claim

#: Does one job. Returning means done; `Retry` and `Dead` mean what they say; any other error
#: puts the job back with a growing delay, until its attempts are used up.
Handler = Callable[[Claim], Awaitable[None]]


class Retry(Exception):
    """The other side asked to wait: the job and its lane rest, and the attempt is not counted.

    Where only this job has to wait, it does so `alone`, and its lane goes on.
    """

    def __init__(self, after: timedelta, *, alone: bool = False) -> None:
        self.after = after
        self.alone = alone
        super().__init__(f"asked to wait for {after.total_seconds():g} s")


class Dead(Exception):
    """Trying again by itself is of no use; `str()` says what a person has to do first."""


def sentence(error: Exception) -> str:
    """Return an error's sentence; of an unforeseen one what and where it is.

    The words of an unforeseen error stay out of logs and tables: they may hold personal data.
    """
    if isinstance(error, DeskhandError):
        return str(error)
    trace = error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    place = f" at {Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}" if trace else ""
    return f"It failed unexpectedly ({type(error).__name__}{place})."
