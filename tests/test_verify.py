"""Does a delivery prove itself? Each way of being wrong has its code."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from surveillance.delivery.manifest import as_file, canonical, check_signature, load_signing_key, public_text, sign
from surveillance.delivery.verify import verify_delivery
from surveillance.errors import SettingsError
from surveillance.files import gzip_fixed, sha256_hex
from surveillance.sftp.keys import key_from_seed, write_private
from tests.deliveries import COLUMNS, KEY, STEM, delivery


def codes(path: Path, **options: Any) -> list[str]:
    return [problem.code for problem in verify_delivery(path, COLUMNS, **options).problems]


def resigned(path: Path, **changes: Any) -> Path:
    manifest = {**json.loads(path.read_bytes()), **changes}
    path.write_bytes(as_file(sign(manifest, KEY)))
    return path


def test_a_sound_delivery_holds(tmp_path: Path) -> None:
    found = verify_delivery(delivery(tmp_path), COLUMNS, trusted={public_text(KEY)})
    assert found.ok
    assert found.facts["files"][0]["rows"] == 3
    assert found.facts["seq"] == 42


def test_an_empty_delivery_holds(tmp_path: Path) -> None:
    assert codes(delivery(tmp_path, rows=0)) == []


def test_every_flipped_byte_of_the_data_is_seen(tmp_path: Path) -> None:
    path = delivery(tmp_path)
    data = tmp_path / f"{STEM}_VIS.csv.gz"
    sound = data.read_bytes()
    for place in range(len(sound)):
        data.write_bytes(sound[:place] + bytes([sound[place] ^ 1]) + sound[place + 1 :])
        assert "CHECKSUM" in codes(path)


def test_every_changed_value_of_the_manifest_is_seen(tmp_path: Path) -> None:
    path = delivery(tmp_path)
    sound = json.loads(path.read_bytes())
    for key in sound:
        if key != "sign":
            path.write_bytes(as_file({**sound, key: "changed" if not isinstance(sound[key], list) else []}))
            assert not verify_delivery(path, COLUMNS).ok, key


def test_signatures(tmp_path: Path) -> None:
    path = delivery(tmp_path)
    manifest = json.loads(path.read_bytes())
    assert codes(path, trusted={public_text(key_from_seed("x", "y"))}) == ["KEY_UNKNOWN"]
    path.write_bytes(as_file({**manifest, "sign": ""}))
    assert codes(path) == ["UNSIGNED"]
    assert codes(path, signed=False) == []
    for bad in ("ed25519:AAAA", "nonsense", "ed25519:***"):
        path.write_bytes(as_file({**manifest, "sign": bad}))
        assert codes(path) == ["SIGNATURE"]


def test_what_is_signed_does_not_depend_on_order_or_signature() -> None:
    one = {"b": 1, "a": "é", "sign": "x"}
    assert canonical(one) == canonical({"a": "é", "b": 1}) == '{"a":"é","b":1}'.encode()
    assert check_signature(sign({"a": 1}, KEY)) == ""
    assert sign({"a": 1}, KEY) == sign({"a": 1}, KEY)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"schema;visit_uid;other\nv1;0;5901\n", "HEADER"),
        (b"schema;visit_uid;assoc\nv1;0;5901\nv1;1;5901\n", "ROWS"),
        (b"schema;visit_uid;assoc\nv1;0;5901", "READ"),
        (b"schema;visit_uid;assoc\nv1;0;5901;9\n", "READ"),
        (b"schema;visit_uid;assoc\nv1;\xe9;5901\n", "READ"),
        (b'schema;visit_uid;assoc\nv1;"0;5901\n', "READ"),
    ],
)
def test_the_table_inside(body: bytes, code: str, tmp_path: Path) -> None:
    path = delivery(tmp_path, rows=1)
    data = gzip_fixed(body)
    (tmp_path / f"{STEM}_VIS.csv.gz").write_bytes(data)
    entry = {"name": f"{STEM}_VIS.csv.gz", "rows": 1, "sha256": sha256_hex(data), "bytes": len(data)}
    assert code in codes(resigned(path, files=[entry]))


def test_one_gzip_member_whole(tmp_path: Path) -> None:
    path = delivery(tmp_path, rows=1)
    sound = (tmp_path / f"{STEM}_VIS.csv.gz").read_bytes()
    for data in (sound + gzip.compress(b"v1;1;5901\n"), sound[:-4], b"not gzip", b""):
        (tmp_path / f"{STEM}_VIS.csv.gz").write_bytes(data)
        entry = {"name": f"{STEM}_VIS.csv.gz", "rows": 1, "sha256": sha256_hex(data), "bytes": len(data)}
        assert "READ" in codes(resigned(path, files=[entry]))


def test_names_and_totals(tmp_path: Path) -> None:
    path = delivery(tmp_path)
    files = json.loads(path.read_bytes())["files"]
    for name in ("../../etc/passwd", "SOS_TEST_20240115_000043_VIS.csv.gz", "x.csv.gz"):
        assert "NAME" in codes(resigned(path, files=[{**files[0], "name": name}]))
    assert "COUNTS" in codes(resigned(path, files=files, counts=[{"rows": 2}]))
    assert "NAME" in codes(resigned(path, counts=[{"rows": 3}], env="PROD"))
    (tmp_path / files[0]["name"]).unlink()
    assert "MISSING" in codes(resigned(path, env="TEST"))


@pytest.mark.parametrize("text", [b"", b"{", b"[]", b'{"spec":1}', b"[" * 100_000, b"\xff"])
def test_manifests_that_are_none(text: bytes, tmp_path: Path) -> None:
    path = tmp_path / f"{STEM}.manifest.json"
    path.write_bytes(text)
    assert codes(path) == ["MANIFEST"]


def test_signing_keys_are_read_with_their_mode(tmp_path: Path) -> None:
    path = write_private(KEY, tmp_path / "manifest.key")
    assert public_text(load_signing_key(path)) == public_text(KEY)
    path.chmod(0o640)
    for wrong in (path, tmp_path / "none"):
        with pytest.raises(SettingsError):
            load_signing_key(wrong)
    path.chmod(0o600)
    path.write_bytes(b"nonsense")
    with pytest.raises(SettingsError):
        load_signing_key(path)


BUSY = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
KEYS = ["seq", "env", "night", "files", "counts", "completeness", "public_key", "sign"]
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["name", "rows", "x"]), inner),
    max_leaves=6,
)


@settings(max_examples=200, deadline=None, suppress_health_check=BUSY)
@given(st.sampled_from(KEYS), json_values)
def test_no_manifest_makes_the_receiver_fall(tmp_path: Path, key: str, value: Any) -> None:
    path = delivery(tmp_path)
    manifest = json.loads(path.read_bytes())
    changed = manifest[key] != value
    path.write_text(json.dumps({**manifest, key: value}), encoding="utf-8")
    assert verify_delivery(path, COLUMNS).ok is not changed
