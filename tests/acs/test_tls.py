"""How the listeners speak TLS."""

import ssl
from pathlib import Path

from acs.settings import Settings
from acs.tls import api_tls_context, cwmp_tls_context
from tests.acs.test_doctor_tls import write_certificate, write_key


def test_no_listener_speaks_anything_older_than_tls_1_2(tmp_path: Path) -> None:
    certificate, key = tmp_path / "acs.pem", tmp_path / "acs.key"
    write_certificate(certificate, write_key(key))
    ports = {f"{listener}_tls_port": 0 for listener in ("cwmp", "api")}
    files = {f"{listener}_tls_certificate": certificate for listener in ("cwmp", "api")}
    keys = {f"{listener}_tls_key": key for listener in ("cwmp", "api")}
    settings = Settings.model_validate({**ports, **files, **keys})
    for context in (cwmp_tls_context(settings), api_tls_context(settings)):
        assert context is not None
        assert context.minimum_version >= ssl.TLSVersion.TLSv1_2
        assert context.verify_mode is ssl.CERT_NONE, "certificates are asked of devices only where a setting says so"
