"""What a few rounds say."""

from __future__ import annotations

from bench.figures import Figure, ratio


def test_a_figure_is_a_median_with_its_range():
    assert str(Figure([3.0, 1.0, 2.0])) == "2 (1–3)"


def test_a_single_value_has_no_range():
    assert str(Figure([0.05412])) == "0.0541"


def test_large_values_have_no_fraction():
    assert str(Figure([1234.5678])) == "1235"


def test_an_outlier_does_not_move_the_median():
    assert Figure([1.0, 1.1, 50.0]).median == 1.1


def test_what_is_added_is_taken_round_by_round():
    assert Figure([5.0, 9.0]).less(Figure([4.0, 6.0])).values == [1.0, 3.0]


def test_a_ratio_compares_medians():
    assert ratio(Figure([4.0, 5.0, 6.0]), Figure([2.0, 2.0, 2.0])) == "2.5×"


def test_nothing_is_compared_with_zero():
    assert ratio(Figure([1.0]), Figure([0.0])) == "–"
