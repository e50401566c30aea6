"""The one exception a user is meant to read."""


class InputError(Exception):
    """A config key, file or row that can't be used: the message names it, what was expected and what to do."""


class DamagedFile(InputError):
    """A file that the workflow made is not whole any more; ``path`` says which."""

    def __init__(self, path, why: str):
        self.path = path
        super().__init__(f"{path}: damaged ({why}); delete it and run again, and it is remade")
