"""Options of the selection."""

import pytest

from mstars.core.config.velocity_selection import SelectionOptions
from mstars.core.errors import InputError


def test_options_name_their_fields():
    with pytest.raises(InputError, match="rvmm.selection.tm_width: no such key"):
        SelectionOptions(tm_width=3)
