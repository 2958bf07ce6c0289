"""Names: the tags of the attributes that loading needs, called as in the data dictionary (DICOM PS3.6)."""

from __future__ import annotations

from typing import Final

KEYWORDS: Final[dict[int, str]] = {}
"""Keyword of each attribute below, for messages: ``KEYWORDS[ROWS] == "Rows"``."""


def define(tag: int, keyword: str) -> int:
    """Enter an attribute into ``KEYWORDS``; returns its tag."""
    KEYWORDS[tag] = keyword
    return tag


MEDIA_STORAGE_SOP_CLASS_UID: Final = define(0x00020002, "MediaStorageSOPClassUID")
TRANSFER_SYNTAX_UID: Final = define(0x00020010, "TransferSyntaxUID")
SPECIFIC_CHARACTER_SET: Final = define(0x00080005, "SpecificCharacterSet")
IMAGE_TYPE: Final = define(0x00080008, "ImageType")
SOP_CLASS_UID: Final = define(0x00080016, "SOPClassUID")
SOP_INSTANCE_UID: Final = define(0x00080018, "SOPInstanceUID")
ACQUISITION_DATE_TIME: Final = define(0x0008002A, "AcquisitionDateTime")
ACQUISITION_TIME: Final = define(0x00080032, "AcquisitionTime")
CONTENT_TIME: Final = define(0x00080033, "ContentTime")
MODALITY: Final = define(0x00080060, "Modality")
MANUFACTURER: Final = define(0x00080070, "Manufacturer")
CODE_VALUE: Final = define(0x00080100, "CodeValue")
CODING_SCHEME_DESIGNATOR: Final = define(0x00080102, "CodingSchemeDesignator")
CODE_MEANING: Final = define(0x00080104, "CodeMeaning")
LONG_CODE_VALUE: Final = define(0x00080119, "LongCodeValue")
URN_CODE_VALUE: Final = define(0x00080120, "URNCodeValue")
REFERENCED_SOP_INSTANCE_UID: Final = define(0x00081155, "ReferencedSOPInstanceUID")
REFERENCED_FRAME_NUMBER: Final = define(0x00081160, "ReferencedFrameNumber")
SOURCE_IMAGE_SEQUENCE: Final = 0x00082112
DERIVATION_IMAGE_SEQUENCE: Final = 0x00089124
SERIES_DESCRIPTION: Final = define(0x0008103E, "SeriesDescription")
DERIVATION_DESCRIPTION: Final = define(0x00082111, "DerivationDescription")
FRAME_TYPE: Final = define(0x00089007, "FrameType")
COMPLEX_IMAGE_COMPONENT: Final = define(0x00089208, "ComplexImageComponent")
PATIENT_ID: Final = define(0x00100020, "PatientID")
CONTRAST_BOLUS_AGENT: Final = define(0x00180010, "ContrastBolusAgent")
SEQUENCE_NAME: Final = define(0x00180024, "SequenceName")
SLICE_THICKNESS: Final = define(0x00180050, "SliceThickness")
KVP: Final = define(0x00180060, "KVP")
REPETITION_TIME: Final = define(0x00180080, "RepetitionTime")
ECHO_TIME: Final = define(0x00180081, "EchoTime")
INVERSION_TIME: Final = define(0x00180082, "InversionTime")
ECHO_NUMBERS: Final = define(0x00180086, "EchoNumbers")
SPACING_BETWEEN_SLICES: Final = define(0x00180088, "SpacingBetweenSlices")
TRIGGER_TIME: Final = define(0x00181060, "TriggerTime")
IMAGER_PIXEL_SPACING: Final = define(0x00181164, "ImagerPixelSpacing")
CONVOLUTION_KERNEL: Final = define(0x00181210, "ConvolutionKernel")
RECEIVE_COIL_NAME: Final = define(0x00181250, "ReceiveCoilName")
IN_PLANE_PHASE_ENCODING_DIRECTION: Final = define(0x00181312, "InPlanePhaseEncodingDirection")
FLIP_ANGLE: Final = define(0x00181314, "FlipAngle")
NOMINAL_SCANNED_PIXEL_SPACING: Final = define(0x00182010, "NominalScannedPixelSpacing")
SEQUENCE_OF_ULTRASOUND_REGIONS: Final = define(0x00186011, "SequenceOfUltrasoundRegions")
REGION_SPATIAL_FORMAT: Final = define(0x00186012, "RegionSpatialFormat")
REGION_LOCATION_MIN_X0: Final = define(0x00186018, "RegionLocationMinX0")
REGION_LOCATION_MIN_Y0: Final = define(0x0018601A, "RegionLocationMinY0")
REGION_LOCATION_MAX_X1: Final = define(0x0018601C, "RegionLocationMaxX1")
REGION_LOCATION_MAX_Y1: Final = define(0x0018601E, "RegionLocationMaxY1")
PHYSICAL_UNITS_X_DIRECTION: Final = define(0x00186024, "PhysicalUnitsXDirection")
PHYSICAL_UNITS_Y_DIRECTION: Final = define(0x00186026, "PhysicalUnitsYDirection")
PHYSICAL_DELTA_X: Final = define(0x0018602C, "PhysicalDeltaX")
PHYSICAL_DELTA_Y: Final = define(0x0018602E, "PhysicalDeltaY")
MAGNETIZATION_TRANSFER: Final = define(0x00189020, "MagnetizationTransfer")
FRAME_ACQUISITION_DATE_TIME: Final = define(0x00189074, "FrameAcquisitionDateTime")
INVERSION_TIMES: Final = define(0x00189079, "InversionTimes")
EFFECTIVE_ECHO_TIME: Final = define(0x00189082, "EffectiveEchoTime")
DIFFUSION_B_VALUE: Final = define(0x00189087, "DiffusionBValue")
DIFFUSION_GRADIENT_ORIENTATION: Final = define(0x00189089, "DiffusionGradientOrientation")
VELOCITY_ENCODING_DIRECTION: Final = define(0x00189090, "VelocityEncodingDirection")
VELOCITY_ENCODING_MAXIMUM_VALUE: Final = define(0x00189217, "VelocityEncodingMaximumValue")
ASL_CONTEXT: Final = define(0x00189257, "ASLContext")
CONTRAST_BOLUS_AGENT_PHASE: Final = define(0x00189344, "ContrastBolusAgentPhase")
MONOENERGETIC_ENERGY_EQUIVALENT: Final = define(0x0018937C, "MonoenergeticEnergyEquivalent")
SERIES_INSTANCE_UID: Final = define(0x0020000E, "SeriesInstanceUID")
SERIES_NUMBER: Final = define(0x00200011, "SeriesNumber")
ACQUISITION_NUMBER: Final = define(0x00200012, "AcquisitionNumber")
INSTANCE_NUMBER: Final = define(0x00200013, "InstanceNumber")
IMAGE_POSITION_PATIENT: Final = define(0x00200032, "ImagePositionPatient")
IMAGE_ORIENTATION_PATIENT: Final = define(0x00200037, "ImageOrientationPatient")
FRAME_OF_REFERENCE_UID: Final = define(0x00200052, "FrameOfReferenceUID")
SLICE_LOCATION: Final = define(0x00201041, "SliceLocation")
TEMPORAL_POSITION_IDENTIFIER: Final = define(0x00200100, "TemporalPositionIdentifier")
STACK_ID: Final = define(0x00209056, "StackID")
TEMPORAL_POSITION_INDEX: Final = define(0x00209128, "TemporalPositionIndex")
NOMINAL_CARDIAC_TRIGGER_DELAY_TIME: Final = define(0x00209153, "NominalCardiacTriggerDelayTime")
FRAME_ACQUISITION_NUMBER: Final = define(0x00209156, "FrameAcquisitionNumber")
DIMENSION_INDEX_VALUES: Final = define(0x00209157, "DimensionIndexValues")
DIMENSION_INDEX_POINTER: Final = define(0x00209165, "DimensionIndexPointer")
DIMENSION_INDEX_SEQUENCE: Final = define(0x00209222, "DimensionIndexSequence")
NOMINAL_PERCENTAGE_OF_CARDIAC_PHASE: Final = define(0x00209241, "NominalPercentageOfCardiacPhase")
NOMINAL_PERCENTAGE_OF_RESPIRATORY_PHASE: Final = define(0x00209245, "NominalPercentageOfRespiratoryPhase")
NOMINAL_RESPIRATORY_TRIGGER_DELAY_TIME: Final = define(0x00209255, "NominalRespiratoryTriggerDelayTime")
IMAGE_POSITION_VOLUME: Final = define(0x00209301, "ImagePositionVolume")
IMAGE_ORIENTATION_VOLUME: Final = define(0x00209302, "ImageOrientationVolume")
TEMPORAL_POSITION_TIME_OFFSET: Final = define(0x0020930D, "TemporalPositionTimeOffset")
DIMENSION_DESCRIPTION_LABEL: Final = define(0x00209421, "DimensionDescriptionLabel")
FRAME_LABEL: Final = define(0x00209453, "FrameLabel")
IMAGE_COMMENTS: Final = define(0x00204000, "ImageComments")
SAMPLES_PER_PIXEL: Final = define(0x00280002, "SamplesPerPixel")
PHOTOMETRIC_INTERPRETATION: Final = define(0x00280004, "PhotometricInterpretation")
PLANAR_CONFIGURATION: Final = define(0x00280006, "PlanarConfiguration")
NUMBER_OF_FRAMES: Final = define(0x00280008, "NumberOfFrames")
FRAME_INCREMENT_POINTER: Final = define(0x00280009, "FrameIncrementPointer")
ROWS: Final = define(0x00280010, "Rows")
COLUMNS: Final = define(0x00280011, "Columns")
PIXEL_SPACING: Final = define(0x00280030, "PixelSpacing")
BITS_ALLOCATED: Final = define(0x00280100, "BitsAllocated")
BITS_STORED: Final = define(0x00280101, "BitsStored")
HIGH_BIT: Final = define(0x00280102, "HighBit")
PIXEL_REPRESENTATION: Final = define(0x00280103, "PixelRepresentation")
PIXEL_PADDING_VALUE: Final = define(0x00280120, "PixelPaddingValue")
PIXEL_PADDING_RANGE_LIMIT: Final = define(0x00280121, "PixelPaddingRangeLimit")
FLOAT_PIXEL_PADDING_VALUE: Final = define(0x00280122, "FloatPixelPaddingValue")
DOUBLE_FLOAT_PIXEL_PADDING_VALUE: Final = define(0x00280123, "DoubleFloatPixelPaddingValue")
FLOAT_PIXEL_PADDING_RANGE_LIMIT: Final = define(0x00280124, "FloatPixelPaddingRangeLimit")
DOUBLE_FLOAT_PIXEL_PADDING_RANGE_LIMIT: Final = define(0x00280125, "DoubleFloatPixelPaddingRangeLimit")
RESCALE_INTERCEPT: Final = define(0x00281052, "RescaleIntercept")
RESCALE_SLOPE: Final = define(0x00281053, "RescaleSlope")
RESCALE_TYPE: Final = define(0x00281054, "RescaleType")
MODALITY_LUT_SEQUENCE: Final = define(0x00283000, "ModalityLUTSequence")
REAL_WORLD_VALUE_MAPPING_SEQUENCE: Final = define(0x00409096, "RealWorldValueMappingSequence")
REAL_WORLD_VALUE_LUT_DATA: Final = define(0x00409212, "RealWorldValueLUTData")
REAL_WORLD_VALUE_INTERCEPT: Final = define(0x00409224, "RealWorldValueIntercept")
REAL_WORLD_VALUE_SLOPE: Final = define(0x00409225, "RealWorldValueSlope")
TOTAL_PIXEL_MATRIX_COLUMNS: Final = define(0x00480006, "TotalPixelMatrixColumns")
TOTAL_PIXEL_MATRIX_ROWS: Final = define(0x00480007, "TotalPixelMatrixRows")
ENERGY_WINDOW_VECTOR: Final = define(0x00540010, "EnergyWindowVector")
DETECTOR_VECTOR: Final = define(0x00540020, "DetectorVector")
DETECTOR_INFORMATION_SEQUENCE: Final = define(0x00540022, "DetectorInformationSequence")
PHASE_VECTOR: Final = define(0x00540030, "PhaseVector")
ROTATION_VECTOR: Final = define(0x00540050, "RotationVector")
RR_INTERVAL_VECTOR: Final = define(0x00540060, "RRIntervalVector")
TIME_SLOT_VECTOR: Final = define(0x00540070, "TimeSlotVector")
SLICE_VECTOR: Final = define(0x00540080, "SliceVector")
NUMBER_OF_SLICES: Final = define(0x00540081, "NumberOfSlices")
ANGULAR_VIEW_VECTOR: Final = define(0x00540090, "AngularViewVector")
TIME_SLICE_VECTOR: Final = define(0x00540100, "TimeSliceVector")
UNITS: Final = define(0x00541001, "Units")
FRAME_REFERENCE_TIME: Final = define(0x00541300, "FrameReferenceTime")
IMAGE_INDEX: Final = define(0x00541330, "ImageIndex")
SEGMENTATION_TYPE: Final = define(0x00620001, "SegmentationType")
SEGMENT_SEQUENCE: Final = define(0x00620002, "SegmentSequence")
SEGMENTED_PROPERTY_CATEGORY_CODE_SEQUENCE: Final = define(0x00620003, "SegmentedPropertyCategoryCodeSequence")
SEGMENT_NUMBER: Final = define(0x00620004, "SegmentNumber")
SEGMENT_LABEL: Final = define(0x00620005, "SegmentLabel")
SEGMENT_DESCRIPTION: Final = define(0x00620006, "SegmentDescription")
SEGMENT_ALGORITHM_TYPE: Final = define(0x00620008, "SegmentAlgorithmType")
SEGMENT_ALGORITHM_NAME: Final = define(0x00620009, "SegmentAlgorithmName")
REFERENCED_SEGMENT_NUMBER: Final = define(0x0062000B, "ReferencedSegmentNumber")
RECOMMENDED_DISPLAY_CIELAB_VALUE: Final = define(0x0062000D, "RecommendedDisplayCIELabValue")
MAXIMUM_FRACTIONAL_VALUE: Final = define(0x0062000E, "MaximumFractionalValue")
SEGMENTED_PROPERTY_TYPE_CODE_SEQUENCE: Final = define(0x0062000F, "SegmentedPropertyTypeCodeSequence")
SEGMENTATION_FRACTIONAL_TYPE: Final = define(0x00620010, "SegmentationFractionalType")
TRACKING_ID: Final = define(0x00620020, "TrackingID")
TRACKING_UID: Final = define(0x00620021, "TrackingUID")
IMAGE_PLANE_PIXEL_SPACING: Final = define(0x30020011, "ImagePlanePixelSpacing")
DOSE_UNITS: Final = define(0x30040002, "DoseUnits")
GRID_FRAME_OFFSET_VECTOR: Final = define(0x3004000C, "GridFrameOffsetVector")
DOSE_GRID_SCALING: Final = define(0x3004000E, "DoseGridScaling")
STRUCTURE_SET_LABEL: Final = define(0x30060002, "StructureSetLabel")
STRUCTURE_SET_ROI_SEQUENCE: Final = define(0x30060020, "StructureSetROISequence")
ROI_NUMBER: Final = define(0x30060022, "ROINumber")
REFERENCED_FRAME_OF_REFERENCE_UID: Final = define(0x30060024, "ReferencedFrameOfReferenceUID")
ROI_NAME: Final = define(0x30060026, "ROIName")
ROI_DESCRIPTION: Final = define(0x30060028, "ROIDescription")
ROI_DISPLAY_COLOR: Final = define(0x3006002A, "ROIDisplayColor")
ROI_GENERATION_ALGORITHM: Final = define(0x30060036, "ROIGenerationAlgorithm")
ROI_CONTOUR_SEQUENCE: Final = define(0x30060039, "ROIContourSequence")
CONTOUR_SEQUENCE: Final = define(0x30060040, "ContourSequence")
CONTOUR_GEOMETRIC_TYPE: Final = define(0x30060042, "ContourGeometricType")
NUMBER_OF_CONTOUR_POINTS: Final = define(0x30060046, "NumberOfContourPoints")
CONTOUR_DATA: Final = define(0x30060050, "ContourData")
RT_ROI_OBSERVATIONS_SEQUENCE: Final = define(0x30060080, "RTROIObservationsSequence")
REFERENCED_ROI_NUMBER: Final = define(0x30060084, "ReferencedROINumber")
RT_ROI_INTERPRETED_TYPE: Final = define(0x300600A4, "RTROIInterpretedType")
SHARED_FUNCTIONAL_GROUPS_SEQUENCE: Final = define(0x52009229, "SharedFunctionalGroupsSequence")
PER_FRAME_FUNCTIONAL_GROUPS_SEQUENCE: Final = define(0x52009230, "PerFrameFunctionalGroupsSequence")
EXTENDED_OFFSET_TABLE: Final = define(0x7FE00001, "ExtendedOffsetTable")
FLOAT_PIXEL_DATA: Final = define(0x7FE00008, "FloatPixelData")
DOUBLE_FLOAT_PIXEL_DATA: Final = define(0x7FE00009, "DoubleFloatPixelData")
PIXEL_DATA: Final = define(0x7FE00010, "PixelData")

