"""One page that shows what became of the cases of a run: their pictures, their numbers, and what went wrong."""
