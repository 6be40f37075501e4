"""Use cases; they speak to protocols and transactions."""
