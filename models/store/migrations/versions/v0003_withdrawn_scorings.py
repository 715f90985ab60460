"""A scoring can be withdrawn, can do without a release, and can rank accounts by a baseline."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add who withdrew a scoring, when and why, and the rankings; let the release be null."""
    with op.batch_alter_table("scorings") as scorings:
        scorings.alter_column("release_id", existing_type=sa.String(40), nullable=True)
        for column in (
            sa.Column("rankings", sa.JSON),
            sa.Column("withdrawn_at", sa.DateTime),
            sa.Column("withdrawn_by", sa.String(200)),
            sa.Column("withdrawn_reason", sa.Text),
        ):
            scorings.add_column(column)
    # SQLite reads a row from its start: the table is made anew with the column in front of the
    # long reasons. PostgreSQL keeps long values apart, and need not copy them.
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    before = "probabilities" if is_sqlite else None
    with op.batch_alter_table("scores", recreate="always" if is_sqlite else "never") as scores:
        scores.add_column(sa.Column("rankings", sa.JSON), insert_before=before)
