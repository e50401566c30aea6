"""The one exception a user is meant to read."""


class InputError(Exception):
    """A config key, file or row that can't be used: the message names it, what was expected and what to do."""
