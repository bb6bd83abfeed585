"""The warehouse: orders are picked, packed and shipped, line by line and in several parcels."""
