"""Judges every series of a cohort: from its tables alone, or by decoding its pixels as well."""
