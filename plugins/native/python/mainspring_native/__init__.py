"""Fast twins, in Rust, of Mainspring's hot parts, as ordinary plugins.

The extension is built where cargo is found when the distribution is installed. Where it wasn't, the plugins are
offered all the same, as not usable here, with the reason: `mainspring plugins list` shows it.
"""

import json
from importlib import import_module, resources
from importlib.metadata import distribution
from importlib.util import find_spec

from mainspring.seams import Needs

__all__ = ["BUILD", "NEEDS", "why_missing"]

_REASON = "not_built.txt"
_DISTRIBUTION = "mainspring-native"


def why_missing() -> str | None:
    """Why the extension can't be used here, with the remedy; None if it can."""
    if find_spec("mainspring_native._native") is None:
        reported = resources.files(__name__).joinpath(_REASON)
        reason = (
            reported.read_text(encoding="utf-8").strip()
            if reported.is_file()
            else "it wasn't built when it was installed"
        )
        return f"the native module isn't here: {reason}; {_remedy()}"
    try:
        module = import_module("mainspring_native._native")
    except ImportError as error:
        return f"the native module can't be loaded: {error}; {_remedy()}"
    profile = module.build_info()["profile"]
    if profile != "release":
        return f"the native module is a {profile} build, many times slower than it ought to be; {_remedy()}"
    return None


def _remedy() -> str:
    """The command that builds or fetches it again, as this distribution was installed."""
    ours = distribution(_DISTRIBUTION)
    if json.loads(ours.read_text("direct_url.json") or "{}").get("dir_info", {}).get("editable"):
        return "install Rust (https://rustup.rs) and run `uv sync --reinstall-package mainspring-native`"
    if (ours.read_text("INSTALLER") or "").strip() == "uv":
        return "run `uv pip install --reinstall mainspring-native`, with Rust (https://rustup.rs) if it has to be built"
    return "run `pip install --force-reinstall mainspring-native`, with Rust (https://rustup.rs) if it has to be built"


def _build() -> str:
    reported = import_module("mainspring_native._native").build_info()
    return f"{reported['profile']} for {reported['target']} by {reported['rustc']}; SIMD in use: {reported['simd']}"


NEEDS = Needs(missing=why_missing())
"""What every plugin of this distribution needs."""

BUILD = "" if NEEDS.missing is not None else _build()
"""How the extension was built, and the vectors that it uses here."""
