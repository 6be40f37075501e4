"""What a person is told in passing."""

from dataclasses import dataclass
from typing import Literal

NoticeKind = Literal["info", "success", "error"]


@dataclass(frozen=True, slots=True)
class NoticeView:
    """One notice in the corner. ``action`` is the label of its button, ``action_id`` says what it does.

    ``action_id`` is ``verb:argument`` and comes back through ``SidebarState.act``, for example
    ``undelete:<conversation>``.
    """

    id: str
    kind: NoticeKind
    text: str
    advice: str = ""
    action: str = ""
    action_id: str = ""
