"""Options of the selection."""

import pytest

from mstars.velocity.decide.options import SelectionOptions


def test_options_name_their_fields():
    with pytest.raises(TypeError):
        SelectionOptions(tm_width=3)
