"""auth.*, users.*, bots.*, team.*: who is who."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from babel.dates import get_timezone_name

from bot.local.api.call import Call
from bot.local.errors import Node, SlackError
from bot.local.model import Person
from bot.local.workspace import SLACKBOT, Workspace


def api_test(call: Call) -> Node:
    """api.test: gives the arguments back."""
    if error := call.text("error"):
        raise SlackError(error, args=dict(call.args))
    return {"args": dict(call.args)}


def auth_test(call: Call) -> Node:
    """auth.test."""
    workspace = call.workspace
    return {
        "url": f"https://{workspace.team.domain}.slack.com/",
        "team": workspace.team.name,
        "user": workspace.app.handle,
        "team_id": workspace.team.id,
        "user_id": workspace.app.user_id,
        "bot_id": workspace.app.bot_id,
        "is_enterprise_install": False,
    }


def user_info(call: Call) -> Node:
    """users.info."""
    found = member(call.workspace, call.needed("user"), locale=call.flag("include_locale"))
    return {"user": found}


def user_list(call: Call) -> Node:
    """users.list."""
    everyone = [*call.workspace.people, call.workspace.app.user_id, SLACKBOT]
    locale = call.flag("include_locale")
    users = [member(call.workspace, user, locale=locale) for user in everyone]
    page, cursor = call.page(users, call.number("limit", 1000, 1000))
    answer = {"members": page, "cache_ts": int(call.workspace.clock())}
    return {**answer, "response_metadata": {"next_cursor": cursor}}


def bot_info(call: Call) -> Node:
    """bots.info."""
    app = call.workspace.app
    if call.text("bot") not in {"", app.bot_id}:
        raise SlackError("bot_not_found")
    bot = {"id": app.bot_id, "deleted": False, "name": app.name, "app_id": app.id}
    return {"bot": {**bot, "user_id": app.user_id, "updated": 0, "icons": {}}}


def team_info(call: Call) -> Node:
    """team.info."""
    team = call.workspace.team
    return {"team": {"id": team.id, "name": team.name, "domain": team.domain, "icon": {}}}


def member(workspace: Workspace, user: str, *, locale: bool = False) -> Node:
    """A user object, of a person, the app's bot or Slackbot.

    Raises:
        SlackError: `user_not_found`.
    """
    app = workspace.app
    bots = {app.user_id: (app.handle, app.name), SLACKBOT: ("slackbot", "Slackbot")}
    if user in bots:
        name, real_name = bots[user]
        person = Person(user, name, real_name)
    else:
        person = workspace.person(user)
    return {
        **_user(workspace, person),
        "is_bot": user == app.user_id,
        "is_app_user": False,
        **({"locale": person.locale} if locale else {}),
    }


def _user(workspace: Workspace, person: Person) -> Node:
    now = datetime.fromtimestamp(workspace.clock(), UTC).astimezone(ZoneInfo(person.tz))
    offset = now.utcoffset()
    return {
        "id": person.id,
        "team_id": workspace.team.id,
        "name": person.name,
        "deleted": False,
        "color": person.color,
        "real_name": person.real_name,
        "tz": person.tz,
        "tz_label": get_timezone_name(now, locale="en_US"),
        "tz_offset": int(offset.total_seconds()) if offset else 0,
        "profile": {
            "title": person.title,
            "real_name": person.real_name,
            "real_name_normalized": person.real_name,
            "display_name": person.name,
            "display_name_normalized": person.name,
            "color": person.color,
            "team": workspace.team.id,
        },
        "is_admin": person.is_admin,
        "is_owner": False,
        "is_primary_owner": False,
        "is_restricted": False,
        "is_ultra_restricted": False,
        "updated": 0,
    }
