"""Order files: recognised by content, read order by order in constant memory.

`readings` recognises files, iterating over a `Reading` gives `OrderDraft`s and `Rejected`
rows, and a `RejectedFile` keeps the latter. docs/importing.md describes what is accepted.
"""

from bot.connectors.files.reading import Reading, read, readings
from bot.connectors.files.rejects import RejectedFile
from bot.connectors.files.sniffing import ACCEPTED, Format, UnreadableFile, sniff
from bot.connectors.files.values import Rejected

__all__ = [
    "ACCEPTED",
    "Format",
    "Reading",
    "Rejected",
    "RejectedFile",
    "UnreadableFile",
    "read",
    "readings",
    "sniff",
]
