"""Decisions become columns of their scores: the two were always written and read together.

They had a table of their own because a column could not be added. The table of scores is written
anew, so that a decision lies before the long reasons: SQLite reads a row from its start.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from features.errors import DataError

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

SCORE = ("scoring_id", "account_id", "rank", "name", "csm_id", "segment", "arr",
         "expected_expansion_arr", "arr_at_risk")  # fmt: skip
DECISION = {
    "play": "play", "play_text": "text", "play_reason": "why", "second_play": "second",
    "at_stake": "at_stake", "standing": "standing", "place": "place", "held_out": "held_out",
}  # fmt: skip
"""Each new column with its name in the table of decisions."""
LONG = ("probabilities", "reasons")
MOVE = f"""
    INSERT INTO scores_with_decisions ({", ".join([*SCORE, *DECISION, *LONG])})
    SELECT {", ".join(f"s.{name}" for name in SCORE)},
           {", ".join(f"d.{name}" for name in DECISION.values())},
           {", ".join(f"s.{name}" for name in LONG)}
    FROM scores s
    LEFT JOIN decisions d ON d.scoring_id = s.scoring_id AND d.account_id = s.account_id
"""


def upgrade() -> None:
    """Write the scores anew, each with its decision, and drop the table of decisions."""
    op.create_table(
        "scores_with_decisions",
        sa.Column("scoring_id", sa.String(80), primary_key=True),
        sa.Column("account_id", sa.String(200), primary_key=True),
        sa.Column("rank", sa.Integer, nullable=False),
        sa.Column("name", sa.String(400), nullable=False),
        sa.Column("csm_id", sa.String(200)),
        sa.Column("segment", sa.String(200)),
        sa.Column("arr", sa.Float),
        sa.Column("expected_expansion_arr", sa.Float),
        sa.Column("arr_at_risk", sa.Float),
        sa.Column("play", sa.String(80)),
        sa.Column("play_text", sa.Text),
        sa.Column("play_reason", sa.Text),
        sa.Column("second_play", sa.String(80)),
        sa.Column("at_stake", sa.Float),
        sa.Column("standing", sa.String(40)),
        sa.Column("place", sa.Integer),
        sa.Column("held_out", sa.Boolean),
        sa.Column("probabilities", sa.JSON, nullable=False),
        sa.Column("reasons", sa.JSON, nullable=False),
    )
    op.execute(MOVE)
    _refuse_decisions_without_a_score()
    op.drop_table("decisions")
    op.drop_table("scores")
    op.rename_table("scores_with_decisions", "scores")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("ALTER INDEX scores_with_decisions_pkey RENAME TO scores_pkey")
    op.create_index("scores_by_rank", "scores", ["scoring_id", "rank"])
    op.create_index("scores_by_standing", "scores", ["scoring_id", "standing"])


def _refuse_decisions_without_a_score() -> None:
    """Raise ``DataError`` rather than lose a row: no code ever wrote one without the other."""
    count = op.get_bind().exec_driver_sql
    decisions = count("SELECT count(*) FROM decisions").scalar_one()
    moved = count("SELECT count(*) FROM scores_with_decisions WHERE play IS NOT NULL").scalar_one()
    if moved != decisions:
        raise DataError(
            f"{decisions - moved} rows of the table decisions have no score; look at them, remove "
            "them, and run `expansion store upgrade` again"
        )
