"""What the commands do, a file each; imported when a command runs, so that help and version come at once."""

from __future__ import annotations

from ...public_names import attach_stub

__getattr__, __dir__, __all__ = attach_stub(__name__)
