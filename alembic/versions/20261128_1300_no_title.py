"""Take the English title away that conversations had which nobody had named and whose first message had no words.

They have none now, and are called in the reader's language. A title that somebody gave stays, and so does one that was made of a question
with these words.

Revision: 20261128_1300, after 20261128_1200
"""

from alembic import op

revision = "20261128_1300"
down_revision = "20261128_1200"
branch_labels = None
depends_on = None

_TITLE = "New chat"  # as title_from_prompt gave it


def upgrade() -> None:
    op.execute(
        f"""UPDATE conversation SET title = '' WHERE title = '{_TITLE}' AND NOT title_by_hand AND NOT EXISTS (
            SELECT 1 FROM message WHERE message.conversation_id = conversation.id AND message.parent_id IS NULL
            AND lower(message.content) LIKE '%{_TITLE.lower()}%')"""  # noqa: S608 - words of this file
    )
    # A link tells its own: of its conversation, or of the question it begins with.
    op.execute(
        f"""UPDATE share SET title = '' WHERE title = '{_TITLE}' AND EXISTS (
            SELECT 1 FROM conversation WHERE conversation.id = share.conversation_id
            AND conversation.title = '' AND NOT conversation.title_by_hand)"""  # noqa: S608
    )


def downgrade() -> None:
    """Leave them without: earlier versions show that too, and which they were is not known."""
