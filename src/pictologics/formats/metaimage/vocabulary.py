"""The words of a MetaImage header and what they stand for."""

from __future__ import annotations

from typing import Final

import numpy as np

__all__ = ["LAST_FIELD", "LONE_FIELDS", "METAIMAGE_MODALITIES", "METAIMAGE_TYPES", "REFUSED_PREFIXES", "TYPES_WRITTEN"]

LAST_FIELD: Final = "ElementDataFile"
"""The field that must end every header: data, or a list of files, may follow its line."""

LONE_FIELDS: Final = frozenset({
    "ObjectType", "NDims", "DimSize", "BinaryData", "BinaryDataByteOrderMSB", "ElementByteOrderMSB", "CompressedData",
    "CompressedDataSize", "HeaderSize", "TransformMatrix", "Rotation", "Orientation", "Offset", "Position", "Origin",
    "AnatomicalOrientation", "ElementSpacing", "ElementSize", "DistanceUnits", "ElementNumberOfChannels", "ElementType",
    "ElementToIntensityFunctionSlope", "ElementToIntensityFunctionOffset", "Modality", LAST_FIELD,
})  # fmt: skip
"""Fields that say what the voxels are and where they lie: two that differ contradict each other."""

TYPES_WRITTEN: Final[dict[str, np.dtype[np.generic]]] = {
    "MET_CHAR": np.dtype(np.int8),
    "MET_UCHAR": np.dtype(np.uint8),
    "MET_SHORT": np.dtype(np.int16),
    "MET_USHORT": np.dtype(np.uint16),
    "MET_INT": np.dtype(np.int32),
    "MET_UINT": np.dtype(np.uint32),
    "MET_LONG_LONG": np.dtype(np.int64),
    "MET_ULONG_LONG": np.dtype(np.uint64),
    "MET_FLOAT": np.dtype(np.float32),
    "MET_DOUBLE": np.dtype(np.float64),
}
"""``ElementType`` of files that are written here: one name for each type."""

METAIMAGE_TYPES: Final[dict[str, np.dtype[np.generic]]] = {
    **TYPES_WRITTEN,
    # Four bytes whatever a machine's "long" is.
    "MET_LONG": np.dtype(np.int32),
    "MET_ULONG": np.dtype(np.uint32),
}
"""``ElementType`` of real scalars; with ``_ARRAY`` there are several for each voxel."""

REFUSED_PREFIXES: Final = ("MET_STRING", "MET_ASCII", "MET_OTHER", "MET_NONE", "MET_FLOAT_MATRIX")
"""How an ``ElementType`` begins that the documentation has and that is not of numbers."""

METAIMAGE_MODALITIES: Final = {"MET_MOD_CT": "CT", "MET_MOD_MR": "MR", "MET_MOD_NM": "NM", "MET_MOD_US": "US"}
"""``Modality`` and the DICOM modality that it stands for."""
