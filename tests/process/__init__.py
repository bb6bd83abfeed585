"""The product as a process: a command, environment variables, and somebody else's Slack."""
