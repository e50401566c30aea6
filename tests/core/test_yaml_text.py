"""YAML from outside makes plain values, and no more than a person writes."""

import pytest

from mstars.core.yaml_text import read_yaml

TEN = ", ".join
LISTS = "a0: &a0 [1]\n" + "".join(f"a{n}: &a{n} [{TEN([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 10))
SECTIONS = "a0: &a0 {x: 1}\n" + "".join(
    f"a{n}: &a{n} {{{TEN(f'k{k}: *a{n - 1}' for k in range(10))}}}\n" for n in range(1, 10)
)
REFUSED = {
    "a tag that runs a program": ('a: !!python/object/apply:os.system ["touch ran"]', "could not determine"),
    "a tag that imports": ("a: !!python/name:os.system", "could not determine"),
    "a tag of its own": ("a: !mine 1", "could not determine"),
    "lists of aliases": (LISTS, "more than 100000 values"),
    "sections of aliases": (SECTIONS, "more than 100000 values"),
    "within itself": ("a: &a [*a]", "within itself"),
    "too deep": ("a: " + "[" * 3000, "."),
    "a key twice": ("a: 1\nb: 2\na: 3", "line 3: a stands here twice"),
    "a key that is a section": ("? {a: 1}\n: 2", "unhashable"),
    "no YAML": ("a: [", "."),
    "a control character": ("a: \x00", "."),
}


@pytest.mark.parametrize("text, said", REFUSED.values(), ids=REFUSED)
def test_what_is_no_plain_yaml_is_refused(text, said, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError, match=said):
        read_yaml(text)
    assert not list(tmp_path.iterdir())


def test_plain_values_and_aliases_are_read():
    assert read_yaml("a: &a {x: 1}\nb: {<<: *a, y: [1.5, true, null]}") == {
        "a": {"x": 1},
        "b": {"x": 1, "y": [1.5, True, None]},
    }
    assert read_yaml("") is None
