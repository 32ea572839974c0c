"""What is kept: the engine, its tables and their migrations, retention, backup and history. No rules live here."""
