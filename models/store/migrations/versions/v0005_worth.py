"""Scores say what each outcome is worth, and scorings how far off that is: totals get intervals."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns; what was scored before has no such amounts, and its totals no interval."""
    # As in revision 0002: SQLite reads a row from its start, and the long columns stay last.
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    before = "probabilities" if is_sqlite else None
    with op.batch_alter_table("scores", recreate="always" if is_sqlite else "never") as scores:
        scores.add_column(sa.Column("worth", sa.JSON), insert_before=before)
    before = "withdrawn_at" if is_sqlite else None
    with op.batch_alter_table("scorings", recreate="always" if is_sqlite else "never") as scorings:
        scorings.add_column(sa.Column("amount_errors", sa.JSON), insert_before=before)
