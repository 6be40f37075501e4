"""Gantry: a self-hosted AI chat."""

__version__ = "26.11.0"
