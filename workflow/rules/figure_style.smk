# the style of figures (figures.style): a figure is drawn anew when the user's style file is edited

from mstars.paper.figures.style_file import PACKAGED, style_digest


def add_style(known):
    """Give each rule that draws a figure the digest of the user's style file, as a parameter."""
    digest = style_digest(config["figures"]["style"])
    for one in known:
        if any("/figures/" in str(path) for path in one.output):
            one.set_params(style=digest)


if config["figures"]["style"] != PACKAGED:
    with told_alone():
        add_style(workflow.rules)
