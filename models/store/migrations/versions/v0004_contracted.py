"""Scores say what of them is contracted, and no longer that what no model looked at is worth 0."""

from __future__ import annotations

import json

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

GAINS = frozenset({"upsell", "cross_sell"})
LOSSES = frozenset({"downsell", "churn"})
"""The targets of ours then. What a label of a company's own counts as, the store does not say."""


def upgrade() -> None:
    """Add what is contracted, unknown so far, and null the sums that no model was behind."""
    # As in revision 0002: SQLite reads a row from its start, and the long columns stay last.
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    before = "probabilities" if is_sqlite else None
    with op.batch_alter_table("scores", recreate="always" if is_sqlite else "never") as scores:
        for column in (
            sa.Column("contracted_arr", sa.Float),
            sa.Column("contracted_gain", sa.Float),
            sa.Column("contracted_loss", sa.Float),
            sa.Column("contracted_on", sa.Date),
            sa.Column("is_decided", sa.Boolean),
        ):
            scores.add_column(column, insert_before=before)
    connection = op.get_bind()
    for scoring_id, stored in connection.execute(
        sa.text("SELECT scoring_id, models FROM scorings")
    ):
        models = set(json.loads(stored) if isinstance(stored, str) else stored)
        if models - GAINS - LOSSES:
            continue
        for name, targets in (("expected_expansion_arr", GAINS), ("arr_at_risk", LOSSES)):
            if not models & targets:
                update = f"UPDATE scores SET {name} = NULL WHERE scoring_id = :scoring_id"
                connection.execute(sa.text(update), {"scoring_id": scoring_id})
