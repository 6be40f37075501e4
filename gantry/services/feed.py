"""Telling open pages what has changed."""

from dataclasses import dataclass

from gantry.domain.accounts import Actor
from gantry.domain.live import Notices, NoticeStream


@dataclass(frozen=True, slots=True)
class FeedService:
    """The feed of one account."""

    notices: Notices

    def follow(self, who: Actor) -> NoticeStream:
        """Return the notices for *who* from now on; close it in the end."""
        return self.notices.subscribe(who.id)
