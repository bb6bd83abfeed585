"""Shopify: refunds paid through its Admin API, and its webhooks that tell how they went."""
