"""Requests made from the document alone: whatever it allows, and whatever it forbids, is answered as it says."""

import asyncio
from typing import Any, Final

import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import CHECKS, load_all_checks
from schemathesis.config import SchemathesisConfig
from schemathesis.core.failures import Failure, FailureGroup
from schemathesis.core.result import Ok

from tests.api.client import ADMIN
from tests.api.conftest import Api

load_all_checks()

_EXAMPLES: Final = 8
# The families by number and by serial number have the models of the one by name: that they do is seen soon.
_EXAMPLES_OF_TWINS: Final = 2
_CHECKS: Final[list[Any]] = CHECKS.get_by_names(
    [
        "not_a_server_error",
        "status_code_conformance",
        "content_type_conformance",
        "response_headers_conformance",
        "response_schema_conformance",
        "negative_data_rejection",
    ]
)
# A text that is longer than it may be can be longer than any body may be.
_CONFIG: Final = SchemathesisConfig.from_dict({"checks": {"negative_data_rejection": {"expected-statuses": ["4xx"]}}})


def _ask(port: int, document: dict[str, Any]) -> list[str]:
    """Ask for everything that the document has; what was answered otherwise than it says."""
    wrong = []
    with requests.Session() as session:
        session.headers["Authorization"] = f"Bearer {ADMIN}"
        for found in schemathesis.openapi.from_dict(document, config=_CONFIG).get_all_operations():
            assert isinstance(found, Ok)
            operation = found.ok()
            modes = [GenerationMode.POSITIVE]
            if operation.body or operation.query or operation.path_parameters:
                modes.append(GenerationMode.NEGATIVE)
            for mode in modes:
                try:
                    _try(operation, mode, f"http://127.0.0.1:{port}/api/v1", session)
                except (FailureGroup, Failure) as failure:
                    wrong.append(f"{operation.label}: {failure}")
    return wrong


def _try(operation: Any, mode: GenerationMode, base_url: str, session: requests.Session) -> None:
    is_twin = operation.path.startswith("/inventory_device") and not operation.path.startswith("/inventory_device_name")

    @settings(
        max_examples=_EXAMPLES_OF_TWINS if is_twin else _EXAMPLES,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def ask(case: Any) -> None:
        case.validate_response(case.call(base_url, session), checks=_CHECKS)

    ask()


async def test_all_answers_are_as_the_document_says(sqlite_api: Api) -> None:
    document = (await sqlite_api.client.get("/openapi.json")).json
    assert not await asyncio.to_thread(_ask, sqlite_api.client.port, document)
