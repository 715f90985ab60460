"""What Alembic runs: the revisions, within the transaction of its caller."""

from alembic import context

from models.store.migrations.version import VERSION_TABLE

context.configure(
    connection=context.config.attributes["connection"],
    version_table=VERSION_TABLE,
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
