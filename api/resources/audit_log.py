"""The audit log: who changed what, when, and from where."""

import json
from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import Field

from acs.domain.audit import AuditRecord
from acs.domain.token import Role
from acs.services.management import Management
from acs.store.audit import AuditFilter
from api.fields import Line, QueryNumber, Shown, Time, When
from api.paging import Envelope, Paged, enveloped
from api.routing import Answer, AnyRoute, Ask, Route

_TAG = "Audit log"


class AuditQuery(Paged):
    """Which entries."""

    resource: Annotated[Line | None, Field(description="About this kind of thing: `device`, `organization`, ...")] = (
        None
    )
    resource_id: Annotated[Line | None, Field(description="About the thing of this number")] = None
    actor: Annotated[Line | None, Field(description="By this one, as entries name it: `token 7 (noc)`")] = None
    action: Annotated[Line | None, Field(description="Of this kind: `create`, `update`, `delete`, ...")] = None
    organization: Annotated[QueryNumber | None, Field(description="About what belongs to an organization")] = None
    since: Annotated[When | None, Field(alias="from", description="From this time on")] = None
    until: Annotated[When | None, Field(alias="to", description="Before this time")] = None


class AuditShown(Shown):
    """A change."""

    id: int
    at: Time
    actor: Annotated[str, Field(description="Who: the token, by number and name")]
    address: Annotated[str, Field(description="From where")]
    action: str
    resource: str
    resource_id: str
    organization_id: int | None
    before: Annotated[Any, Field(description="What was; secrets are masked")]
    after: Annotated[Any, Field(description="What is; secrets are masked")]


class AuditLog:
    """The route of the audit log."""

    def __init__(self, management: Management) -> None:
        self._store = management.audit

    @property
    def routes(self) -> Sequence[AnyRoute]:
        """The one there is."""
        return [
            Route("GET", "/audit_log/", Role.ADMIN, self.list, "Show what was changed, newest first", _TAG, AuditQuery,
                  answers={200: Envelope[AuditShown]},
                  description="A token that is bound to organizations sees what was done to what belongs to these."),
        ]  # fmt: skip

    async def list(self, ask: Ask[AuditQuery, None]) -> Answer:
        """What the token sees of it."""
        query, organizations = ask.query, ask.principal.organizations
        if query.organization is not None:
            organizations = (query.organization,) if ask.principal.sees(query.organization) else ()
        wanted = AuditFilter(
            query.resource, query.resource_id, query.actor, query.action, organizations, query.since, query.until
        )
        found = await self._store.page(query.part, wanted)
        return Answer(enveloped(ask, query.part, found, [_shown(each) for each in found.items]))


def _shown(record: AuditRecord) -> AuditShown:
    entry = record.entry
    return AuditShown(
        id=record.id,
        at=entry.at,
        actor=entry.actor,
        address=entry.address,
        action=entry.action,
        resource=entry.resource,
        resource_id=entry.resource_id,
        organization_id=entry.organization_id,
        before=_document(entry.before),
        after=_document(entry.after),
    )


def _document(text: str) -> Any:  # noqa: ANN401  any JSON
    return json.loads(text) if text else None
