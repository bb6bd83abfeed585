"""What answers over HTTP besides Slack's own requests: health, metrics, partners' webhooks."""
