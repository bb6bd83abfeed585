"""Stripe: refunds paid through its API, and its webhooks that tell how they went."""
