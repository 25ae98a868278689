"""The output directory: tables, lock and checkpoint."""
