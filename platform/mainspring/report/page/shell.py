"""What every page has: its head, its sections, and the cards at its top."""

from importlib.resources import files

from mainspring.report.page.markup import Html, join, tag

__all__ = ["card", "cards", "page", "section"]

# The page loads nothing from elsewhere, and tells the browser to enforce that.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"


def page(title: str, *parts: Html | None) -> str:
    """Returns a whole page of HTML with its style and drawings inside: it needs no network and runs no script.

    It follows the reader's choice of light or dark, and fits a phone.
    """
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", http_equiv="Content-Security-Policy", content=_POLICY),
        tag("link", rel="icon", href="data:,"),
        tag("title", title),
        tag("style", _style()),
    )
    body = tag("body", tag("main", *parts))
    return f"<!doctype html>\n{tag('html', head, body, lang='en')}\n"


def _style() -> Html:
    return Html(files("mainspring.report.page").joinpath("style.css").read_text(encoding="utf-8"))


def section(title: str, *children: Html | None, note: str = "", class_: str | None = None) -> Html:
    """A section under its heading. `note` says how to read it; `class_` is its CSS class."""
    described = tag("p", note, class_="soft") if note else None
    return tag("section", tag("h2", title), described, *children, class_=class_)


def card(name: str, figure: Html | str, note: str, colour: str | None = None) -> Html:
    """A main figure with its name and a `note`. `colour` is "good" or "bad"."""
    shown = tag("dd", figure, class_=f"figure {colour}" if colour else "figure")
    return tag("div", tag("dt", name), shown, tag("dd", note, class_="note"), class_="card")


def cards(*shown: Html | None) -> Html:
    """Puts cards side by side."""
    return tag("dl", join(*shown), class_="cards")
