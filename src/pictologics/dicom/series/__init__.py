"""Headers to volumes: which series is meant, and which of its frames are one volume."""
