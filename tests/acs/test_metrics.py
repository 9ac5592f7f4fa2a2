"""What is counted, that every bound stands beside its level, and that no word of a device becomes a label."""

import re

import pytest
from prometheus_client.parser import text_string_to_metric_families

from acs.auth.authenticator import Outcome
from acs.domain.operation import OperationKind
from acs.metrics import Metrics
from acs.session.events import Ended, EndReason
from acs.settings import Settings
from cwmp_schemas.errors import Refusal
from cwmp_schemas.oddities import Oddity


@pytest.fixture
def metrics() -> Metrics:
    return Metrics(Settings(max_sessions=123), "1.2.3")


def samples(metrics: Metrics) -> dict[str, float]:
    """Every sample, by its name with its labels."""
    families = text_string_to_metric_families(metrics.render().decode())
    return {
        each.name + "".join(f"[{label}={value}]" for label, value in sorted(each.labels.items())): each.value
        for family in families
        for each in family.samples
    }


def test_two_servers_in_one_process_count_apart(metrics: Metrics) -> None:
    other = Metrics(Settings())
    metrics.sessions_opened.inc()
    assert samples(metrics)["aioacs_sessions_opened_total"] == 1
    assert samples(other)["aioacs_sessions_opened_total"] == 0


def test_everything_that_is_counted_is_shown_under_its_label(metrics: Metrics) -> None:
    metrics.http_requests.inc(503)
    metrics.sessions_ended.inc(EndReason.IDLE_TIMEOUT)
    metrics.sessions_ended.inc(Ended("superseded").reason)
    metrics.sessions_refused.inc("draining", amount=3)
    metrics.logins.inc(Outcome.STALE)
    metrics.oddities.inc(Oddity.RAW_AMPERSAND)
    metrics.decode_refusals.inc(Refusal.NOT_XML)
    metrics.operations_ended.inc(OperationKind.ADD_OBJECT, "completed")
    metrics.connection_requests.inc("forbidden_target")
    metrics.transfers.inc("upload", "failed")
    metrics.rpc_seconds.observe("GetParameterValues", 0.2)
    metrics.commit_batch.observe(7)
    metrics.loop_lag.observe(0.001)
    shown = samples(metrics)
    assert shown["aioacs_cwmp_requests_total[status=503]"] == 1
    assert shown["aioacs_sessions_ended_total[reason=idle_timeout]"] == 1
    assert shown["aioacs_sessions_ended_total[reason=superseded]"] == 1
    assert shown["aioacs_sessions_refused_total[reason=draining]"] == 3
    assert shown["aioacs_logins_total[outcome=stale]"] == 1
    assert shown["aioacs_decode_oddities_total[kind=raw_ampersand]"] == 1
    assert shown["aioacs_decode_refusals_total[kind=not_xml]"] == 1
    assert shown["aioacs_operations_ended_total[kind=add.obj][state=completed]"] == 1
    assert shown["aioacs_connection_requests_total[outcome=forbidden_target]"] == 1
    assert shown["aioacs_transfers_total[direction=upload][state=failed]"] == 1
    assert shown["aioacs_rpc_seconds_count[method=GetParameterValues]"] == 1
    assert shown["aioacs_commit_batch_sum"] == 7
    assert shown["aioacs_loop_lag_seconds_count"] == 1


def test_an_inform_is_counted_with_its_events_however_they_are_spelt(metrics: Metrics) -> None:
    metrics.informed(["2 PERIODIC", "4 value change", "M Reboot"])
    metrics.informed(["2"])
    shown = samples(metrics)
    assert shown["aioacs_informs_total"] == 2
    assert shown["aioacs_inform_events_total[event=2 PERIODIC]"] == 2
    assert shown["aioacs_inform_events_total[event=4 VALUE CHANGE]"] == 1
    assert shown["aioacs_inform_events_total[event=M Reboot]"] == 1


def test_whatever_devices_send_the_series_stay_the_same(metrics: Metrics) -> None:
    before = samples(metrics).keys()
    for number in range(100):
        metrics.informed([f"X_VENDOR {number}", "\x00"])
        metrics.rpc_seconds.observe(f"X_Method{number}", 1.0)
        metrics.http_requests.inc(600 + number)
        metrics.operations_ended.inc(OperationKind.GET, f"state {number}")
    shown = samples(metrics)
    assert shown.keys() == before
    assert shown["aioacs_inform_events_total[event=other]"] == 200
    assert shown["aioacs_rpc_seconds_count[method=other]"] == 100
    assert shown["aioacs_cwmp_requests_total[status=other]"] == 100
    assert shown["aioacs_operations_ended_total[kind=get][state=other]"] == 100


def test_a_count_with_too_few_labels_is_a_mistake(metrics: Metrics) -> None:
    with pytest.raises(ValueError, match="zip"):
        metrics.operations_ended.inc("get")


def test_a_level_is_read_when_somebody_looks(metrics: Metrics) -> None:
    sessions: list[int] = []
    metrics.sessions_open.watch(lambda: len(sessions))
    metrics.body_bytes.set(4096)
    sessions += [1, 2]
    shown = samples(metrics)
    assert shown["aioacs_sessions_open"] == 2
    assert shown["aioacs_sessions_open_bound"] == 123
    assert shown["aioacs_body_bytes"] == 4096


def test_every_level_of_something_bounded_has_its_bound_beside_it(metrics: Metrics) -> None:
    shown = samples(metrics)
    bounds = {name.removesuffix("_bound"): value for name, value in shown.items() if name.endswith("_bound")}
    settings = Settings(max_sessions=123)
    assert bounds == {
        "aioacs_sessions_open": 123,
        "aioacs_connections": settings.max_connections,
        "aioacs_api_connections": settings.max_api_connections,
        "aioacs_body_bytes": settings.body_budget,
        "aioacs_store_queue": settings.store_queue,
        "aioacs_connection_requests_in_flight": settings.connection_requests,
        "aioacs_connection_requests_waiting": settings.connection_requests_waiting,
        "aioacs_downloads_in_flight": settings.max_downloads,
        "aioacs_notifications_in_flight": settings.notifications_at_once,
    }
    assert bounds.keys() <= shown.keys()


def test_all_names_are_ours_or_the_process_and_no_series_is_sent_twice(metrics: Metrics) -> None:
    names = re.findall(r"^# TYPE (\w+)", metrics.render().decode(), re.MULTILINE)
    assert len(names) == len(set(names))
    assert all(name.startswith(("aioacs_", "process_")) and not name.endswith("_created") for name in names)
    assert samples(metrics)["aioacs_build[version=1.2.3]"] == 1
