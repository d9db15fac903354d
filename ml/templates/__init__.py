"""Templates of messages: which of them are the same but for the parts that change."""

from __future__ import annotations

from ml.templates._batch import find_templates
from ml.templates._ids import masked, template_id
from ml.templates._online import MAX_TEXTS, Miner, UnreadableState

__all__ = ["MAX_TEXTS", "Miner", "UnreadableState", "find_templates", "masked", "template_id"]
