"""Conversations as pages, PDF and ZIP."""
