"""Pages for a browser, from jinja templates that lie beside the modules that use them."""

from __future__ import annotations

from importlib.resources import files

from jinja2 import Environment, StrictUndefined


def rendered(package: str, name: str, /, **content) -> str:
    """A page. All text that goes into it is escaped.

    Parameters
    ----------
    package : str
        The package that holds the template, for example ``mstars.ops``.
    name : str
        File name of the template.
    **content
        What the template names.

    Returns
    -------
    str
        HTML.

    Raises
    ------
    jinja2.UndefinedError
        When the template names something that is not given.
    """
    template = files(package).joinpath(name).read_text(encoding="utf-8")
    environment = Environment(autoescape=True, undefined=StrictUndefined, keep_trailing_newline=True)
    return environment.from_string(template).render(**content)
