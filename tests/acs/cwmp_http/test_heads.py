"""By which name a device has found the server."""

import pytest

from acs.cwmp_http.heads import base_url


@pytest.mark.parametrize("host", ["acs.example.net", "acs.example.net:7547", "192.0.2.1:80", "[2001:db8::1]:7547"])
def test_a_host_and_its_port_are_where_the_device_found_the_server(host: str) -> None:
    assert base_url(host, "https") == f"https://{host}"


@pytest.mark.parametrize(
    "host", [None, "", "a b", "a/b", "u@a", "a:b", "a:", "192.0.2.9:\N{ARABIC-INDIC DIGIT THREE}", "a:80\n"]
)
def test_what_is_no_host_is_passed_over(host: str | None) -> None:
    assert base_url(host, "http") is None
