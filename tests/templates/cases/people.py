"""Being away."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from tests import samples
from tests.samples import AGENT, NOW

Values = dict[str, Any]


def cases() -> dict[str, Values]:
    """Return the values of each case by its name."""
    until = NOW + timedelta(days=7)
    away: Values = {"until": until, "member": samples.member(), "deputy": None, "now": NOW}
    absent = samples.member(away_until=until, deputy=AGENT)
    return {
        "people/away_form": {"day": None},
        "people/away_form@day": {"day": until.date()},
        "people/away": away,
        "people/away@deputy": away | {"deputy": samples.member()},
        "people/away@role": away | {"deputy": samples.member("warehouse")},
        "people/away@both": away | {"deputy": absent},
    }
