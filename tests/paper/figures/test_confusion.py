"""Confusion matrices."""

import pandas as pd
from figure_words import words

from mstars.paper.figures.confusion import confusion, draw_confusion


def test_the_confusion_matrix_counts_true_classes_in_rows_in_the_papers_order():
    classes, counts = confusion(["QSO", "M", "M", "OB"], ["QSO", "K", "M", "OB"])
    assert classes == ["OB", "K", "M", "QSO"]
    assert counts.tolist() == [[1, 0, 0, 0], [0, 0, 0, 0], [0, 1, 1, 0], [0, 0, 0, 1]]


def test_average_accuracy_is_the_mean_over_classes_that_occur():
    truth = ["M"] * 9 + ["WD"]
    figure = draw_confusion(pd.DataFrame({"truth": truth, "predicted": ["M"] * 9 + ["QSO"]}), "CNN-WDM")
    assert "average accuracy 50.00%, 10 spectra" in words(figure)
