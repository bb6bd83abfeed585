"""Payouts: what marketplaces paid out, by order, and whether that is what they owe."""
