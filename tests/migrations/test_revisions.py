"""What revisions do with rows that are there already."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from alembic import command
from sqlalchemy import bindparam, select, text

from bot import migrate
from domain.orders.model import Order
from domain.shipping.alert import Alert
from domain.shipping.model import Parcel
from domain.store import Store
from migrations.columns import TIME

_AT = "'2026-11-24 09:30:00+00:00'"
_ROWS = (
    f"INSERT INTO merchants (id, name, created_at) VALUES (1, 'Alder', {_AT})",
    (
        "INSERT INTO orders (id, merchant_id, number, channel, source, state, currency, fingerprint,"
        f" received_at, payment_reference) VALUES (1, 1, '7', 'web', 'x', 'shipped', 'USD', 'f', {_AT},"
        " 'pi_1')"
    ),
    *(
        "INSERT INTO refunds (merchant_id, order_id, key, state, amount, currency, reason,"
        " approvers_needed, explanation, requested_by, requested_at) VALUES"
        f" (1, 1, '{state}', '{state}', 1, 'USD', 'other', 0, '', 'U1', {_AT})"
        for state in ("approved", "submitted", "unknown", "succeeded", "awaiting_approval")
    ),
)


async def test_what_is_delivered_already_gets_its_time_or_is_history(empty_store: Store) -> None:
    await migrate._migrate(empty_store, command.upgrade, "0010")
    ago = {"now": 1, "due": 18, "open": 90, "over": 90}
    async with empty_store.engine.begin() as connection:
        if not empty_store.is_sqlite:
            await connection.execute(text("SELECT set_config('deskhand.merchant', '*', true)"))
        await connection.execute(text(_ROWS[0]))
        for position, (number, days) in enumerate(ago.items(), 1):
            await connection.execute(
                text(
                    "INSERT INTO orders (id, merchant_id, number, channel, source, state, currency,"
                    " fingerprint, received_at, delivered_at) VALUES"
                    f" ({position}, 1, :number, 'web', 'x', 'delivered', 'USD', 'f', {_AT}, :at)"
                ).bindparams(bindparam("at", datetime.now(UTC) - timedelta(days=days), type_=TIME)),
                {"number": number},
            )
        await connection.execute(
            text(_ROWS[2].replace("1, 1, ", "1, 3, ").replace("'approved'", "'submitted'"))
        )
    await migrate.upgrade(empty_store)
    async with empty_store.across() as session:
        found = await session.execute(
            select(Order.number, Order.state, Order.complete_due_at).order_by(Order.id)
        )
        now = datetime.now(UTC)
        assert {number: (str(state), due and due > now) for number, state, due in found} == {
            "now": ("delivered", True),
            "due": ("delivered", False),
            "open": ("delivered", False),
            "over": ("completed", None),
        }


async def test_a_parcel_in_trouble_keeps_who_has_it_in_hand(empty_store: Store) -> None:
    await migrate._migrate(empty_store, command.upgrade, "0010")
    async with empty_store.engine.begin() as connection:
        if not empty_store.is_sqlite:
            await connection.execute(text("SELECT set_config('deskhand.merchant', '*', true)"))
        for row in _ROWS[:2]:
            await connection.execute(text(row))
        for owner in ("NULL", "'U1'"):
            await connection.execute(
                text(
                    "INSERT INTO parcels (merchant_id, order_id, state, trouble, troubled_at,"
                    " acknowledged_by) VALUES"
                    f" (1, 1, 'in_transit', 'delayed', {_AT}, {owner})"
                )
            )
    await migrate.upgrade(empty_store)
    async with empty_store.across() as session:
        found = await session.execute(
            select(Alert, Parcel).join(Parcel, Parcel.id == Alert.parcel_id).order_by(Alert.id)
        )
        rows = [(alert, alert.is_about(parcel)) for alert, parcel in found]
    assert [(one.state, one.owner, one.answer_due_at, live) for one, live in rows] == [
        ("open", None, None, True),
        ("acknowledged", "U1", None, True),
    ]


async def test_refunds_under_way_keep_the_payment_they_were_submitted_for(
    empty_store: Store,
) -> None:
    await migrate._migrate(empty_store, command.upgrade, "0001")
    async with empty_store.engine.begin() as connection:
        if not empty_store.is_sqlite:
            await connection.execute(text("SELECT set_config('deskhand.merchant', '*', true)"))
        for row in _ROWS:
            await connection.execute(text(row))
    await migrate.upgrade(empty_store)
    async with empty_store.across() as session:
        found = await session.execute(text("SELECT state, payment_reference FROM refunds"))
    assert dict(found.all()) == {
        "approved": None,
        "submitted": "pi_1",
        "unknown": "pi_1",
        "succeeded": None,
        "awaiting_approval": None,
    }
    # Whatever waits already is looked at by the clock, which finds out what is due.
    async with empty_store.across() as session:
        found = await session.execute(
            text("SELECT state, reminder_due_at = requested_at FROM refunds ORDER BY id")
        )
        assert {state: bool(due) for state, due in found if due is not None} == {
            "awaiting_approval": True
        }
        assert await session.scalar(text("SELECT policy_version FROM merchants")) == 1
    await migrate.downgrade(empty_store, "0001")
    assert await migrate.current(empty_store) == "0001"


async def test_an_order_at_shopify_goes_by_its_digits(empty_store: Store) -> None:
    await migrate._migrate(empty_store, command.upgrade, "0022")
    async with empty_store.engine.begin() as connection:
        if not empty_store.is_sqlite:
            await connection.execute(text("SELECT set_config('deskhand.merchant', '*', true)"))
        await connection.execute(text(_ROWS[0]))
        for number, (provider, reference) in enumerate(
            (("shopify", "gid://shopify/Order/45"), ("shopify", "46"), ("stripe", "pi_1"))
        ):
            await connection.execute(
                text(
                    "INSERT INTO orders (merchant_id, number, channel, source, state, currency,"
                    " fingerprint, received_at, payment_provider, payment_reference) VALUES"
                    f" (1, '{number}', 'web', 'x', 'shipped', 'USD', 'f', {_AT}, '{provider}',"
                    f" '{reference}')"
                )
            )
    await migrate.upgrade(empty_store)
    async with empty_store.across() as session:
        found = await session.scalars(select(Order.payment_reference).order_by(Order.id))
        assert list(found) == ["45", "46", "pi_1"]
