"""Every table there is: what is not imported here, no migration knows of."""

from __future__ import annotations

from domain import cards, events, inbox, jobs, links, merchants, people, rates, record, sources
from domain.complaints import model as complaints
from domain.fulfilment import label
from domain.fulfilment import model as fulfilment
from domain.inventory import model as inventory
from domain.orders import model as orders
from domain.payouts import model as payouts
from domain.refunds import model as refunds
from domain.refunds import reconciliation
from domain.returns import model as returns
from domain.shipping import model as shipping
from domain.shipping import unmatched
from domain.tables import Base

__all__ = [
    "cards",
    "complaints",
    "events",
    "fulfilment",
    "inbox",
    "inventory",
    "jobs",
    "label",
    "links",
    "merchants",
    "metadata",
    "orders",
    "payouts",
    "people",
    "rates",
    "reconciliation",
    "record",
    "refunds",
    "returns",
    "shipping",
    "sources",
    "unmatched",
]

metadata = Base.metadata
