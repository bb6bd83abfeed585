"""What Slack asks and how it is answered: one module a conversation."""
