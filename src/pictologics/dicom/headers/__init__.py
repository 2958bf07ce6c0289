"""A file to its header: the attributes that count, parsed by a small parser of our own or by pydicom."""
