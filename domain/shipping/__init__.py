"""Shipping: parcels on their way, and the few that need a person."""
