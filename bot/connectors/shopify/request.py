"""The refund that Shopify is asked for: from which of an order's payments, and what for.

https://shopify.dev/docs/api/admin-graphql/latest/input-objects/RefundInput
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bot.connectors.shopify.objects import RESULTS, decimal, gid, note, read_money
from domain.errors import Invalid
from domain.money import Money
from domain.refunds.model import PartKind
from domain.refunds.payment import Instruction, Portion, Result


class Unpayable(Invalid):
    """Shopify would not pay this, or not this alone: it is not even asked."""


def refund_input(order: Mapping[str, Any], instruction: Instruction) -> dict[str, Any]:
    """Return a `RefundInput` that pays exactly the instruction's money.

    Nothing is put back into stock, and Shopify writes to nobody: the desk sees to both.

    Raises:
        Unpayable: the buyer paid in another currency, or less is left of their payments.
    """
    money, paid_in = instruction.money, order["presentmentCurrencyCode"]
    if paid_in != money.currency:
        raise Unpayable(
            f"The buyer paid order {instruction.order_number} in {paid_in} at Shopify, so {money} "
            "can't be paid back there. Refund it in Shopify's admin: the desk will hear of it."
        )
    return {
        "orderId": order["id"],
        "currency": money.currency,
        "note": note(instruction.key),
        "notify": False,
        "transactions": [
            {
                "orderId": order["id"],
                "parentId": payment["id"],
                "gateway": payment["gateway"],
                "kind": "REFUND",
                "amount": decimal(share),
            }
            for payment, share in _shares(order, instruction)
        ],
        **_purpose(instruction.portions),
    }


def _shares(
    order: Mapping[str, Any], instruction: Instruction
) -> list[tuple[Mapping[str, Any], Money]]:
    """Take the money from the order's payments, the oldest first."""
    nothing = Money(0, instruction.money.currency)
    open_, by_hand = instruction.money, []
    shares = []
    for payment in order["transactions"]:
        if payment["kind"] not in ("SALE", "CAPTURE") or payment["status"] != "SUCCESS":
            continue
        if payment["manualPaymentGateway"] or not payment["gateway"]:
            by_hand.append(payment["gateway"] or "by hand")
            continue
        share = min(_left(order["transactions"], payment), open_)
        if nothing < share:
            shares.append((payment, share))
            open_ -= share
    if nothing < open_:
        raise Unpayable(_too_little(instruction, instruction.money - open_, by_hand))
    return shares


def _left(transactions: Sequence[Mapping[str, Any]], payment: Mapping[str, Any]) -> Money:
    """Return what can still go back of a payment; what is under way counts as gone."""
    left = read_money(payment["amountSet"]["presentmentMoney"])
    for one in transactions:
        parent = (one["parentTransaction"] or {}).get("id")
        if (one["kind"], parent) == ("REFUND", payment["id"]) and (
            RESULTS.get(one["status"]) is not Result.FAILED
        ):
            left -= read_money(one["amountSet"]["presentmentMoney"])
    return left


def _too_little(instruction: Instruction, left: Money, by_hand: Sequence[str]) -> str:
    told = (
        f"Shopify can pay back {left} of order {instruction.order_number}, "
        f"which is less than {instruction.money}."
    )
    if by_hand:
        gateways = ", ".join(dict.fromkeys(by_hand))
        told += f" What was paid by hand ({gateways}) goes back by hand: enter it in Shopify."
    return told


def _purpose(portions: Sequence[Portion]) -> dict[str, Any]:
    """Say which lines and how much shipping the money is for, where Shopify knows them."""
    items = [
        {"lineItemId": line, "quantity": portion.quantity, "restockType": "NO_RESTOCK"}
        for portion in portions
        if portion.kind is PartKind.ITEM
        and portion.quantity
        and (line := gid("LineItem", portion.item))
    ]
    shipping = [portion.money for portion in portions if portion.kind is PartKind.SHIPPING]
    purpose: dict[str, Any] = {"refundLineItems": items} if items else {}
    if shipping:
        total = sum(shipping[1:], shipping[0])
        purpose["shipping"] = {"amount": decimal(total)}
    return purpose
