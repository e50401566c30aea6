"""Tables as Markdown, LaTeX, HTML and CSV."""

import numpy as np
import pandas as pd

from mstars.paper.rendering import Table, to_html, to_latex, write_table_files


def test_a_table_is_written_in_four_formats_with_special_signs_kept(tmp_path):
    table = Table("A & B_1", ("x_1", "50%"), [("a|b", 1.0), (None, np.nan), (0.123456, "<c>")], ("note",))
    paths = [tmp_path / f"t.{suffix}" for suffix in ("csv", "tex", "md", "html")]
    write_table_files(table, paths)
    assert pd.read_csv(paths[0]).iloc[0].tolist() == ["a|b", "1"]
    assert r"\colhead{x\_1}" in paths[1].read_text() and r"A \& B\_1" in to_latex(table, "t")
    assert r"| a\|b | 1 |" in paths[2].read_text() and "0.1235" in paths[2].read_text()
    assert "<td>&lt;c&gt;</td>" in paths[3].read_text() and "<h1>A &amp; B_1</h1>" in paths[3].read_text()


def test_latex_has_formulas_aligned_numbers_and_leaves_the_number_to_the_class():
    rows = [("K I", "-1 ± 2", "H alpha", 0.5), ("x" * 50, "3 ± 4", "S/N_i", -2.0)]
    heads = ("a", "ΔTeff (K)", "b", "v (km/s)")
    text = to_latex(Table("Table 8. Residuals of [alpha/M]", heads, rows, ("one", "two")), "t")
    assert r"\tablenum{8}" in text and r"\tablecaption{Residuals of [$\alpha$/M]\label{t}}" in text
    assert r"\begin{deluxetable*}{p{7.5cm}rlr}" in text and "startlongtable" not in text
    assert r"$-$1 $\pm$ 2 & H$\alpha$ & 0.5" in text and r"$\Delta$$T_{\rm eff}$ (K)" in text
    assert r"v (km s$^{-1}$)" in text and r"\tablecomments{one two}" in text
    assert to_latex(Table("t", ("a",), [("1",)] * 50), "t").startswith(r"\startlongtable")
    assert Table("t", ("a",), [(21390.4,), (0.123456,), (2.0,)]).texts() == [["21390"], ["0.1235"], ["2"]]
    assert "\n{[}M/H]" in to_latex(Table("t", ("a",), [("[M/H]",)]), "t")
    assert '<td class="n">-1 ± 2</td>' in to_html([Table("t", ("a",), [("-1 ± 2",)])])
