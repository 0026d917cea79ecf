"""Why a step with a draft is refused, where more than one action refuses so; the others stand beside their action."""

from __future__ import annotations

import unicodedata
from typing import Final

MOST_OF_A_REASON: Final = 2000
"""Characters of a reason: a page of text, which a release can still print."""


class DraftIsClosed(ValueError):
    """The draft has been released or discarded; import the layer again to work on it."""

    def __init__(self, draft_id: int, state: str) -> None:
        super().__init__(f"Draft {draft_id} is {state}. Import the layer again to work on it.")
        self.draft_id = draft_id
        self.state = state


class DraftFilesMissing(LookupError):
    """The draft is in the database, but its files are no longer where they were written."""

    def __init__(self, draft_id: int, directory: str) -> None:
        super().__init__(
            f"The files of draft {draft_id} are gone: {directory} is not there or empty. Restore it from a backup, or "
            f"discard the draft (senhui discard {draft_id}) and import the layer again."
        )
        self.draft_id = draft_id
        self.directory = directory


class DraftNeedsMapping(ValueError):
    """The draft waits for an answer to how its columns and codes are to be read."""

    def __init__(self, draft_id: int) -> None:
        super().__init__(
            f"Draft {draft_id} is not mapped yet: its columns or codes are not understood. Answer the question on its "
            f"mapping page, or: senhui map {draft_id} MAPPING.json"
        )
        self.draft_id = draft_id


class DraftHasErrors(ValueError):
    """The draft's checks found errors; a number from it would rest on rows known to be wrong."""

    def __init__(self, draft_id: int, n_errors: int) -> None:
        super().__init__(f"Draft {draft_id} has {n_errors} open errors. Correct each row, or exclude it with a reason.")
        self.draft_id = draft_id
        self.n_errors = n_errors


class DraftChangedMeanwhile(ValueError):
    """Others worked on the draft while this was calculated from it."""

    def __init__(self, draft_id: int) -> None:
        super().__init__(f"Somebody else changed draft {draft_id} meanwhile; nothing of yours was kept. Do it again.")
        self.draft_id = draft_id


class NoSuchRow(LookupError):
    """The draft has no such row, or it lies on land that the person asking does not see."""

    def __init__(self, draft_id: int, row: int) -> None:
        super().__init__(f"Draft {draft_id} has no row {row} that you may see. The first row of a file is 1.")
        self.draft_id = draft_id
        self.row = row


class RowChangedMeanwhile(ValueError):
    """Somebody else decided something of the row since the person looked at it.

    Parameters
    ----------
    kind, decided_by, number, reason : the decision that counts now.
    """

    def __init__(self, draft_id: int, row: int, *, kind: str, decided_by: str, number: int, reason: str) -> None:
        super().__init__(
            f"Row {row} of draft {draft_id} was {kind} by {decided_by} meanwhile; nothing of yours was kept. "
            "Look at the row as it is now and decide again."
        )
        self.draft_id = draft_id
        self.row = row
        self.kind = kind
        self.decided_by = decided_by
        self.number = number
        self.reason = reason


class RowIsExcluded(ValueError):
    """An excluded row is opened again before anything else is done with it."""

    def __init__(self, draft_id: int, row: int) -> None:
        super().__init__(f"Row {row} of draft {draft_id} is excluded. Open it again first.")
        self.draft_id = draft_id
        self.row = row


class ReasonTooLong(ValueError):
    """A reason is read by people and printed with the release; it is no place for a document."""

    def __init__(self, n_characters: int) -> None:
        super().__init__(
            f"The reason has {n_characters:,} characters; at most {MOST_OF_A_REASON:,} are kept. Shorten it."
        )
        self.n_characters = n_characters


class TextCannotBeWritten(ValueError):
    """A text holds characters that no file or database keeps: halves of characters, or control characters.

    Parameters
    ----------
    name : column of the file, or ``reason``.
    """

    def __init__(self, name: str) -> None:
        super().__init__(
            f"The text given for {name!a} holds characters that cannot be written, such as control characters. "
            "Type it anew."
        )
        self.name = name


def refuse_unwritable(text: str, name: str) -> None:
    """Refuse a text with halves of characters (surrogates) or control characters other than tab and line breaks.

    Raises
    ------
    TextCannotBeWritten
    """
    if any(unicodedata.category(one) in {"Cc", "Cs"} and one not in "\t\n\r" for one in text):
        raise TextCannotBeWritten(name)


def reason_kept(text: str) -> str:
    """Return a reason as it is kept, without the space around it.

    Raises
    ------
    ReasonTooLong, TextCannotBeWritten
    """
    text = text.strip()
    if len(text) > MOST_OF_A_REASON:
        raise ReasonTooLong(len(text))
    refuse_unwritable(text, "reason")
    return text
