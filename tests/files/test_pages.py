import jinja2
import pytest

from mstars.files.pages import rendered
from mstars.paper.rendering import Table


def test_text_that_looks_like_html_stays_text():
    page = rendered("mstars.paper", "tables.html", tables=[Table("<script>", ("a & b",), [('"c"',)], ("<b>",))])
    assert "<script>" not in page and "&lt;script&gt;" in page and "a &amp; b" in page and "<b>" not in page


def test_what_a_template_lacks_is_an_error_not_an_empty_place():
    with pytest.raises(jinja2.UndefinedError, match="tables"):
        rendered("mstars.paper", "tables.html", table=[])
