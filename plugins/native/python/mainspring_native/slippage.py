"""Native slippage models: the formulas and refusals of their Python twins, to the last bit and word for word.

Each holds its twin, which prices whatever the native code leaves to it: it alone says why an order can't be priced.
"""

from mainspring.model import Instrument
from mainspring.seams import Catalogue, SlippageModel, hookimpl
from mainspring_native import BUILD, NEEDS
from mainspring_plugins.slippage.almgren_chriss import AlmgrenChrissOptions, AlmgrenChrissSlippage
from mainspring_plugins.slippage.book_walk import BookWalkOptions, BookWalkSlippage
from mainspring_plugins.slippage.square_root import SquareRootOptions, SquareRootSlippage

__all__ = ["almgren_chriss", "book_walk", "register_slippage", "square_root"]

_DAY_S = 86_400


def square_root(instrument: Instrument, options: SquareRootOptions | None = None) -> SlippageModel:
    """See `mainspring_plugins.slippage.square_root`."""
    options = options or SquareRootOptions()
    figures = (options.impact_coefficient, options.lasting_share, options.chase_spreads, _wait_days(options.patience_s))
    return _model("square-root", instrument, figures, SquareRootSlippage(instrument, options))


def almgren_chriss(instrument: Instrument, options: AlmgrenChrissOptions | None = None) -> SlippageModel:
    """See `mainspring_plugins.slippage.almgren_chriss`."""
    options = options or AlmgrenChrissOptions()
    permanent = 0.5 * options.gamma * options.outstanding_days**0.25
    temporary = options.eta / options.execution_days**0.6
    figures = (permanent, temporary, options.chase_spreads, _wait_days(options.patience_s))
    return _model("almgren-chriss", instrument, figures, AlmgrenChrissSlippage(instrument, options))


def book_walk(instrument: Instrument, options: BookWalkOptions | None = None) -> SlippageModel:
    """See `mainspring_plugins.slippage.book_walk`. It is native where the book is."""
    options = options or BookWalkOptions()
    figures = (options.fill_probability, options.chase_spreads)
    return _model("book-walk", instrument, figures, BookWalkSlippage(instrument, options))


def _wait_days(patience_s: float) -> float:
    return 0.5 * patience_s / _DAY_S


def _model(name: str, instrument: Instrument, figures: tuple[float, ...], twin: SlippageModel) -> SlippageModel:
    from mainspring_native._native import Slippage

    return Slippage(name, float(instrument.tick_size), figures, twin.estimate)


@hookimpl
def register_slippage(catalogue: Catalogue) -> None:
    """Offers `native-square-root`, `native-almgren-chriss` and `native-book-walk`."""
    for name, factory, options, rank, calibrates in (
        ("square-root", square_root, SquareRootOptions, 20, "impact=impact_coefficient"),
        ("almgren-chriss", almgren_chriss, AlmgrenChrissOptions, 0, "permanent-impact=gamma, temporary-impact=eta"),
        ("book-walk", book_walk, BookWalkOptions, 0, ""),
    ):
        catalogue.add(
            f"native-{name}",
            factory,
            summary=f"Rust: {name}, to the last bit",
            options=options,
            rank=rank,
            needs=NEEDS,
            build=BUILD,
            capabilities={"in_runs": True, "calibrates": calibrates},
        )
