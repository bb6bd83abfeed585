"""What an import takes of memory; how fast it is, `make bench` tells."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

_MEGABYTE = 1_000_000
#: Linux counts what the parent held into `ru_maxrss` of a child, so it is asked otherwise there.
_IMPORT = """
import resource, sys
from pathlib import Path
from bot.cli import main
try:
    main(["import", sys.argv[1]])
finally:
    status = Path("/proc/self/status")
    if status.exists():
        fields = dict(line.split(":", 1) for line in status.read_text().splitlines())
        held = int(fields["VmHWM"].split()[0]) * 1024
    else:
        held = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        held *= 1 if sys.platform == "darwin" else 1024
    print(held)
"""


def test_three_thousand_olist_orders_take_less_than_200_megabytes(
    shared: Path, tmp_path: Path
) -> None:
    said, held = _import(shared / "data" / "olist", tmp_path)
    assert said == "olist: 3,000 orders: 3,000 new, 0 changed, 0 unchanged"
    assert held < 200 * _MEGABYTE


def test_ten_times_the_orders_take_no_more_memory(tmp_path: Path) -> None:
    _, few = _import(_orders(tmp_path / "few.csv", 1_500), tmp_path)
    said, many = _import(_orders(tmp_path / "many.csv", 15_000), tmp_path)
    assert said == "many.csv: 15,000 orders: 13,500 new, 0 changed, 1,500 unchanged"
    assert many - few < 20 * _MEGABYTE


def _import(source: Path, folder: Path) -> tuple[str, int]:
    """Run the command in a process of its own; returns what it said and the most bytes it held."""
    done = subprocess.run(
        [sys.executable, "-c", _IMPORT, str(source)],
        env={**os.environ, "DATABASE_URL": f"sqlite:///{folder / 'deskhand.db'}"},
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    said, held = done.stdout.splitlines()
    return said, int(held)


def _orders(path: Path, count: int) -> Path:
    rows = (f"A-{number},2026-11-24,shipped,USD,MUG,1,12.00" for number in range(count))
    header = "order_number,placed_at,status,currency,sku,quantity,unit_price"
    path.write_text("\n".join([header, *rows, ""]), "utf-8")
    return path
