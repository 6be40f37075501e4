"""The model the next message goes to (assets/model-picker.jsx)."""

import reflex as rx

from gantry.state.views.chat import ModelChoiceView
from gantry.ui.components.local import text_event


class ModelPicker(rx.Component):
    """A button with the current model's name, and a searchable list."""

    library = "$/public/model-picker.jsx"
    tag = "ModelPicker"

    models: rx.Var[list[ModelChoiceView]]
    current: rx.Var[str]

    on_choose: rx.EventHandler[text_event]
    """With the id of the model."""


model_picker = ModelPicker.create
