"""How the models are offered and configured."""

import re
import tomllib
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from mainspring.lane.statistics import StatisticsOptions
from mainspring_plugins.slippage import almgren_chriss, book_walk, fixed_bps, square_root, volume_share

BAD = [
    (square_root.SquareRootOptions, {"impact_coefficient": 0}),
    (square_root.SquareRootOptions, {"lasting_share": 1.5}),
    (square_root.SquareRootOptions, {"patience_s": 0}),
    (square_root.SquareRootOptions, {"chase_spreads": -1}),
    (almgren_chriss.AlmgrenChrissOptions, {"execution_days": 0}),
    (almgren_chriss.AlmgrenChrissOptions, {"patience_s": 0}),
    (book_walk.BookWalkOptions, {"fill_probability": 1.0}),
    (book_walk.BookWalkOptions, {"chase_spreads": 0}),
    (volume_share.VolumeShareOptions, {"bar_s": -60}),
    (volume_share.VolumeShareOptions, {"chase_spreads": 0}),
    (fixed_bps.FixedBpsOptions, {"limit_bps": 5.0}),
    (fixed_bps.FixedBpsOptions, {"limit_bps": 0}),
]


def test_five_offers_and_one_with_a_rank(kit: SimpleNamespace) -> None:
    """Each module registers the model it is named for, with a summary, and square-root runs unasked."""
    assert set(kit.offers) == set(kit.modules)
    assert [name for name, offer in kit.offers.items() if offer.rank] == ["square-root"]
    assert all(offer.summary and "\n" not in offer.summary for offer in kit.offers.values())


def test_made_with_and_without_options(model_name: str, kit: SimpleNamespace) -> None:
    """A factory called with an empty table's options gives what it gives without any."""
    offer = kit.offers[model_name]
    market = kit.market()
    order = kit.rest(100, 9_999)
    given = offer.factory(market.instrument, options=msgspec.convert({}, offer.options))
    assert given.estimate(order, market) == offer.factory(market.instrument).estimate(order, market)


def test_unknown_options_are_refused(model_name: str, kit: SimpleNamespace) -> None:
    """A misspelt key in the slot's table is an error that names it."""
    with pytest.raises(msgspec.ValidationError, match="patiense"):
        msgspec.convert({"patiense": 1}, kit.offers[model_name].options)


@pytest.mark.parametrize(("options", "table"), BAD)
def test_options_out_of_range_are_refused(options: Any, table: dict[str, float]) -> None:
    """A figure out of its range is an error that names the key, in code and from a config."""
    (name,) = table
    with pytest.raises(ValueError, match=name):
        options(**table)
    with pytest.raises(msgspec.ValidationError, match=name):
        msgspec.convert(table, options)


def test_the_examples_in_the_docs_are_valid(kit: SimpleNamespace) -> None:
    """Every TOML example of the docs decodes into the options that it is for, and each model has one."""
    page = (Path(__file__).resolve().parents[2] / "docs/slippage.md").read_text(encoding="utf-8")
    shown = set()
    for example in re.findall(r"```toml\n(.*?)```", page, flags=re.DOTALL):
        table = tomllib.loads(example)
        if "slippage" in table:
            name = table["slippage"].pop("plugin")
            msgspec.convert(table["slippage"], kit.offers[name].options)
            shown.add(name)
        else:
            msgspec.convert(table["market"], StatisticsOptions)
    assert shown == set(kit.offers)


def test_every_model_option_and_cause_is_documented(model_name: str, kit: SimpleNamespace) -> None:
    """The docs name every model, every option of it and every cause that it gives."""
    page = (Path(__file__).resolve().parents[2] / "docs/slippage.md").read_text(encoding="utf-8")
    offer = kit.offers[model_name]
    market = kit.market()
    model = offer.factory(market.instrument)
    causes = [
        cause.name for order in (kit.take(100), kit.rest(100, 9_999)) for cause in model.estimate(order, market).causes
    ]
    for word in (model_name, *offer.options.__struct_fields__, *causes):
        assert f"`{word}`" in page, word
