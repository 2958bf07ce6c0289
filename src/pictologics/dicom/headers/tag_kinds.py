"""Kinds of attributes: those that a header keeps, those that it only locates, and those that are stored in binary."""

from __future__ import annotations

from typing import Final

from . import tags

LOCATED: Final = frozenset(
    {
        tags.SIEMENS_CSA_IMAGE_HEADER_INFO,
        tags.UIH_SLICE_SEQUENCE,
        tags.EXTENDED_OFFSET_TABLE,
        tags.MODALITY_LUT_SEQUENCE,
        tags.SEQUENCE_OF_ULTRASOUND_REGIONS,
        tags.RADIOPHARMACEUTICAL_INFORMATION_SEQUENCE,
        tags.DETECTOR_INFORMATION_SEQUENCE,
        tags.DIMENSION_INDEX_SEQUENCE,
        tags.SEGMENT_SEQUENCE,
        tags.SHARED_FUNCTIONAL_GROUPS_SEQUENCE,
        tags.PER_FRAME_FUNCTIONAL_GROUPS_SEQUENCE,
        tags.STRUCTURE_SET_ROI_SEQUENCE,
        tags.ROI_CONTOUR_SEQUENCE,
        tags.RT_ROI_OBSERVATIONS_SEQUENCE,
        tags.REFERENCED_SERIES_SEQUENCE,
        tags.REFERENCED_FRAME_OF_REFERENCE_SEQUENCE,
        tags.REFERENCED_RT_PLAN_SEQUENCE,
        tags.REFERENCED_STRUCTURE_SET_SEQUENCE,
    }
)
"""Long values and sequences: a header knows where they are, and they are read when they are needed."""

READ_WITH_HEADER: Final = frozenset(
    {
        tags.SEGMENT_SEQUENCE,
        tags.STRUCTURE_SET_ROI_SEQUENCE,
        tags.RT_ROI_OBSERVATIONS_SEQUENCE,
        tags.RADIOPHARMACEUTICAL_INFORMATION_SEQUENCE,
    }
)
"""Of these, what only some kinds of files have, whose readers need it: read while the file is open anyway."""

GROUP_SEQUENCES: Final = frozenset(
    {
        0x00189112,  # MRTimingAndRelatedParametersSequence: FlipAngle
        0x00189114,  # MREchoSequence: EffectiveEchoTime
        0x00189115,  # MRModifierSequence: InversionTimes
        0x00189006,  # MRImagingModifierSequence: MagnetizationTransfer
        0x00189042,  # MRReceiveCoilSequence: ReceiveCoilName
        0x00189117,  # MRDiffusionSequence: DiffusionBValue
        0x00189076,  # DiffusionGradientDirectionSequence: DiffusionGradientOrientation
        0x00189118,  # CardiacSynchronizationSequence: NominalPercentageOfCardiacPhase
        0x00189226,  # MRImageFrameTypeSequence: FrameType, ComplexImageComponent
        0x00189197,  # MRVelocityEncodingSequence: VelocityEncodingDirection
        0x00189251,  # MRArterialSpinLabelingSequence: ASLContext
        0x00189314,  # CTReconstructionSequence: ConvolutionKernel
        0x00189325,  # CTXRayDetailsSequence: KVP
        0x00189329,  # CTImageFrameTypeSequence: FrameType
        0x00189341,  # ContrastBolusUsageSequence: ContrastBolusAgentPhase
        0x00189363,  # MultienergyCTProcessingSequence: MonoenergeticEnergyEquivalent
        0x00189364,  # MultienergyCTCharacteristicsSequence: MonoenergeticEnergyEquivalent
        0x00189504,  # XRay3DFrameTypeSequence: FrameType
        0x00189751,  # PETFrameTypeSequence: FrameType
        0x00209111,  # FrameContentSequence: StackID, TemporalPositionIndex, DimensionIndexValues, FrameLabel
        0x00209113,  # PlanePositionSequence: ImagePositionPatient
        0x00209116,  # PlaneOrientationSequence: ImageOrientationPatient
        0x00209253,  # RespiratorySynchronizationSequence: NominalPercentageOfRespiratoryPhase
        0x00209310,  # TemporalPositionSequence: TemporalPositionTimeOffset
        0x0020930E,  # PlanePositionVolumeSequence: ImagePositionVolume
        0x0020930F,  # PlaneOrientationVolumeSequence: ImageOrientationVolume
        0x00289443,  # FramePixelDataPropertiesSequence: FrameType, ImagerPixelSpacing
        0x00289110,  # PixelMeasuresSequence: PixelSpacing
        0x00289145,  # PixelValueTransformationSequence: RescaleSlope
        0x00409096,  # RealWorldValueMappingSequence: RealWorldValueSlope
        0x004008EA,  # MeasurementUnitsCodeSequence: CodeValue
        0x0062000A,  # SegmentIdentificationSequence: ReferencedSegmentNumber
    }
)
"""Sequences of a functional group whose items hold attributes that are wanted (DICOM PS3.3 C.7.6.16)."""

