"""What a model is called, where its server is not."""

from gantry.domain.catalog import EXTRACTIVE, ModelRef
from gantry.services.catalog import BUILT_IN_NAME
from gantry.state.language import said


def model_label(model: str) -> str:
    """Return the name of *model*, ``connection/name``; empty for none."""
    return said(BUILT_IN_NAME) if model == EXTRACTIVE else ModelRef.parse(model).name or model
