"""Writes what was fitted as a flag, so that it goes through shadow and a ramp like any other change."""

from datetime import date

from mainspring.report.calibration import Calibration

__all__ = ["flag_text"]

_DIGITS = 4


def flag_text(found: Calibration, plugin: str, *, owner: str, today: date) -> str:
    """Returns the table `[flags.slippage-calibrated]` of a config, as TOML.

    It gives the fitted options to the plugin in shadow, and to nobody yet. `found` has options; `owner` is who to ask.
    """
    fitted = ", ".join(f"{one.option} = {one.fitted:.{_DIGITS}g}" for one in found.options)
    bounds = "; ".join(f"{one.option} {one.low:.{_DIGITS}g} to {one.high:.{_DIGITS}g}" for one in found.options)
    where = found.instrument or found.venue
    return (
        "[flags.slippage-calibrated]\n"
        'slot = "slippage"\n'
        f'candidate = "{plugin}"\n'
        f"options = {{ {fitted} }}   # 95%: {bounds}\n"
        "share = 0\n"
        "shadow = true\n"
        f'owner = "{owner}"\n'
        f'reason = "fitted to {found.orders:,} orders of {where} on {today.isoformat()}"\n'
    )
