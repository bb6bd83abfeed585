from __future__ import annotations

from domain import links
from domain.complaints import queries as complaints
from domain.complaints.model import Complaint
from domain.links import Linked
from domain.refunds import queries as refunds
from domain.refunds import service
from tests.domain.desk import AGENT, Desk, asking


async def test_a_refund_asked_for_a_complaint_shows_on_either_side(desk: Desk) -> None:
    order_id = await desk.order()
    complaint_id = await desk.complain(order_id)
    async with desk.work(AGENT.member_id) as work:
        case = await work.lock(Complaint, complaint_id)
        refund = await service.request(work, AGENT, order_id, asking(100), about=[case])
    async with desk.look() as session:
        asked = await refunds.card(session, refund.id)
        case_card = await complaints.card(session, complaint_id)
    assert [one.name for one in asked.links] == [f"C-{complaint_id}"]
    assert [one.name for one in case_card.links] == [f"R-{refund.id}"]


async def test_records_are_tied_once_from_whichever_side(desk: Desk) -> None:
    order_id = await desk.order()
    refund = await desk.request(order_id, 100)
    other = await desk.request(order_id, 100)
    case = await desk.case(await desk.complain(order_id))
    async with desk.work() as work:
        await links.tie(work, refund, [case, other])
        await links.tie(work, case, [refund])
        await links.tie(work, other, [])
    async with desk.look() as session:
        assert await links.of(session, "refund", refund.id) == [
            Linked("complaint", case.id),
            Linked("refund", other.id),
        ]
        assert await links.of(session, "complaint", case.id) == [Linked("refund", refund.id)]


async def test_what_belongs_together_is_each_merchants_own(desk: Desk, other_desk: Desk) -> None:
    refund = await desk.request(await desk.order(), 100)
    case = await desk.case(await desk.complain(await desk.identify("1001")))
    async with desk.work() as work:
        await links.tie(work, refund, [case])
    async with other_desk.look() as session:
        assert await links.of(session, "refund", refund.id) == []
