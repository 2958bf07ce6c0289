"""The attributes that loading needs, by the names of the standard's data dictionary (DICOM PS3.6)."""

from __future__ import annotations

from typing import Final

TRANSFER_SYNTAX_UID: Final = 0x00020010
SPECIFIC_CHARACTER_SET: Final = 0x00080005
IMAGE_TYPE: Final = 0x00080008
SOP_CLASS_UID: Final = 0x00080016
SOP_INSTANCE_UID: Final = 0x00080018
SERIES_DATE: Final = 0x00080021
ACQUISITION_DATE: Final = 0x00080022
ACQUISITION_DATE_TIME: Final = 0x0008002A
SERIES_TIME: Final = 0x00080031
ACQUISITION_TIME: Final = 0x00080032
CONTENT_TIME: Final = 0x00080033
MODALITY: Final = 0x00080060
MANUFACTURER: Final = 0x00080070
CODE_VALUE: Final = 0x00080100
SERIES_DESCRIPTION: Final = 0x0008103E
FRAME_TYPE: Final = 0x00089007
COMPLEX_IMAGE_COMPONENT: Final = 0x00089208
SLICE_THICKNESS: Final = 0x00180050
ECHO_TIME: Final = 0x00180081
INVERSION_TIME: Final = 0x00180082
ECHO_NUMBERS: Final = 0x00180086
SPACING_BETWEEN_SLICES: Final = 0x00180088
TRIGGER_TIME: Final = 0x00181060
GANTRY_DETECTOR_TILT: Final = 0x00181120
IMAGER_PIXEL_SPACING: Final = 0x00181164
FLIP_ANGLE: Final = 0x00181314
NOMINAL_SCANNED_PIXEL_SPACING: Final = 0x00182010
FRAME_ACQUISITION_DATE_TIME: Final = 0x00189074
INVERSION_TIMES: Final = 0x00189079
EFFECTIVE_ECHO_TIME: Final = 0x00189082
DIFFUSION_B_VALUE: Final = 0x00189087
DIFFUSION_GRADIENT_ORIENTATION: Final = 0x00189089
STUDY_INSTANCE_UID: Final = 0x0020000D
SERIES_INSTANCE_UID: Final = 0x0020000E
SERIES_NUMBER: Final = 0x00200011
ACQUISITION_NUMBER: Final = 0x00200012
INSTANCE_NUMBER: Final = 0x00200013
IMAGE_POSITION_PATIENT: Final = 0x00200032
IMAGE_ORIENTATION_PATIENT: Final = 0x00200037
FRAME_OF_REFERENCE_UID: Final = 0x00200052
TEMPORAL_POSITION_IDENTIFIER: Final = 0x00200100
STACK_ID: Final = 0x00209056
TEMPORAL_POSITION_INDEX: Final = 0x00209128
NOMINAL_CARDIAC_TRIGGER_DELAY_TIME: Final = 0x00209153
NOMINAL_PERCENTAGE_OF_CARDIAC_PHASE: Final = 0x00209241
TEMPORAL_POSITION_TIME_OFFSET: Final = 0x0020930D
SAMPLES_PER_PIXEL: Final = 0x00280002
PHOTOMETRIC_INTERPRETATION: Final = 0x00280004
PLANAR_CONFIGURATION: Final = 0x00280006
NUMBER_OF_FRAMES: Final = 0x00280008
FRAME_INCREMENT_POINTER: Final = 0x00280009
ROWS: Final = 0x00280010
COLUMNS: Final = 0x00280011
PIXEL_SPACING: Final = 0x00280030
BITS_ALLOCATED: Final = 0x00280100
BITS_STORED: Final = 0x00280101
HIGH_BIT: Final = 0x00280102
PIXEL_REPRESENTATION: Final = 0x00280103
PIXEL_PADDING_VALUE: Final = 0x00280120
PIXEL_PADDING_RANGE_LIMIT: Final = 0x00280121
RESCALE_INTERCEPT: Final = 0x00281052
RESCALE_SLOPE: Final = 0x00281053
RESCALE_TYPE: Final = 0x00281054
MODALITY_LUT_SEQUENCE: Final = 0x00283000
REAL_WORLD_VALUE_INTERCEPT: Final = 0x00409224
REAL_WORLD_VALUE_SLOPE: Final = 0x00409225
ENERGY_WINDOW_VECTOR: Final = 0x00540010
DETECTOR_VECTOR: Final = 0x00540020
DETECTOR_INFORMATION_SEQUENCE: Final = 0x00540022
PHASE_VECTOR: Final = 0x00540030
ROTATION_VECTOR: Final = 0x00540050
SLICE_VECTOR: Final = 0x00540080
ANGULAR_VIEW_VECTOR: Final = 0x00540090
TIME_SLICE_VECTOR: Final = 0x00540100
UNITS: Final = 0x00541001
DOSE_UNITS: Final = 0x30040002
GRID_FRAME_OFFSET_VECTOR: Final = 0x3004000C
DOSE_GRID_SCALING: Final = 0x3004000E
SHARED_FUNCTIONAL_GROUPS_SEQUENCE: Final = 0x52009229
PER_FRAME_FUNCTIONAL_GROUPS_SEQUENCE: Final = 0x52009230
FLOAT_PIXEL_DATA: Final = 0x7FE00008
DOUBLE_FLOAT_PIXEL_DATA: Final = 0x7FE00009
PIXEL_DATA: Final = 0x7FE00010

