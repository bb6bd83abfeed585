"""Each of the four jobs in a real browser, from typing the command to the final card."""

from __future__ import annotations

from playwright.async_api import expect

from bot.local import carrier
from bot.local.world import ADA, ANA, BEN, WES
from tests.browser.conftest import Screen


async def test_looking_up_an_order(screen: Screen) -> None:
    await screen.visit(ANA)
    await screen.composer.fill("/or")
    await expect(screen.page.get_by_test_id("completion")).to_contain_text("NUMBER | find TEXT")
    await screen.picture("look-up-1-completion")
    await screen.type("/order 1042")
    card = screen.message("Order 1042 · Delivered")
    await expect(card).to_contain_text("Only visible to you")
    await expect(card).to_contain_text("3 days late")
    await expect(card).to_contain_text("Maria García")
    await screen.picture("look-up-2-card")

    await card.get_by_test_id("action-order.share").click()
    shared = screen.message("Shared by")
    await expect(shared).to_be_visible()
    await expect(shared).not_to_contain_text("Maria")
    await screen.type("/order find garcia")
    await expect(screen.message("garcia")).to_contain_text("1042")
    await screen.type("/order 1024x")
    await expect(screen.message("There is no order 1024x")).to_contain_text("Did you mean")
    await screen.picture("look-up-3-search")


async def test_approving_a_refund(screen: Screen) -> None:
    await screen.visit(ANA)
    await screen.type("/refund 1042")
    await expect(screen.modal).to_contain_text("can still be refunded")
    await screen.page.get_by_test_id("input-refund.amount").fill("a lot")
    await screen.page.get_by_test_id("input-refund.reason").click()
    await screen.page.get_by_test_id("option-damaged").click()
    await screen.page.get_by_test_id("modal-submit").click()
    await expect(screen.page.get_by_test_id("error-amount")).to_contain_text("not a number")
    await screen.picture("refund-1-form-error")
    await screen.page.get_by_test_id("input-refund.amount").fill("12.50")
    await screen.page.get_by_test_id("input-refund.note").fill("Lid cracked in transit")
    await screen.page.get_by_test_id("modal-submit").click()
    await expect(screen.modal).to_have_count(0)
    await expect(screen.message("$12.50")).to_contain_text("Only visible to you")
    await screen.picture("refund-2-asked")

    await screen.visit(BEN, "refunds")
    card = screen.message("Refund of $12.50")
    await expect(card).to_contain_text("Lid cracked in transit")
    await screen.picture("refund-3-approval")
    await card.get_by_test_id("action-refund.approve").click()
    await screen.page.get_by_test_id("confirm-yes").click()
    decided = screen.message("paid")
    await expect(decided).to_contain_text("Ben Okafor")
    await expect(decided.get_by_test_id("action-refund.approve")).to_have_count(0)
    await screen.picture("refund-4-paid")


async def test_escalating_a_complaint(screen: Screen) -> None:
    await screen.visit(ANA)
    await screen.type("/complaint 1042 The lid is cracked and nobody answers")
    await expect(screen.message("C-3")).to_contain_text("Only visible to you")
    await screen.visit(BEN, "complaints")
    case = screen.message("C-3")
    await case.get_by_test_id("action-complaint.acknowledge").click()
    await expect(case).to_contain_text("Ben Okafor")
    await screen.picture("complaint-1-acknowledged")
    await case.get_by_test_id("action-complaint.escalate").click()
    await screen.page.get_by_test_id("input-complaint.why").fill("The buyer is a shop as well")
    await screen.picture("complaint-2-escalate")
    await screen.page.get_by_test_id("modal-submit").click()
    await expect(case).to_contain_text("level 1")
    await screen.visit(ADA, "complaints")
    await case.get_by_test_id("thread-summary").click()
    await expect(screen.page.get_by_test_id("thread")).to_contain_text("The buyer is a shop")
    await screen.picture("complaint-3-thread")
    await case.get_by_test_id("action-complaint.resolve").click()
    await screen.page.get_by_test_id("input-complaint.outcome").get_by_text("Replaced").click()
    await screen.page.get_by_test_id("modal-submit").click()
    await expect(case.get_by_test_id("action-complaint.reopen")).to_be_visible()
    await screen.picture("complaint-4-resolved")


async def test_a_shipping_alert_arrives_while_one_looks(screen: Screen) -> None:
    await screen.visit(WES)
    await expect(screen.page.get_by_test_id("channel-shipping")).to_contain_text("2")
    await screen.go("shipping")
    await expect(screen.message("Order 1045")).to_be_visible()
    await _scan(screen, "failure", "Delivery attempted: nobody at the address", 1)
    alert = screen.message("order 1043")
    await expect(alert).to_contain_text("nobody at the address")
    await screen.picture("shipping-1-alert")
    await alert.get_by_test_id("action-parcel.acknowledge").click()
    await expect(alert).to_contain_text("Wes Tanaka")
    await screen.picture("shipping-2-in-hand")
    await _scan(screen, "delivered", "Delivered, signed by recipient", 2)
    await expect(alert.get_by_role("button", name="Refund")).to_have_count(0)
    await screen.type("/shipping late")
    await expect(screen.message("late")).to_contain_text("1046")
    await screen.picture("shipping-3-delivered")


async def _scan(screen: Screen, status: str, message: str, number: int) -> None:
    """Have the demo's carrier tell of the parcel of order 1043."""
    scan = carrier.Scan(0, "1043", status, message, "Portland")
    await carrier.send(screen.demo.site.address, screen.demo.webhook_secret, scan, number)
