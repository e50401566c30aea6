"""A token that opens an archive: read when it is needed, and never shown."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import quote

from mstars.core.errors import InputError


class Secret:
    """A text that neither `repr` nor `str` shows."""

    def __init__(self, value: str):
        self._value = value

    def __repr__(self) -> str:
        return "Secret(***)"

    __str__ = __repr__

    def __reduce__(self):
        raise TypeError("a secret is not stored")

    def reveal(self) -> str:
        """The text itself, for a request."""
        return self._value

    def hide(self, text: str) -> str:
        """A text without the secret in it."""
        for form in {self._value, quote(self._value), quote(self._value, safe="")}:
            text = text.replace(form, "***")
        return text


def read_token(variable: str, path: str | Path | None) -> Secret | None:
    """The token of an environment variable, else of a file; None where neither is given.

    Parameters
    ----------
    variable : str
        Name of the environment variable.
    path : str, Path or None
        A text file that holds the token and nothing else.

    Raises
    ------
    InputError
        The file can't be read, or what is given is no single word.
    """
    source, text = f"environment variable {variable}", os.environ.get(variable, "")
    if not text and path is not None:
        source = str(path)
        try:
            text = Path(path).expanduser().read_text()
        except (OSError, UnicodeDecodeError) as error:
            raise InputError(f"acquire.token_file: {path}: can't be read ({type(error).__name__})") from None
    text = text.strip()
    if not text:
        return None
    if len(text.split()) != 1 or not text.isprintable():
        raise InputError(f"{source}: not a token: it has to be one word")
    return Secret(text)