# Private attributes: what a vendor writes where the standard has no place for it.
SIEMENS_MR_HEADER: Final = define(0x00190010, "SiemensMRHeader")
SIEMENS_SLICES_IN_MOSAIC: Final = define(0x0019100A, "SiemensSlicesInMosaic")
SIEMENS_B_VALUE: Final = define(0x0019100C, "SiemensBValue")
SIEMENS_GRADIENT_DIRECTION: Final = define(0x0019100E, "SiemensGradientDirection")
SIEMENS_CSA_HEADER: Final = define(0x00290010, "SiemensCSAHeader")
SIEMENS_CSA_IMAGE_HEADER_INFO: Final = define(0x00291010, "SiemensCSAImageHeaderInfo")
SIEMENS_MR_HEADER_51: Final = define(0x00510010, "SiemensMRHeader51")
SIEMENS_COIL: Final = define(0x0051100F, "SiemensCoil")
GE_GRADIENT_X: Final = define(0x001910BB, "GEGradientX")
GE_GRADIENT_Y: Final = define(0x001910BC, "GEGradientY")
GE_GRADIENT_Z: Final = define(0x001910BD, "GEGradientZ")
GE_PARAMETERS: Final = define(0x00430010, "GEParameters")
GE_IMAGE_KIND: Final = define(0x0043102F, "GEImageKind")
GE_B_VALUE: Final = define(0x00431039, "GEBValue")
UIH_IMAGE_HEADER: Final = define(0x00650010, "UIHImageHeader")
UIH_CREATOR: Final = "Image Private Header"
UIH_B_VALUE: Final = define(0x00651009, "UIHBValue")
UIH_GRADIENT_DIRECTION: Final = define(0x00651037, "UIHGradientDirection")
UIH_SLICES_IN_GRID: Final = define(0x00651050, "UIHSlicesInGrid")
UIH_SLICE_SEQUENCE: Final = define(0x00651051, "UIHSliceSequence")
PHILIPS_IMAGING: Final = define(0x20010010, "PhilipsImaging")
PHILIPS_B_VALUE: Final = define(0x20011003, "PhilipsBValue")
PHILIPS_MR_IMAGING: Final = define(0x20050010, "PhilipsMRImaging")
PHILIPS_GRADIENT_X: Final = define(0x200510B0, "PhilipsGradientX")
PHILIPS_GRADIENT_Y: Final = define(0x200510B1, "PhilipsGradientY")
PHILIPS_GRADIENT_Z: Final = define(0x200510B2, "PhilipsGradientZ")
PHILIPS_MR_IMAGING_5: Final = define(0x20050014, "PhilipsMRImaging5")
PHILIPS_LABEL_TYPE: Final = define(0x20051429, "PhilipsLabelType")

