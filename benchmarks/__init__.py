"""How fast and how lean pictologics is, beside its peers; ``python -m benchmarks`` runs everything."""
