"""What tests of the archives share: the token, and what a run said and left."""

TOKEN = "kept+secret/0123456789"


def told(done):
    """All that a run said."""
    return done.stdout + done.stderr


def holds(folder, text):
    """Files below a folder that hold a text."""
    return [path for path in folder.rglob("*") if path.is_file() and text.encode() in path.read_bytes()]
