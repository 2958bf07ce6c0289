"""File -> Header: the attributes that count, read fast.

``header_reading`` is the entrance. ``element_parser`` and ``sequence_parser`` parse, after the rules in ``encoding``;
``pydicom_fallback`` takes over what they do not understand, and ``full_dataset`` reads what a header does not keep:
both through ``pydicom_edge``. ``header`` and ``attributes`` hold what was read, under the names in ``tags``.
``functional_groups`` flattens sequences, ``siemens_csa`` reads a format within the format, ``scanning`` and
``dicomdir`` find files.
"""
