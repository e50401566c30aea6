"""Commands and Python blocks of a page of the documentation, and what it says that they print."""

import re
from dataclasses import dataclass
from pathlib import Path

FENCE = re.compile(r"^```(?:\{code-block\} *)?(\w*)\n(?::caption: (\S+)\n\n?)?(.*?)^```$", re.M | re.S)
NUMBER = r"[-+]?\d[\d,]*\.?\d*(?:e[-+]?\d+)?"
VARIES = {
    r"\bdemo\b": r"(?:demo|ci)",  # the survey's name
    r"-{3,}": r"-+",  # as wide as the column
    r"spec-[\w-]+\.fits\.gz": r"spec-[\w-]+\.fits\.gz",
    r"[dg]M": r"[dg]M",  # the classes of the first rows
    r"[A-Z]+[A-Z_I]*(?:\+[A-Z_I]+)+": r"[A-Z_I+]+",  # the methods that are in a velocity
    NUMBER: NUMBER,
}
"""What differs from one survey to the next: a pattern in the page's text, and what the output may have there."""


@dataclass
class Block:
    """A fenced block.

    Attributes
    ----------
    language : str
    text : str
    line : int
        Of the page, where the block begins.
    name : str
        Its caption: the file that it stands for.
    shown : str
        The block of the language ``text`` that follows at once: what this one prints.
    """

    language: str
    text: str
    line: int
    name: str = ""
    shown: str = ""


def blocks(page: Path) -> list[Block]:
    """All blocks of a page in order; one that is shown as output belongs to the block before it."""
    text, found, end = page.read_text(), [], -1
    for match in FENCE.finditer(text):
        language, name, body = match.groups()
        if language == "text" and found and not text[end : match.start()].strip():
            found[-1].shown = body
        else:
            found.append(Block(language, body, text.count("\n", 0, match.start()) + 1, name or ""))
        end = match.end()
    return found


def pattern_of(shown: str) -> re.Pattern:
    """What output has to look like: the same words, any numbers in their places; ``...`` stands for any text."""
    alternatives = "|".join(f"({varying})" for varying in VARIES)
    parts = []
    for word in re.split(r"(\.\.\.|\s+)", shown.strip()):
        if word == "...":
            parts.append(r".*?")
        elif not word.strip():
            parts.append(r"\s+" if word else "")
        else:
            parts.append(_varying(word, alternatives))
    return re.compile(r"\s*" + "".join(parts) + r"\s*", re.S)


def _varying(word: str, alternatives: str) -> str:
    kinds, place, parts = list(VARIES.values()), 0, []
    for match in re.finditer(alternatives, word):
        parts += [re.escape(word[place : match.start()]), kinds[match.lastindex - 1]]
        place = match.end()
    return "".join([*parts, re.escape(word[place:])])
