"""Drafts the declaration of a feed from recorded messages, and says what of it was proved on them."""

from mainspring.host.drafting.code import declaration_code
from mainspring.host.drafting.draft import Draft, draft_feed
from mainspring.host.drafting.project import draft_from_capture

__all__ = ["Draft", "declaration_code", "draft_feed", "draft_from_capture"]