# Private attributes: what a vendor writes where the standard has no place for it.
SIEMENS_MR_HEADER: Final = 0x00190010
SIEMENS_SLICES_IN_MOSAIC: Final = 0x0019100A
SIEMENS_B_VALUE: Final = 0x0019100C
SIEMENS_GRADIENT_DIRECTION: Final = 0x0019100E
SIEMENS_CSA_HEADER: Final = 0x00290010
SIEMENS_CSA_IMAGE_HEADER_INFO: Final = 0x00291010
GE_GRADIENT_X: Final = 0x001910BB
GE_GRADIENT_Y: Final = 0x001910BC
GE_GRADIENT_Z: Final = 0x001910BD
GE_PARAMETERS: Final = 0x00430010
GE_B_VALUE: Final = 0x00431039
PHILIPS_IMAGING: Final = 0x20010010
PHILIPS_B_VALUE: Final = 0x20011003

LOCATED: Final = frozenset(
    {
        SIEMENS_CSA_IMAGE_HEADER_INFO,
        MODALITY_LUT_SEQUENCE,
        DETECTOR_INFORMATION_SEQUENCE,
        SHARED_FUNCTIONAL_GROUPS_SEQUENCE,
        PER_FRAME_FUNCTIONAL_GROUPS_SEQUENCE,
    }
)
"""Of these a header only knows where they are."""

GROUP_SEQUENCES: Final = frozenset(
    {
        0x00189112,  # MRTimingAndRelatedParametersSequence: FlipAngle
        0x00189114,  # MREchoSequence: EffectiveEchoTime
        0x00189115,  # MRModifierSequence: InversionTimes
        0x00189117,  # MRDiffusionSequence: DiffusionBValue
        0x00189076,  # DiffusionGradientDirectionSequence: DiffusionGradientOrientation
        0x00189118,  # CardiacSynchronizationSequence: NominalPercentageOfCardiacPhase
        0x00189226,  # MRImageFrameTypeSequence: FrameType, ComplexImageComponent
        0x00189329,  # CTImageFrameTypeSequence: FrameType
        0x00189504,  # XRay3DFrameTypeSequence: FrameType
        0x00189751,  # PETFrameTypeSequence: FrameType
        0x00209111,  # FrameContentSequence: StackID, TemporalPositionIndex, FrameAcquisitionDateTime
        0x00209113,  # PlanePositionSequence: ImagePositionPatient
        0x00209116,  # PlaneOrientationSequence: ImageOrientationPatient
        0x00209310,  # TemporalPositionSequence: TemporalPositionTimeOffset
        0x00289110,  # PixelMeasuresSequence: PixelSpacing
        0x00289145,  # PixelValueTransformationSequence: RescaleSlope
        0x00409096,  # RealWorldValueMappingSequence: RealWorldValueSlope
        0x004008EA,  # MeasurementUnitsCodeSequence: CodeValue
    }
)
"""Sequences of a functional group whose items hold attributes that are wanted (DICOM PS3.3 C.7.6.16)."""

BINARY: Final = {
    INVERSION_TIMES: "d",
    EFFECTIVE_ECHO_TIME: "d",
    DIFFUSION_B_VALUE: "d",
    DIFFUSION_GRADIENT_ORIENTATION: "d",
    FRAME_INCREMENT_POINTER: "H",
    TEMPORAL_POSITION_INDEX: "I",
    NOMINAL_CARDIAC_TRIGGER_DELAY_TIME: "d",
    NOMINAL_PERCENTAGE_OF_CARDIAC_PHASE: "f",
    TEMPORAL_POSITION_TIME_OFFSET: "d",
    REAL_WORLD_VALUE_INTERCEPT: "d",
    REAL_WORLD_VALUE_SLOPE: "d",
    ENERGY_WINDOW_VECTOR: "H",
    DETECTOR_VECTOR: "H",
    PHASE_VECTOR: "H",
    ROTATION_VECTOR: "H",
    SLICE_VECTOR: "H",
    ANGULAR_VIEW_VECTOR: "H",
    TIME_SLICE_VECTOR: "H",
    SIEMENS_GRADIENT_DIRECTION: "d",
    PHILIPS_B_VALUE: "f",
}
"""Numeric attributes that are not text, with the letter of their type in :mod:`struct`."""

FRAME_VECTORS: Final = frozenset(
    {
        ENERGY_WINDOW_VECTOR,
        DETECTOR_VECTOR,
        PHASE_VECTOR,
        ROTATION_VECTOR,
        SLICE_VECTOR,
        ANGULAR_VIEW_VECTOR,
        TIME_SLICE_VECTOR,
    }
)
"""Attributes of nuclear medicine with one value for each frame (DICOM PS3.3 C.8.4.8)."""

PIXEL_TAGS: Final = frozenset({FLOAT_PIXEL_DATA, DOUBLE_FLOAT_PIXEL_DATA, PIXEL_DATA})

NAMES: Final = {
    value: name.title().replace("_", "").replace("Uid", "UID").replace("Sop", "SOP")
    for name, value in list(globals().items())
    if name.isupper() and isinstance(value, int)
}
"""Keyword of each attribute above, for messages: ``NAMES[ROWS] == "Rows"``."""

WANTED: Final = frozenset(NAMES)
"""The attributes that a header keeps."""
