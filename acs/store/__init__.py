"""Everything that must outlive the process: one set of store classes over SQLite or PostgreSQL."""
