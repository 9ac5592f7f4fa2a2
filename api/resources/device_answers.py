"""What clients are shown of devices."""

from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from acs.domain.url_logins import masked_logins
from acs.services.inventory import DeviceView
from api.fields import Shown, Time


class DeviceItem(Shown):
    """A device in a list."""

    id: int
    uuid: str
    name: str
    customer_id: str
    is_active: bool
    status: Annotated[str, Field(json_schema_extra={"enum": ["Up", "Down"]})]
    status_change: Annotated[Time, Field(description="Since when it is Up or Down")]
    type: int | None
    type_short_name: str | None
    software_version: str
    hardware_version: str
    manufacturer: str
    serial_number: str
    description: str
    organization_id: int | None
    location_name: str
    location_short_name: str
    latitude: str
    longitude: str
    address: str
    last_connection: Time | None
    last_configuration: Time | None
    pending_settings: Annotated[
        str | None,
        Field(
            description="Words with commas between them: `firmware_update`, `configuration_sync`, `reboot_pending`, "
            "`factory_reset_pending`, `reconfiguration`, `parameter_changes`; null if there is nothing to do"
        ),
    ]


class DeviceShown(DeviceItem):
    """A device."""

    unique_identifier: Annotated[str, Field(description="OUI, product class and serial number")]
    product_class: str
    serial_number_alt: str
    firmware_image: int | None
    firmware_image_is_pending: bool
    location: int | None
    username: str
    update_frequency: int | None
    last_change: Time
    created: Time
    debug: bool
    oui: str
    cwmp_version: str
    connection_request_url: str
    tags: list[str]


def item(view: DeviceView) -> DeviceItem:
    """A device as a list shows it."""
    return DeviceItem.model_construct(**_item(view))


def shown(view: DeviceView) -> DeviceShown:
    """A device as it is shown by itself."""
    record, details = view.record, view.record.details
    return DeviceShown.model_construct(
        **_item(view),
        unique_identifier=details.identity.name,
        product_class=details.identity.product_class,
        serial_number_alt=record.serial_number_alt,
        firmware_image=details.firmware_image_id,
        firmware_image_is_pending=details.firmware_image_is_pending,
        location=details.location_id,
        username=view.username,
        update_frequency=details.update_frequency,
        last_change=record.last_change,
        created=record.created,
        debug=details.debug,
        oui=details.identity.oui,
        cwmp_version=record.cwmp_version,
        connection_request_url=masked_logins(record.connection_request_url),
        tags=list(details.tags),
    )


def _item(view: DeviceView) -> dict[str, Any]:
    record, details = view.record, view.record.details
    return {
        "id": record.id,
        "uuid": _uuid(record.uuid),
        "name": details.name,
        "customer_id": details.customer_id,
        "is_active": details.is_active,
        "status": "Up" if record.is_up else "Down",
        "status_change": record.status_change,
        "type": details.type_id,
        "type_short_name": record.type_short_name,
        "software_version": record.software_version,
        "hardware_version": record.hardware_version,
        "manufacturer": record.manufacturer,
        "serial_number": details.identity.serial_number,
        "description": details.description,
        "organization_id": details.organization_id,
        "location_name": record.location_name,
        "location_short_name": record.place.short_name,
        "latitude": record.latitude,
        "longitude": record.longitude,
        "address": record.address,
        "last_connection": record.last_connection,
        "last_configuration": record.last_configuration,
        "pending_settings": ",".join(view.pending or ()) or None,
    }


def _uuid(text: str) -> str:
    """In the usual spelling."""
    try:
        return str(UUID(hex=text))
    except ValueError:
        return text
