"""Thin Reflex states and the view values a browser may see."""
