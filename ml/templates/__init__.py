"""Templates of messages: which of them are the same but for the parts that change."""

from __future__ import annotations

from ml.templates._batch import find_templates
from ml.templates._ids import id_of_masked, masked, template_id

__all__ = ["find_templates", "id_of_masked", "masked", "template_id"]
