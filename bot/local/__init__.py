"""A Slack for one machine: its Web API, its deliveries to the app and a page for people."""

from bot.local.errors import NotDone, SlackError
from bot.local.model import Channel, Person, Team
from bot.local.pacing import Pace
from bot.local.server import LocalSlack

__all__ = ["Channel", "LocalSlack", "NotDone", "Pace", "Person", "SlackError", "Team"]
