"""Text from outside made harmless for a message: one line, no tricks, no formatting, not too long."""

from __future__ import annotations

import re

ELLIPSIS = "…"

# Characters that draw nothing of their own and could only disturb what stands beside them:
# C0 and C1 controls that are not white space, bidirectional marks, embeddings, overrides and
# isolates (UAX #9), the byte order mark, and Unicode's noncharacters.
_DROPPED = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
    "\ufeff\ufdd0-\ufdef\ufffe\uffff]"
)
_SURROGATES = re.compile("[\ud800-\udfff]")
_RIGHT_TO_LEFT = re.compile(
    "[\u0590-\u08ff\ufb1d-\ufdcf\ufdf0-\ufdff\ufe70-\ufefe\U00010800-\U00010fff\U0001e800-\U0001efff]"
)
_ISOLATE, _POP_ISOLATE = "\u2068", "\u2069"

# mrkdwn formats only where a marker touches the edge of a word, so `SKU_1_A` stays as it is
# and can be copied; elsewhere a look-alike that Slack does not parse takes the marker's place.
_MARKER = re.compile(r"(?<![\w*~])[*_~]++|[*_~]++(?![^\W_])|`")
_QUOTE_MARKER = re.compile(r"^>", re.MULTILINE)
_LOOK_ALIKE = str.maketrans({"*": "∗", "_": "ˍ", "~": "∼", "`": "ˋ"})  # noqa: RUF001 - on purpose

# What a cut must not leave behind: half a character, an open `<…>` token, half an entity.
_HALF_CHARACTER = re.compile("[\u200d\ufe0f\U0001f3fb-\U0001f3ff]+$")
_HALF_MARKUP = re.compile(r"(?:<[^<>]*|&[a-z]{0,4})$")


def length(text: str) -> int:
    """Return the length as UTF-16 code units.

    Slack does not say whether it counts code points or UTF-16 units; this is the larger
    of the two, so what fits by it fits by both.
    """
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def whole(text: str) -> str:
    """Return the text unchanged but for lone surrogates, which no UTF-8 request can carry."""
    return _SURROGATES.sub("\ufffd", text)


def clean(text: str, *, lines: bool = False) -> str:
    """Return the text on one line (or, with `lines`, on its own lines) without control characters."""
    text = _DROPPED.sub("", whole(text))
    if not lines:
        return " ".join(text.split())
    tidy = "\n".join(" ".join(line.split()) for line in text.splitlines())
    return re.sub(r"\n{3,}", "\n\n", tidy).strip("\n")


def isolate(text: str) -> str:
    """Wrap each line with right-to-left letters in FSI…PDI, so that it can't reorder its neighbours."""
    if not _RIGHT_TO_LEFT.search(text):
        return text
    return "\n".join(
        f"{_ISOLATE}{line}{_POP_ISOLATE}" if _RIGHT_TO_LEFT.search(line) else line
        for line in text.split("\n")
    )


def cut(text: str, limit: int, *, markup: bool = False) -> str:
    """Cut to `limit` units (see `length`), with an ellipsis in place of what is left out.

    With `markup` the text is mrkdwn: no entity and no `<…>` token is left half.
    """
    if length(text) <= limit:
        return text
    # One unit is kept for the ellipsis, one for an isolate that may have to be closed.
    head = text[: limit - 2]
    while (excess := length(head) - (limit - 2)) > 0:
        head = head[: -((excess + 1) // 2)]
    head = _HALF_CHARACTER.sub("", head)
    if markup:
        head = _HALF_MARKUP.sub("", head)
    closing = _POP_ISOLATE if head.count(_ISOLATE) > head.count(_POP_ISOLATE) else ""
    return f"{head.rstrip()}{ELLIPSIS}{closing}"


def escape(text: str) -> str:
    """Write `&`, `<` and `>` as the entities that mrkdwn shows as themselves."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def unescape(text: str) -> str:
    """Undo `escape`."""
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def inert(text: str, *, code: bool = False) -> str:
    """Return mrkdwn that shows the text itself: nothing in it formats, links or mentions.

    Inside a code span (`code`) only a back-tick could do anything, so the rest stays exact.
    """
    if code:
        return escape(text.replace("`", "`".translate(_LOOK_ALIKE)))
    text = _MARKER.sub(lambda found: found[0].translate(_LOOK_ALIKE), text)
    return escape(_QUOTE_MARKER.sub("›", text))  # noqa: RUF001 - a look-alike, on purpose
