"""PET in standardized uptake values, after the vendor-neutral rules of QIBA.

- ``pet_values``: the raw values of those attributes, from the header or through pydicom.
- ``pet_attributes``: text of DICOM attributes -> numbers, dates and times, with errors that name the attribute.
- ``pet_facts``: what each file says of dose, times and patient, checked to agree over the series.
- ``decay``: the share of the injected dose that was left at the moment to which the scanner corrected decay.
- ``uptake``: the factor to uptake values, folded into the slope and intercept of each plane.
"""
