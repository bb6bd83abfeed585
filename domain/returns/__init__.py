"""Returns: what a buyer sends back, from the request to the shelf and the refund."""
