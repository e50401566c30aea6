"""The one exception a user is meant to read."""


class InputError(Exception):
    """A config key, file or row that can't be used: the message names it, what was expected and what to do."""


class DamagedFile(InputError):
    """A file that the workflow made is not whole any more.

    Attributes
    ----------
    path : path
        The file.
    output : path
        What must be made anew: the file, or the output of a job that it is part of.
    """

    def __init__(self, path, why: str, output=None):
        self.path, self.output = path, output or path
        super().__init__(f"{path}: damaged ({why}); delete it and run again, and it is remade")
