"""Steps between loading an image and measuring it, by themselves and as a pipeline; each returns new images.

Names are imported when they are first used: whoever only loads images does not wait for the filters.
"""

from __future__ import annotations

from ..public_names import attach_stub

__getattr__, __dir__, __all__ = attach_stub(__name__)
