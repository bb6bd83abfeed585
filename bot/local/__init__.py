"""A Slack for one machine, and the demo shop whose desk it shows."""
