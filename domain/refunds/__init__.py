"""Refunds: money that goes back once, after those who must agree have agreed."""
