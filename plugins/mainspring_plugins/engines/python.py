"""The Python engine: declarations compiled to closures over what the codec decodes. It runs everywhere."""

from mainspring.seams import Catalogue, hookimpl
from mainspring.wire import python_engine

__all__ = ["register_engines"]


@hookimpl
def register_engines(catalogue: Catalogue) -> None:
    catalogue.add(
        "python", python_engine, summary="declarations compiled to Python closures, over any codec", default=True
    )
