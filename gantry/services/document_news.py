"""What open pages are told of a person's documents."""

from gantry.domain.accounts import Actor
from gantry.domain.live import Notice, NoticeKind, Notices
from gantry.models import Document


def tell_changed(notices: Notices, row: Document) -> None:
    """Tell that one document has changed, and how far it has come."""
    notices.publish(row.account_id, Notice(NoticeKind.DOCUMENTS, str(row.id), {"state": row.state.value}))


def tell_all(notices: Notices, who: Actor) -> None:
    """Tell that collections or documents have come or gone; the page that did it knows already."""
    notices.publish(who.id, Notice(NoticeKind.DOCUMENTS, origin=who.page))
