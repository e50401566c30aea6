"""Options of template matching."""

import pytest

from mstars.core.config.template_matching import MatchOptions
from mstars.core.errors import InputError


def test_a_share_outside_0_to_1_is_refused():
    with pytest.raises(InputError, match="smooth_removed"):
        MatchOptions(smooth_removed=1.2)


def test_options_that_make_no_sense_are_refused():
    with pytest.raises(InputError, match="clip_sigma"):
        MatchOptions(clip_sigma=-1)
    with pytest.raises(InputError, match="local_pixels"):
        MatchOptions(local_pixels=-3)


def test_z_scored_templates_go_with_the_papers_recipe_alone():
    MatchOptions(recipe="paper", scaling="zscore")
    with pytest.raises(InputError, match="zscore goes with recipe: paper"):
        MatchOptions(scaling="zscore")
