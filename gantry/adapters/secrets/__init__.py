"""Hashing passwords, encrypting keys."""