BINARY: Final = {
    tags.REGION_LOCATION_MIN_X0: "I",
    tags.REGION_LOCATION_MIN_Y0: "I",
    tags.REGION_LOCATION_MAX_X1: "I",
    tags.REGION_LOCATION_MAX_Y1: "I",
    tags.PHYSICAL_DELTA_X: "d",
    tags.PHYSICAL_DELTA_Y: "d",
    tags.IMAGE_POSITION_VOLUME: "d",
    tags.IMAGE_ORIENTATION_VOLUME: "d",
    tags.TOTAL_PIXEL_MATRIX_COLUMNS: "I",
    tags.TOTAL_PIXEL_MATRIX_ROWS: "I",
    tags.INVERSION_TIMES: "d",
    tags.EFFECTIVE_ECHO_TIME: "d",
    tags.DIFFUSION_B_VALUE: "d",
    tags.DIFFUSION_GRADIENT_ORIENTATION: "d",
    tags.VELOCITY_ENCODING_DIRECTION: "d",
    tags.VELOCITY_ENCODING_MAXIMUM_VALUE: "d",
    tags.MONOENERGETIC_ENERGY_EQUIVALENT: "d",
    tags.FRAME_ACQUISITION_NUMBER: "H",
    tags.IN_STACK_POSITION_NUMBER: "I",
    tags.DIMENSION_INDEX_VALUES: "I",
    tags.DIMENSION_INDEX_POINTER: "H",
    tags.NOMINAL_PERCENTAGE_OF_RESPIRATORY_PHASE: "f",
    tags.NOMINAL_RESPIRATORY_TRIGGER_DELAY_TIME: "d",
    tags.NUMBER_OF_SLICES: "H",
    tags.IMAGE_INDEX: "H",
    tags.FRAME_INCREMENT_POINTER: "H",
    tags.TEMPORAL_POSITION_INDEX: "I",
    tags.NOMINAL_CARDIAC_TRIGGER_DELAY_TIME: "d",
    tags.NOMINAL_PERCENTAGE_OF_CARDIAC_PHASE: "f",
    tags.TEMPORAL_POSITION_TIME_OFFSET: "d",
    tags.REAL_WORLD_VALUE_LUT_DATA: "d",
    tags.REAL_WORLD_VALUE_INTERCEPT: "d",
    tags.REAL_WORLD_VALUE_SLOPE: "d",
    tags.ENERGY_WINDOW_VECTOR: "H",
    tags.DETECTOR_VECTOR: "H",
    tags.PHASE_VECTOR: "H",
    tags.ROTATION_VECTOR: "H",
    tags.SLICE_VECTOR: "H",
    tags.ANGULAR_VIEW_VECTOR: "H",
    tags.TIME_SLICE_VECTOR: "H",
    tags.RR_INTERVAL_VECTOR: "H",
    tags.TIME_SLOT_VECTOR: "H",
    tags.SIEMENS_SLICES_IN_MOSAIC: "H",
    tags.SIEMENS_GRADIENT_DIRECTION: "d",
    tags.GE_IMAGE_KIND: "h",
    tags.UIH_B_VALUE: "d",
    tags.UIH_GRADIENT_DIRECTION: "d",
    tags.PHILIPS_B_VALUE: "f",
    tags.PHILIPS_GRADIENT_X: "f",
    tags.PHILIPS_GRADIENT_Y: "f",
    tags.PHILIPS_GRADIENT_Z: "f",
}
"""Numeric attributes that are not text, with the letter of their type in ``struct``."""

FRAME_VECTORS: Final = frozenset(
    {
        tags.ENERGY_WINDOW_VECTOR,
        tags.DETECTOR_VECTOR,
        tags.PHASE_VECTOR,
        tags.ROTATION_VECTOR,
        tags.RR_INTERVAL_VECTOR,
        tags.TIME_SLOT_VECTOR,
        tags.SLICE_VECTOR,
        tags.ANGULAR_VIEW_VECTOR,
        tags.TIME_SLICE_VECTOR,
    }
)
"""Attributes of nuclear medicine with one value for each frame (DICOM PS3.3 C.8.4.8)."""

PIXEL_TAGS: Final = frozenset({tags.FLOAT_PIXEL_DATA, tags.DOUBLE_FLOAT_PIXEL_DATA, tags.PIXEL_DATA})
"""Attributes that hold pixels, of which a file has one; a parser stops there."""

PET_CLASSES: Final = frozenset(b"1.2.840.10008.5.1.4.1.1." + end for end in (b"128", b"128.1", b"130"))
"""SOP classes of PET: plain, converted from plain, and enhanced (DICOM PS3.4 B.5)."""

PET_BLOCKS: Final = frozenset(
    group << 16 | element
    for group, offsets in ((0x0009, (0x0D,)), (0x7053, (0x00, 0x09)))
    for block in range(0x10, 0x100)
    for element in (block, *(block << 8 | offset for offset in offsets))
)
"""What GE and Philips say of PET, with the name of each block that it may stand in (DICOM PS3.5 7.8.1)."""

OF_PET: Final = PET_BLOCKS | {
    tags.SERIES_DATE,
    tags.ACQUISITION_DATE,
    tags.SERIES_TIME,
    tags.TIMEZONE_OFFSET_FROM_UTC,
    tags.PATIENT_SEX,
    tags.PATIENT_SIZE,
    tags.PATIENT_WEIGHT,
    tags.RADIOPHARMACEUTICAL_START_TIME,
    tags.RADIONUCLIDE_TOTAL_DOSE,
    tags.RADIONUCLIDE_HALF_LIFE,
    tags.RADIOPHARMACEUTICAL_START_DATE_TIME,
    tags.ACTUAL_FRAME_DURATION,
    tags.DECAY_CORRECTION_DATE_TIME,
    tags.DECAY_CORRECTED,
    tags.ATTENUATION_CORRECTED,
    tags.CORRECTED_IMAGE,
    tags.RADIOPHARMACEUTICAL_INFORMATION_SEQUENCE,
    tags.SUV_TYPE,
    tags.DECAY_CORRECTION,
}
"""Attributes that uptake values need: only headers of PET keep them, as slices of all kinds have some of them."""

WANTED: Final = frozenset(tags.KEYWORDS) - GROUP_SEQUENCES - OF_PET
"""The attributes that a header keeps."""
