"""What an online seller's service desk is about, without Slack, HTTP or any partner."""
