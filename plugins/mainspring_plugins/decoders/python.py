"""The Python decoder: compiles declarations to closures over what the codec decodes. It runs everywhere."""

from mainspring.seams import Catalogue, hookimpl
from mainspring.wire import python_decoder

__all__ = ["register_decoders"]


@hookimpl
def register_decoders(catalogue: Catalogue) -> None:
    catalogue.add("python", python_decoder, summary="declarations compiled to Python closures, over any codec", rank=10)
