"""Rendering: what the biggest card costs beside writing it as JSON, which has to happen anyway."""

from __future__ import annotations

import json
from functools import partial
from typing import Any

from bench.databases import NOW, Databases
from bench.samples import BIG, fill
from bench.tables import Table, medians, ms, times
from domain.orders import queries
from domain.orders.views import OrderView
from domain.people import Can
from templates import Reader, Templates, render


async def run(databases: Databases) -> list[Table]:
    """Render the card of an ordinary order and of a big one."""
    table = Table(("an order's card", "size", "json.dumps", "render", "ratio", "of reading it"))
    reader = Reader("pt_BR", "America/Sao_Paulo", "U0BENCH")
    async with databases.place("SQLite") as place:
        await fill(place, 10)
        for what, number in (("ordinary", "112-0000001"), ("big", BIG)):

            async def look(number: str = number) -> OrderView:
                async with place.store.read(place.merchant_id) as session:
                    return await queries.card(session, number)

            order = await look()

            async def draw(order: OrderView = order) -> dict[str, Any]:
                return _draw(order, reader)

            card = await draw()
            taken = await medians(
                {"look": look, "draw": draw, "write": partial(_write, card)}, rounds=100
            )
            table.add(
                what,
                f"{len(json.dumps(card)):,} B",
                ms(taken["write"]),
                ms(taken["draw"]),
                times(taken["draw"], taken["write"]),
                times(taken["draw"], taken["look"]),
            )
    compiled = await medians({"compile": _compile}, rounds=3)
    table.note = f"all macros and this card compiled, once a process: {ms(compiled['compile'])}"
    return [table]


def _draw(order: OrderView, reader: Reader) -> dict[str, Any]:
    return render(
        "orders/card",
        reader,
        order=order,
        findings=(),
        personal=True,
        may=set(Can),
        share=True,
        shared_by=None,
        now=NOW,
    )


async def _write(card: dict[str, Any]) -> str:
    return json.dumps(card)


async def _compile() -> None:
    Templates().render("desk/error", Reader(), sentence="Nothing happened.", lost=None)
