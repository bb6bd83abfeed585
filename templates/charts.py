"""Charts within Slack's limits, without telling a different story than the numbers do.

https://docs.slack.dev/reference/block-kit/blocks/data-visualization-block
"""

from __future__ import annotations

import math
from collections import Counter
from typing import Any, Final

from templates.text import cut

SEGMENTS: Final = 6
SERIES: Final = 6
CATEGORIES: Final = 20
LABEL: Final = 20
AXIS_LABEL: Final = 50

Chart = dict[str, Any]


def fit_chart(chart: Chart, left_out: Counter[str]) -> Chart | None:
    """Return the chart within its limits, or None if it has nothing to draw.

    A pie's smallest slices become one slice, Other. Of the others, surplus series and
    categories are left out and counted in `left_out`.
    """
    return _fit_pie(chart) if chart.get("type") == "pie" else _fit_series(chart, left_out)


def _fit_pie(chart: Chart) -> Chart | None:
    slices = [slice_ for slice_ in chart.get("segments", []) if _is_positive(slice_["value"])]
    if not slices:
        return None
    if len(slices) > SEGMENTS:
        slices.sort(key=lambda slice_: -slice_["value"])
        rest = sum(slice_["value"] for slice_ in slices[SEGMENTS - 1 :])
        slices = [*slices[: SEGMENTS - 1], {"label": "Other", "value": rest}]
    labels = _labels([slice_.get("label", "") for slice_ in slices])
    segments = [
        {"label": label, "value": slice_["value"]}
        for label, slice_ in zip(labels, slices, strict=True)
    ]
    return chart | {"segments": segments}


def _fit_series(chart: Chart, left_out: Counter[str]) -> Chart | None:
    axis = chart.get("axis_config", {})
    categories, series = axis.get("categories", []), chart.get("series", [])
    if not categories or not series:
        return None
    left_out["categories"] += max(0, len(categories) - CATEGORIES)
    left_out["series"] += max(0, len(series) - SERIES)
    labels = _labels(categories[:CATEGORIES])
    names = _labels([line.get("name", "") for line in series[:SERIES]])
    for key in ("x_label", "y_label"):
        if key in axis:
            axis = axis | {key: cut(axis[key], AXIS_LABEL)}
    return chart | {
        "axis_config": axis | {"categories": labels},
        "series": [
            {"name": name, "data": _points(labels, line["data"])}
            for name, line in zip(names, series, strict=False)
        ],
    }


def _points(labels: list[str], data: list[Chart]) -> list[Chart]:
    """Points stand in the order of the categories; Slack wants one for each."""
    values = [point["value"] for point in data[: len(labels)]]
    values += [0] * (len(labels) - len(values))
    return [{"label": label, "value": value} for label, value in zip(labels, values, strict=True)]


def _is_positive(value: float) -> bool:
    return math.isfinite(value) and value > 0


def _labels(texts: list[str]) -> list[str]:
    """Cut labels, and number those that the cut (or the data) made alike."""
    labels: list[str] = []
    for text in texts:
        label = cut(text or "—", LABEL)
        number = 1
        while label in labels:
            number += 1
            label = f"{cut(text or '—', LABEL - len(str(number)) - 1)} {number}"
        labels.append(label)
    return labels
