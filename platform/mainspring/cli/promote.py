"""`promote`: takes a candidate from shadow to its whole share, and can be stopped at any step."""

import time
from pathlib import Path
from typing import Annotated, Final

import typer

from mainspring.cli.control_text import folder_of, who
from mainspring.cli.durations import duration_s
from mainspring.cli.flags import shares_of
from mainspring.cli.output import FAILED, print_json, results
from mainspring.session.control import ControlFolder
from mainspring.session.flag_file import RampRecord
from mainspring.session.promotion import Promotion

__all__ = ["promote"]

_LOOK_S: Final = 0.5


def promote(
    where: Annotated[
        Path, typer.Argument(metavar="CONFIG|FOLDER", help="The session's config, or its control folder.")
    ],
    slot: Annotated[str, typer.Argument(help="The slot, as the flag has it: book, say.")],
    candidate: Annotated[str, typer.Argument(help="The flag's candidate, which runs in shadow.")],
    *,
    why: Annotated[str, typer.Option(help="The reason, for the record.")],
    clean: Annotated[int, typer.Option(min=1, help="How many inputs may not differ in shadow first.")] = 100_000,
    step: Annotated[list[str] | None, typer.Option(help="A share of the ramp; may be given again.")] = None,
    every: Annotated[str, typer.Option(help="How long each share lasts at least, by the market's time.")] = "10m",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON at the end.")] = False,
) -> None:
    """Promote a candidate: shadow without a difference, then a ramp with its guards, then for good.

    Ctrl-C takes it back, and so does `mainspring flags rollback` from anywhere. Exits with 1 if it was stopped.
    """
    steps = shares_of(step or ["5%", "25%", "100%"])
    ramp = RampRecord(steps_bp=steps, every_s=duration_s(every, "--every"))
    folder = ControlFolder(folder_of(where))
    promotion = Promotion(folder, slot, candidate, clean=clean, ramp=ramp, who=who(), why=why)
    out, said = results(), ""
    try:
        while promotion.phase in ("shadow", "ramp"):
            if (text := promotion.look()) != said:
                said = text
                if not as_json:
                    out.print(said, markup=False, soft_wrap=True)
            if promotion.phase in ("shadow", "ramp"):
                time.sleep(_LOOK_S)
    except BaseException:
        promotion.stop("the promotion was interrupted")
        raise
    if as_json:
        print_json({"phase": promotion.phase, "text": said})
    if promotion.phase == "stopped":
        raise typer.Exit(FAILED)
