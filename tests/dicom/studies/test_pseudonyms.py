"""Pseudonyms: the same for the same key, another for each kind and key; dates keep their intervals."""

from __future__ import annotations

import stat
from datetime import date

import pytest

from pictologics.dicom.studies.pseudonyms import KEY_VARIABLE, Pseudonyms, find_key
from pictologics.errors import MissingPathError, OptionError

KEY = b"a key of 24 bytes or so"
UID = "1.2.840.113619.2.55.3"


def test_a_pseudonym_depends_on_key_kind_and_value_and_tells_none_of_them():
    names = Pseudonyms(KEY)
    made = {names.study(UID), names.series(UID), names.instance(UID), names.frame(UID), names.patient(UID)}
    made |= {Pseudonyms(KEY + b"!").study(UID), names.study(UID + "1"), names.patient(UID, "another hospital")}
    assert len(made) == 8
    assert Pseudonyms(KEY).study(UID) == names.study(UID)
    for name in made:
        assert len(name) == 18 and name[1] == "-" and UID not in name
    assert KEY.decode() not in repr(names)


def test_what_is_empty_has_no_pseudonym():
    for names in (Pseudonyms(KEY), Pseudonyms(b"", keeps_identifiers=True)):
        assert names.patient("", "issuer") is names.study("") is names.series("") is names.date("", None) is None


def test_identifiers_stay_where_they_are_asked_for():
    names = Pseudonyms(b"", keeps_identifiers=True)
    assert names.study(UID) == UID
    assert names.patient("17", "St. Anna") == "17^^^St. Anna"
    assert names.date("20240229", "17") == "2024-02-29"
    assert names.volume_file("a/b.nii") == "a/b.nii"
    assert names.fingerprint == ""


def test_dates_of_a_patient_move_together_and_into_the_past():
    names = Pseudonyms(KEY)
    first, second = (date.fromisoformat(names.date(day, "P-1")) for day in ("20240229", "20240310"))
    assert (second - first).days == 10
    assert 1 <= (date(2024, 2, 29) - first).days <= 3650
    assert names.date("20240229", "P-2") != names.date("20240229", "P-1")


@pytest.mark.parametrize("text", ["2024", "20241350", "tomorrow", "00010101", "20240229\\20240301"])
def test_what_is_no_date_is_empty(text):
    assert Pseudonyms(KEY).date(text, "P-1") is None


def test_free_text_is_left_out_unless_asked_for():
    assert Pseudonyms(KEY).text("Doe, 2nd visit") is None
    assert Pseudonyms(KEY, keeps_text=True).text("Doe, 2nd visit") == "Doe, 2nd visit"


def test_the_key_is_the_given_one_then_that_of_the_environment_then_the_users_own(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv(KEY_VARIABLE, raising=False)
    own = find_key(None)
    assert len(own) == 64 and find_key(None) == own
    (file,) = tmp_path.rglob("cohort.key")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert list(file.parent.iterdir()) == [file]

    named, given = tmp_path / "named", tmp_path / "given"
    named.write_bytes(b"named by the environment\n")
    given.write_bytes(b"given by the caller")
    monkeypatch.setenv(KEY_VARIABLE, str(named))
    assert find_key(None) == b"named by the environment"
    assert find_key(given) == b"given by the caller"


def test_a_key_that_is_missing_or_short_is_refused(tmp_path):
    with pytest.raises(MissingPathError, match="no such file"):
        find_key(tmp_path / "key")
    (tmp_path / "key").write_text("secret")
    with pytest.raises(OptionError, match=r"6 bytes.*at least 16"):
        find_key(tmp_path / "key")
