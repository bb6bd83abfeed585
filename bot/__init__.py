"""The running process: configuration, Slack, HTTP, worker and clock, partners, the local Slack."""
