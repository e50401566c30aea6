"""Sphinx builds the pages of mstars: ``make docs`` writes build/docs/html, without any access to the network."""

from docutils import nodes
from docutils.utils.math.latex2mathml import tex2mathml

import mstars

project = "mstars"
author = "the mstars developers"
copyright = "the mstars developers"
version = release = mstars.__version__

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.viewcode",
    "numpydoc",
    "sphinx_copybutton",
    "sphinx_design",
]
source_suffix = {".md": "markdown", ".rst": "restructuredtext"}
exclude_patterns = ["_build"]
templates_path = ["_templates"]
default_role = "py:obj"

myst_enable_extensions = ["colon_fence", "deflist", "dollarmath", "fieldlist"]
myst_heading_anchors = 3

autosummary_generate = True
autodoc_member_order = "bysource"
autodoc_typehints = "none"
numpydoc_show_class_members = False

html_theme = "pydata_sphinx_theme"
html_title = "mstars"
html_static_path = ["_static"]
html_css_files = ["mstars.css"]
html_theme_options = {
    "navbar_end": ["navbar-icon-links"],
    "show_toc_level": 2,
    "navigation_with_keys": False,
    "secondary_sidebar_items": ["page-toc"],
}
html_show_sourcelink = False
html_math_renderer = "mathml"


def visit_math(writer, node):
    """Write a formula as MathML, which browsers draw themselves: MathJax would be fetched from the network."""
    block = isinstance(node, nodes.math_block)
    formula = tex2mathml(node.astext(), as_block=block)
    writer.body.append(f"<div class='math'>{formula}</div>" if block else formula)
    raise nodes.SkipNode


def setup(app):
    """Register the writer of formulas."""
    app.add_html_math_renderer("mathml", (visit_math, None), (visit_math, None))
