"""What stands in the way of reading a company's data, gathered so that it is said at once."""

from __future__ import annotations

import re
from dataclasses import dataclass, field


@dataclass
class Faults:
    """What stands in the way of reading: ``mistakes`` in the mapping, ``problems`` in the data.

    ``unread`` sources have been reported; what fails only for want of one is not said again.
    """

    mistakes: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    unread: set[str] = field(default_factory=set)

    def say(self, sentence: str, sql: str) -> None:
        """Add a mistake in ``sql``, unless it reads a source that could not be read."""
        if not self.unread.intersection(re.findall(r"\w+", sql)):
            self.mistakes.append(sentence)


def first_line(error: Exception) -> str:
    """Return the part of a database's message that says what is wrong, in its reader's words.

    What kind of error it is to DuckDB ("Binder Error") helps nobody who maps a table.
    """
    message = re.sub(r"^(?:[A-Z][\w-]* )+Error: ", "", str(error).strip().split("\n", 1)[0])
    for pattern, words in _IN_WORDS.items():
        message = re.sub(pattern, words, message)
    return message.rstrip("!. ")


_IN_WORDS = {
    r'^Referenced column "(.*?)" (?:was )?not found.*': r"there is no column '\1'",
    r"^Table with name (\S+) does not exist.*": r"there is no source '\1'",
    r"^(syntax error .*)": r"this is no SQL: \1",
}
"""What DuckDB says of a mistake in a mapping, and what that means to who wrote it."""
