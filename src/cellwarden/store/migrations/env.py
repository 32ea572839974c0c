"""Alembic runs this for each upgrade: in the transaction of the connection that was handed over."""

from alembic import context

from cellwarden.store.tables import METADATA

context.configure(connection=context.config.attributes["connection"], target_metadata=METADATA, transactional_ddl=True)
context.run_migrations()
