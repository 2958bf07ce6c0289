"""The Basic Application Level Confidentiality Profile of DICOM (PS3.15 E.1) on one object, by two libraries.

dicom-anonymizer has the table of the profile (E.1-1): which attributes are removed, emptied, or replaced. dicognito has
the values that take their place, the same for the same original and key: names, numbers and dates; and UIDs, which are
made by pydicom, as dicognito's have a root that nobody may use. Dates and times are all moved by the same span, so that
what lies between them stays (the option of E.3.6).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from ...errors import OptionError
from .profile_handlers import DateMover, TimeMover, UidReplacer

if TYPE_CHECKING:
    from pydicom import DataElement, Dataset

__all__ = ["Profile", "make_profile"]

EDITION: Final = "dicomfields_2024b"
"""Of the standard, the one whose table is taken."""

REMOVED, EMPTIED, REPLACED = "X", "Z", "D"

MEANING: Final = {
    "X_TAGS": REMOVED,
    "Z_TAGS": EMPTIED,
    "X_Z_TAGS": EMPTIED,
    "D_TAGS": REPLACED,
    "Z_D_TAGS": REPLACED,
    "X_D_TAGS": REPLACED,
    "X_Z_D_TAGS": REPLACED,
}
"""What is done where the profile leaves a choice: what any object may hold, whatever it must. UIDs are replaced, and
sequences that refer to other objects by UIDs only stay (X/Z/U*)."""

MOST_DAYS: Final = 3650
"""Dates are moved into the past by up to as many days, and hours besides."""

OPTIONS: Final = (
    ("113100", "Basic Application Confidentiality Profile"),
    ("113107", "Retain Longitudinal Temporal Information Modified Dates Option"),
)
"""What was done, in the codes of DICOM PS3.16 CID 7050."""

DATES_AND_TIMES: Final = ("DA", "DT", "TM")
"""Kinds of values that are dates and times."""

PATIENT_GROUP: Final = 0x0010
"""Dates of the patient's life do not stay, not even moved."""


@dataclass(frozen=True)
class Profile:
    """Anonymizes objects.

    Attributes:
        dicognito: What gives new values.
        rules: What is done with an attribute, by its group and element.
        masked_rules: The same of repeating groups: group, element, and the bits of both that count.
    """

    dicognito: Any
    rules: dict[tuple[int, int], str]
    masked_rules: list[tuple[tuple[int, int, int, int], str]]

    def apply(self, dataset: Dataset, original: Dataset) -> None:
        """Anonymize an object in place.

        Args:
            dataset: The object, with its file meta information.
            original: A second copy of it, to tell what has got a new value.
        """
        from pydicom.dataset import FileMetaDataset

        self.dicognito.anonymize(dataset)
        self.apply_table(dataset, original)
        # Nothing of the source's meta information stays but how the object is encoded, and no bytes before it.
        meta = FileMetaDataset()
        meta.TransferSyntaxUID = dataset.file_meta.TransferSyntaxUID
        meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = dataset.SOPClassUID, dataset.SOPInstanceUID
        dataset.file_meta, dataset.preamble = meta, b"\0" * 128
        dataset.PatientIdentityRemoved = "YES"
        dataset.LongitudinalTemporalInformationModified = "MODIFIED"
        dataset.DeidentificationMethodCodeSequence = [make_method(*option) for option in OPTIONS]

    def apply_table(self, dataset: Dataset, original: Dataset) -> None:
        """Do what the table says with each attribute, in sequences too."""
        for tag in list(dataset.keys()):
            element = dataset[tag]
            # What the dictionary does not know may be anything.
            is_known = not tag.is_private and bool(element.keyword)
            rule = self.find_rule(tag.group, tag.element) if is_known else REMOVED
            if element.VR in DATES_AND_TIMES and tag.group != PATIENT_GROUP and is_known:
                # Moved, and kept by the option.
                continue
            if rule == REMOVED:
                del dataset[tag]
            elif rule is not None and not has_new_value(element, original):
                self.blank(element, rule)
            if element.VR == "SQ" and rule != REMOVED:
                before = original[tag].value if tag in original else []
                for k, item in enumerate(element.value):
                    self.apply_table(item, before[k] if k < len(before) else item)

    def find_rule(self, group: int, element: int) -> str | None:
        """Find what is done with an attribute."""
        rule = self.rules.get((group, element))
        if rule is None:
            for (own_group, own_element, group_bits, element_bits), masked in self.masked_rules:
                if not (group ^ own_group) & group_bits and not (element ^ own_element) & element_bits:
                    return masked
        return rule

    def blank(self, element: DataElement, rule: str) -> None:
        """Empty an attribute, or replace its value by a dummy."""
        from dicomanonymizer.simpledicomanonymizer import replace_element

        if rule == EMPTIED or element.is_empty:
            element.value = [] if element.VR == "SQ" else None
        else:
            replace_element(element)


def has_new_value(element: DataElement, original: Dataset) -> bool:
    """Whether dicognito has given an attribute another value, which then is the dummy that the profile asks for."""
    if element.VR == "SQ" or element.VR in DATES_AND_TIMES:
        return False
    return element.tag not in original or bool(original[element.tag].value != element.value)


def make_method(value: str, meaning: str) -> Dataset:
    """Make the code of what was done."""
    from pydicom import Dataset

    code = Dataset()
    code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = value, "DCM", meaning
    return code


def make_profile(key: str) -> Profile:
    """Make what anonymizes objects.

    Args:
        key: The secret on which new values depend.

    Raises:
        OptionError: If a library is not installed.
    """
    try:
        from dicognito.anonymizer import Anonymizer
        from dicognito.datetimeanonymizer import DateTimeAnonymizer
        from dicognito.randomizer import Randomizer
        from dicomanonymizer.dicomfields_selector import dicom_anonymization_database_selector
    except ImportError as error:
        raise OptionError(
            "anonymizing needs dicognito and dicom-anonymizer, which are not both installed",
            advice="install them with pip install dicognito dicom-anonymizer",
        ) from error
    # Of any type: what its own types say of handlers, only its own classes fulfill.
    dicognito: Any = Anonymizer(seed=key)
    chosen = Randomizer(key).to_int("hours into the past")
    # Never whole days, by which no time of day would be moved.
    hours = -24 * (1 + chosen % MOST_DAYS) - 1 - chosen // MOST_DAYS % 23
    # Handlers that are added come first.
    dicognito.add_element_handler(UidReplacer(key))
    # Dates by a span of our own, which is that of times without a date too.
    dicognito.add_element_handler(TimeMover(timedelta(hours=hours)))
    dicognito.add_element_handler(DateMover(DateTimeAnonymizer(hours)))
    rules: dict[tuple[int, int], str] = {}
    masked: list[tuple[tuple[int, int, int, int], str]] = []
    table = dicom_anonymization_database_selector(EDITION)
    for name, meaning in MEANING.items():
        for tag in table[name]:
            if len(tag) == 2:
                rules[tag] = meaning
            else:
                masked.append((tag, meaning))
    return Profile(dicognito, rules, masked)
