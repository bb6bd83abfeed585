"""Slack on the outside: the Bolt app, who speaks, and what is posted."""
