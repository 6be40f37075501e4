"""The same within one process."""
