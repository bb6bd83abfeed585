"""Orders: what a buyer bought, what was promised, and where it stands."""
