"""What people see: Block Kit as Jinja2 templates, one folder a concept."""

from __future__ import annotations

from templates.engine import Templates, render
from templates.formats import Reader

__all__ = ["Reader", "Templates", "render"]
