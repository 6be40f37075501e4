"""Calls to servers, and the words in which they refuse."""
