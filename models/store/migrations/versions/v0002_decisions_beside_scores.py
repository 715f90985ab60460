"""Decisions become columns of their scores: the two were always written and read together.

They had a table of their own because a column could not be added.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from features.errors import DataError

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

MOVE = """
    UPDATE scores SET
        play = d.play, play_text = d.text, play_reason = d.why, second_play = d.second,
        at_stake = d.at_stake, standing = d.standing, place = d.place, held_out = d.held_out
    FROM decisions d
    WHERE d.scoring_id = scores.scoring_id AND d.account_id = scores.account_id
"""


def upgrade() -> None:
    """Give each score its decision, and drop the table of decisions."""
    # SQLite reads a row from its start, so there the table is made anew with the decision in front
    # of the long reasons; PostgreSQL keeps long values apart, and need not copy them.
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    before = "probabilities" if is_sqlite else None
    with op.batch_alter_table("scores", recreate="always" if is_sqlite else "never") as scores:
        for column in (
            sa.Column("play", sa.String(80)),
            sa.Column("play_text", sa.Text),
            sa.Column("play_reason", sa.Text),
            sa.Column("second_play", sa.String(80)),
            sa.Column("at_stake", sa.Float),
            sa.Column("standing", sa.String(40)),
            sa.Column("place", sa.Integer),
            sa.Column("held_out", sa.Boolean),
        ):
            scores.add_column(column, insert_before=before)
    op.execute(MOVE)
    _refuse_decisions_without_a_score()
    op.drop_table("decisions")
    op.create_index("scores_by_standing", "scores", ["scoring_id", "standing"])


def _refuse_decisions_without_a_score() -> None:
    """Raise ``DataError`` rather than lose a row: no code ever wrote one without the other."""
    count = op.get_bind().exec_driver_sql
    decisions = count("SELECT count(*) FROM decisions").scalar_one()
    moved = count("SELECT count(*) FROM scores WHERE play IS NOT NULL").scalar_one()
    if moved != decisions:
        raise DataError(
            f"{decisions - moved} rows of the table decisions have no score; look at them, remove "
            "them, and run `expansion store upgrade` again"
        )
