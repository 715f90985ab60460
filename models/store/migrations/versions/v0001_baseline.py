"""The tables of before there were versions, each of which a store has only if it was needed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from features.errors import DataError

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

baseline = sa.MetaData()
sa.Table(
    "scorings",
    baseline,
    sa.Column("scoring_id", sa.String(80), primary_key=True),
    sa.Column("as_of", sa.Date, nullable=False),
    sa.Column("created_at", sa.DateTime, nullable=False),
    sa.Column("release_id", sa.String(40), nullable=False),
    sa.Column("data_fingerprint", sa.String(64), nullable=False),
    sa.Column("horizon_days", sa.Integer, nullable=False),
    sa.Column("accounts", sa.Integer, nullable=False),
    sa.Column("currency", sa.String(3), nullable=False),
    sa.Column("models", sa.JSON, nullable=False),
)
sa.Table(
    "scores",
    baseline,
    sa.Column("scoring_id", sa.String(80), primary_key=True),
    sa.Column("account_id", sa.String(200), primary_key=True),
    sa.Column("rank", sa.Integer, nullable=False),
    sa.Column("name", sa.String(400), nullable=False),
    sa.Column("csm_id", sa.String(200)),
    sa.Column("segment", sa.String(200)),
    sa.Column("arr", sa.Float),
    sa.Column("expected_expansion_arr", sa.Float),
    sa.Column("arr_at_risk", sa.Float),
    sa.Column("probabilities", sa.JSON, nullable=False),
    sa.Column("reasons", sa.JSON, nullable=False),
    sa.Index("scores_by_rank", "scoring_id", "rank"),
)
sa.Table(
    "decisions",
    baseline,
    sa.Column("scoring_id", sa.String(80), primary_key=True),
    sa.Column("account_id", sa.String(200), primary_key=True),
    sa.Column("play", sa.String(80), nullable=False),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("why", sa.Text, nullable=False),
    sa.Column("second", sa.String(80)),
    sa.Column("at_stake", sa.Float, nullable=False),
    sa.Column("standing", sa.String(40), nullable=False),
    sa.Column("place", sa.Integer),
    sa.Column("held_out", sa.Boolean, nullable=False),
    sa.Index("decisions_by_standing", "scoring_id", "standing"),
)
sa.Table(
    "input_names",
    baseline,
    sa.Column("scoring_id", sa.String(80), primary_key=True),
    sa.Column("names", sa.Text, nullable=False),
)
sa.Table(
    "inputs",
    baseline,
    sa.Column("scoring_id", sa.String(80), primary_key=True),
    sa.Column("account_id", sa.String(200), primary_key=True),
    sa.Column("given", sa.Text, nullable=False),
)
sa.Table(
    "forecasts",
    baseline,
    sa.Column("as_of", sa.Date, primary_key=True),
    sa.Column("data_fingerprint", sa.String(64), primary_key=True),
    sa.Column("created_at", sa.DateTime, nullable=False),
    sa.Column("document", sa.JSON, nullable=False),
)
sa.Table(
    "seat_forecasts",
    baseline,
    sa.Column("as_of", sa.Date, primary_key=True),
    sa.Column("data_fingerprint", sa.String(64), primary_key=True),
    sa.Column("account_id", sa.String(200), primary_key=True),
    sa.Column("days", sa.Integer, primary_key=True),
    sa.Column("seats", sa.Float, nullable=False),
    sa.Column("low", sa.Float, nullable=False),
    sa.Column("middle", sa.Float, nullable=False),
    sa.Column("high", sa.Float, nullable=False),
)
sa.Table(
    "feedback",
    baseline,
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("feedback_id", sa.String(32), nullable=False, unique=True),
    sa.Column("account_id", sa.String(200), nullable=False),
    sa.Column("play", sa.String(80)),
    sa.Column("scoring_id", sa.String(80)),
    sa.Column("action", sa.String(40), nullable=False),
    sa.Column("outcome", sa.String(40), nullable=False),
    sa.Column("amount", sa.Float),
    sa.Column("happened_on", sa.Date, nullable=False),
    sa.Column("by", sa.String(200), nullable=False),
    sa.Column("note", sa.Text),
    sa.Column("known_at", sa.DateTime, nullable=False),
    sa.Column("key_id", sa.String(12), nullable=False),
    sa.Column("digest", sa.String(64), nullable=False),
    sa.Index("feedback_by_account", "account_id", "number"),
)
sa.Table(
    "audit",
    baseline,
    sa.Column("event_id", sa.String(60), primary_key=True),
    sa.Column("account_id", sa.String(200), primary_key=True),
    sa.Column("at", sa.DateTime, nullable=False),
    sa.Column("key_id", sa.String(12), nullable=False),
    sa.Column("address", sa.String(60), nullable=False),
    sa.Column("asked", sa.String(200), nullable=False),
    sa.Column("status", sa.Integer, nullable=False),
    sa.Column("request_id", sa.String(64), nullable=False),
    sa.Index("audit_by_account", "account_id", "at"),
    sa.Index("audit_by_time", "at"),
)
sa.Table(
    "api_keys",
    baseline,
    sa.Column("key_id", sa.String(12), primary_key=True),
    sa.Column("name", sa.String(200), nullable=False),
    sa.Column("hash", sa.String(64), nullable=False),
    sa.Column("scopes", sa.JSON, nullable=False),
    sa.Column("created_at", sa.DateTime, nullable=False),
    sa.Column("expires_at", sa.DateTime, nullable=False),
    sa.Column("revoked_at", sa.DateTime),
    sa.Column("per_minute", sa.Integer),
    sa.Column("most_body_bytes", sa.Integer),
)
sa.Table(
    "outbox",
    baseline,
    sa.Column("message_id", sa.String(40), primary_key=True),
    sa.Column("endpoint", sa.String(80), primary_key=True),
    sa.Column("scoring_id", sa.String(80), nullable=False),
    sa.Column("account_id", sa.String(200)),
    sa.Column("event", sa.String(40), nullable=False),
    sa.Column("body", sa.Text, nullable=False),
    sa.Column("state", sa.String(20), nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("due_at", sa.DateTime, nullable=False),
    sa.Column("said", sa.Text, nullable=False),
    sa.Index("outbox_by_state", "state", "endpoint", "due_at"),
)
sa.Table(
    "outbox_noticed",
    baseline,
    sa.Column("scoring_id", sa.String(80), primary_key=True),
    sa.Column("noticed_at", sa.DateTime, nullable=False),
)
sa.Table(
    "outbox_switched_off",
    baseline,
    sa.Column("endpoint", sa.String(80), primary_key=True),
    sa.Column("at", sa.DateTime, nullable=False),
)
sa.Table(
    "erased",
    baseline,
    sa.Column("digest", sa.String(64), primary_key=True),
    sa.Column("kind", sa.String(20), nullable=False),
    sa.Column("erased_at", sa.DateTime, nullable=False),
)


def upgrade() -> None:
    """Make the tables that are missing."""
    _refuse_tables_of_others()
    baseline.create_all(op.get_bind())


def _refuse_tables_of_others() -> None:
    """Raise ``DataError`` for a table that has a name of ours and is none of ours."""
    inspector = sa.inspect(op.get_bind())
    for name in sorted(baseline.tables.keys() & set(inspector.get_table_names())):
        present = {column["name"] for column in inspector.get_columns(name)}
        if lacking := [
            column.name for column in baseline.tables[name].c if column.name not in present
        ]:
            raise DataError(
                f"the table {name} is not the score store's: it has no column "
                f"{', '.join(lacking)}; give the store a database or schema of its own"
            )
