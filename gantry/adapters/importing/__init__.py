"""Exports of other products: opened by content, read by one module for each product."""

from gantry.adapters.importing.opening import ExportFiles

__all__ = ["ExportFiles"]
