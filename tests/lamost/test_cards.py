"""Header cards."""

import lamost_files

from mstars.lamost.cards import header_length, split_cards


def test_cards_are_parsed_as_astropy_does():
    header = lamost_files.header(A=True, B=-3, C=1.5e-7, D="it's / odd", E="", F=-2.5e30)
    header["C"] = (1.5e-7, "a comment with 'quotes' / and more")
    data = header.tostring().encode()
    get = split_cards(data[: header_length(data)])
    for name in header:
        assert get(name) == header[name], name
    assert get("NOTHERE") is None
