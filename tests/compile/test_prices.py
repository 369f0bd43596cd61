"""Which price holds, and what a class costs that has no rate of its own."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

from torouter.compile.prices import prices_of
from torouter.config.load import load_project
from torouter.config.price import Price
from torouter.diagnostics import Diagnostics

PLAIN = Price("small-*", ("*",), "2026-11-20", "a list", "USD", None, 0, {"input": "1.25", "output": "10"})


def read(folder: Path, text: str) -> tuple[tuple[Price, ...], list[str]]:
    (folder / "routes.yaml").write_text(dedent(text))
    diagnostics = Diagnostics()
    project = load_project(folder, diagnostics, builtin=False)
    return project.routes.prices, [item.code for item in diagnostics.items]


def test_rates_are_exact_whole_numbers() -> None:
    (price,) = prices_of("p", "small-1", [Price("*", ("*",), "", "", "USD", None, 0, {"input": "0.0375", "output": "0.1"})])
    assert (price.rates["input"], price.rates["output"]) == (37_500_000, 100_000_000)


def test_a_class_without_a_rate_costs_what_it_is_a_part_of() -> None:
    (price,) = prices_of("p", "small-1", [PLAIN])
    rates = price.rates
    assert rates["cache_read"] == rates["cache_write"] == rates["cache_write_long"] == rates["input"]
    assert rates["reasoning"] == rates["output"]


def test_what_is_written_later_counts_first() -> None:
    later = Price("small-1", ("*",), "", "", "EUR", "2027-01-01", 0, {"input": "1"})
    assert [price.currency for price in prices_of("p", "small-1", [PLAIN, later])] == ["EUR", "USD"]
    assert prices_of("p", "small-1", [PLAIN, later])[0].since == 1_798_761_600


def test_a_longer_pattern_counts_before_a_shorter_one_and_a_users_own_before_a_built_in_one() -> None:
    def price(match: str, currency: str, *, shipped: bool = False) -> Price:
        return Price(match, ("*",), "", "", currency, None, 0, {"input": "1"}, shipped)

    known = [price("small-1", "BIN", shipped=True), price("small-*", "OWN"), price("small-1*", "LNG"), price("*", "ALL")]
    assert [it.currency for it in prices_of("p", "small-1", known)] == ["LNG", "OWN", "ALL", "BIN"]


def test_media_cost_what_they_are_a_part_of_unless_said() -> None:
    given = {"input": "1", "output": "4", "image_output": "30"}
    (price,) = prices_of("p", "m", [Price("*", ("*",), "", "", "USD", None, 0, given)])
    rates = {name: price.rates[name] // 10**9 for name in ("image_input", "audio_input", "image_output", "audio_output")}
    assert rates == {"image_input": 1, "audio_input": 1, "image_output": 30, "audio_output": 4}


def test_a_price_is_that_of_its_models_and_providers_only() -> None:
    ours = Price("small-*", ("here", "there-*"), "", "", "USD", None, 0, {"input": "1"})
    assert prices_of("there-2", "small-1", [ours])
    assert not prices_of("elsewhere", "small-1", [ours])
    assert not prices_of("here", "large-1", [ours])


def test_a_price_without_output_charges_none() -> None:
    (price,) = prices_of("p", "small-1", [Price("*", ("*",), "", "", "USD", None, 0, {"input": "1"})])
    assert price.rates["output"] == price.rates["reasoning"] == 0


def test_prices_are_read_as_they_are_written(tmp_path: Path) -> None:
    prices, wrong = read(tmp_path, """
        prices:
          - {match: small-*, as_of: "2026-11-20", source: a list, input: 1.25, output: "10.10", over: 200000}
    """)
    assert wrong == []
    assert prices == (Price("small-*", ("*",), "2026-11-20", "a list", "USD", None, 200_000, {"input": "1.25", "output": "10.10"}),)


def test_one_price_may_be_that_of_several_models(tmp_path: Path) -> None:
    prices, wrong = read(tmp_path, """
        prices:
          - {match: [small-1, small-1-*], as_of: "2026-11-20", source: a list, input: 1}
    """)
    assert ([it.match for it in prices], wrong) == (["small-1", "small-1-*"], [])
    assert not any(it.shipped for it in prices)


def test_a_price_without_a_source_or_with_a_day_that_is_none_is_an_error(tmp_path: Path) -> None:
    _, wrong = read(tmp_path, """
        prices:
          - {match: small-*, as_of: "2026-11-20", input: 1}
          - {match: small-*, as_of: "2026-11-20", source: a list, since: "2026-02-30", input: 1}
          - {match: small-*, as_of: "2026-11-20", source: a list, input: -1}
    """)
    assert len(wrong) == 3
    assert "bad-date" in wrong
