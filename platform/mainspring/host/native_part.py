"""Our compiled distribution, `mainspring-native`: why it isn't used here, and the one command that gets it."""

import importlib.metadata
import json
from typing import Final

from mainspring.host.offers import why_unusable
from mainspring.host.registry import Registry

__all__ = ["PROVIDES", "why_not_native"]

_OURS: Final = "mainspring"
_NATIVE: Final = "mainspring-native"

PROVIDES: Final = ("decoder", "book")
"""The seams for which it has the plugin of the highest rank."""


def why_not_native(registry: Registry) -> str | None:
    """Why none of its plugins can run here, with the remedy; None if they can."""
    offers = [offer for seam in PROVIDES for offer in registry.offers(seam).values() if offer.distribution == _NATIVE]
    if not offers:
        return f"{_NATIVE} isn't installed; `{_install_command()}` gets it"
    reasons = [reason for offer in offers if (reason := why_unusable(offer.needs)) is not None]
    return f"{_NATIVE} {reasons[0]}" if len(reasons) == len(offers) else None


def _install_command() -> str:
    """As Mainspring itself was installed: in a checkout by its project, else by the installer that it records."""
    try:
        ours = importlib.metadata.distribution(_OURS)
    except importlib.metadata.PackageNotFoundError:
        return f"pip install {_NATIVE}"
    source = json.loads(ours.read_text("direct_url.json") or "{}")
    if source.get("dir_info", {}).get("editable"):
        return "uv sync --extra native"
    installer = (ours.read_text("INSTALLER") or "").strip()
    return f"{'uv ' if installer == 'uv' else ''}pip install {_NATIVE}"
