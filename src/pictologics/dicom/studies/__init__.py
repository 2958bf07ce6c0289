"""What belongs together among the objects of studies, and what stands in place of their identifiers."""
