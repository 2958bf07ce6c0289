"""Uptake values of PET: the facts that a header states, and the factor that follows from them."""