LOCATED: Final = frozenset(
    {
        SIEMENS_CSA_IMAGE_HEADER_INFO,
        UIH_SLICE_SEQUENCE,
        EXTENDED_OFFSET_TABLE,
        MODALITY_LUT_SEQUENCE,
        SEQUENCE_OF_ULTRASOUND_REGIONS,
        DETECTOR_INFORMATION_SEQUENCE,
        DIMENSION_INDEX_SEQUENCE,
        SEGMENT_SEQUENCE,
        SHARED_FUNCTIONAL_GROUPS_SEQUENCE,
        PER_FRAME_FUNCTIONAL_GROUPS_SEQUENCE,
        STRUCTURE_SET_ROI_SEQUENCE,
        ROI_CONTOUR_SEQUENCE,
        RT_ROI_OBSERVATIONS_SEQUENCE,
    }
)
"""Long values and sequences: a header knows where they are, and they are read when they are needed."""

READ_WITH_HEADER: Final = frozenset({SEGMENT_SEQUENCE, STRUCTURE_SET_ROI_SEQUENCE, RT_ROI_OBSERVATIONS_SEQUENCE})
"""Of these, what no slice of an image has and every reader of the file needs: read while the file is open anyway."""

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
    REGION_LOCATION_MIN_X0: "I",
    REGION_LOCATION_MIN_Y0: "I",
    REGION_LOCATION_MAX_X1: "I",
    REGION_LOCATION_MAX_Y1: "I",
    PHYSICAL_DELTA_X: "d",
    PHYSICAL_DELTA_Y: "d",
    IMAGE_POSITION_VOLUME: "d",
    IMAGE_ORIENTATION_VOLUME: "d",
    TOTAL_PIXEL_MATRIX_COLUMNS: "I",
    TOTAL_PIXEL_MATRIX_ROWS: "I",
    INVERSION_TIMES: "d",
    EFFECTIVE_ECHO_TIME: "d",
    DIFFUSION_B_VALUE: "d",
    DIFFUSION_GRADIENT_ORIENTATION: "d",
    VELOCITY_ENCODING_DIRECTION: "d",
    VELOCITY_ENCODING_MAXIMUM_VALUE: "d",
    MONOENERGETIC_ENERGY_EQUIVALENT: "d",
    FRAME_ACQUISITION_NUMBER: "H",
    DIMENSION_INDEX_VALUES: "I",
    DIMENSION_INDEX_POINTER: "H",
    NOMINAL_PERCENTAGE_OF_RESPIRATORY_PHASE: "f",
    NOMINAL_RESPIRATORY_TRIGGER_DELAY_TIME: "d",
    NUMBER_OF_SLICES: "H",
    IMAGE_INDEX: "H",
    FRAME_INCREMENT_POINTER: "H",
    TEMPORAL_POSITION_INDEX: "I",
    NOMINAL_CARDIAC_TRIGGER_DELAY_TIME: "d",
    NOMINAL_PERCENTAGE_OF_CARDIAC_PHASE: "f",
    TEMPORAL_POSITION_TIME_OFFSET: "d",
    REAL_WORLD_VALUE_LUT_DATA: "d",
    REAL_WORLD_VALUE_INTERCEPT: "d",
    REAL_WORLD_VALUE_SLOPE: "d",
    ENERGY_WINDOW_VECTOR: "H",
    DETECTOR_VECTOR: "H",
    PHASE_VECTOR: "H",
    ROTATION_VECTOR: "H",
    SLICE_VECTOR: "H",
    ANGULAR_VIEW_VECTOR: "H",
    TIME_SLICE_VECTOR: "H",
    RR_INTERVAL_VECTOR: "H",
    TIME_SLOT_VECTOR: "H",
    SIEMENS_SLICES_IN_MOSAIC: "H",
    SIEMENS_GRADIENT_DIRECTION: "d",
    GE_IMAGE_KIND: "h",
    UIH_B_VALUE: "d",
    UIH_GRADIENT_DIRECTION: "d",
    PHILIPS_B_VALUE: "f",
    PHILIPS_GRADIENT_X: "f",
    PHILIPS_GRADIENT_Y: "f",
    PHILIPS_GRADIENT_Z: "f",
}
"""Numeric attributes that are not text, with the letter of their type in ``struct``."""

FRAME_VECTORS: Final = frozenset(
    {
        ENERGY_WINDOW_VECTOR,
        DETECTOR_VECTOR,
        PHASE_VECTOR,
        ROTATION_VECTOR,
        RR_INTERVAL_VECTOR,
        TIME_SLOT_VECTOR,
        SLICE_VECTOR,
        ANGULAR_VIEW_VECTOR,
        TIME_SLICE_VECTOR,
    }
)
"""Attributes of nuclear medicine with one value for each frame (DICOM PS3.3 C.8.4.8)."""

PIXEL_TAGS: Final = frozenset({FLOAT_PIXEL_DATA, DOUBLE_FLOAT_PIXEL_DATA, PIXEL_DATA})
"""Attributes that hold pixels, of which a file has one; a parser stops there."""

WANTED: Final = frozenset(KEYWORDS) - GROUP_SEQUENCES
"""The attributes that a header keeps."""
