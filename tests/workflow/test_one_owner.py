"""A value with one key in the config reaches every rule that rests on it."""

import pytest
import yaml

pytestmark = pytest.mark.workflow


@pytest.mark.parametrize(
    ("changes", "products"),
    [
        (
            {"quality": {"rv_cut": "2013-01-14"}},
            ("quality/quality.parquet", "training/tlma_dM.parquet", "training/tlma_gM.parquet"),
        ),
        (
            {"crossmatch": {"radius_arcsec": 2.0}},
            ("crossmatch/gaia.parquet", "training/pool.parquet", "training/dmgm.parquet", "training/tlma_dM.parquet"),
        ),
    ],
)
def test_every_rule_follows(survey, tmp_path, changes, products):
    overlay = tmp_path / "changes.yaml"
    overlay.write_text(yaml.safe_dump(changes))
    changed = survey.run("all", "--list-changes", "params", overlays=[overlay]).stdout.split()
    assert {f"results/ci/{name}" for name in products} <= set(changed)
