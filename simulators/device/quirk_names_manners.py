"""The quirks of how a device behaves, by name: the device that has it, what it does, and its switches."""

from functools import partial
from typing import Final

from simulators.device.quirk_entry import entry

_manners: Final = partial(entry, "manners")

MANNERS: Final = (
    _manners(
        "refuses-empty-path",
        "Sagemcom F@st 2764",
        "refuses (9005) to read or list everything by the empty path",
        settings={"root_path": "{root}."},
        refuses_empty_path=True,
    ),
    _manners(
        "refuses-listed",
        "PPP CPEs, Calix 804Mesh",
        "refuses (9005) vendor's and PPP parameters that it lists itself",
        refuses_listed=("PPP", ".X_"),
    ),
    _manners(
        "small-batches-9004",
        "Cisco 867",
        "refuses (9004) more than 16 parameters at once",
        batch_limit=16,
        batch_fault=9004,
    ),
    _manners(
        "small-batches-9002",
        "Grandstream",
        "refuses (9002) more than 16 parameters at once",
        batch_limit=16,
        batch_fault=9002,
    ),
    _manners(
        "hangs-up-on-batches", "some", "hangs up on more than 16 parameters at once", batch_limit=16, batch_fault=0
    ),
    _manners(
        "at-most-256-values",
        "Huawei HN8145X6N",
        "answers with at most 256 values and leaves the rest out",
        settings={"answer_limit": 256},
        values_limit=256,
    ),
    _manners(
        "ignores-writes",
        "Huawei HN8145X6N",
        "says Status 0 to a new provisioning code and keeps the old one",
        ignores_writes=("ProvisioningCode",),
    ),
    _manners(
        "one-rpc-a-session",
        "SmartRG SR505N",
        "hangs up on the second RPC of a session",
        settings={"rpcs_per_session": 1},
        rpcs_per_session=1,
    ),
    _manners("asks-methods", "Calix GigaSpire", "asks for the ACS's methods in each session", asks_methods=True),
    _manners("fails-good-uploads", "Calix GigaSpire", "says 9011 though the upload arrived", fails_good_uploads=True),
    _manners("no-transfer-complete", "many", "says nothing after a good download", no_transfer_complete=True),
    _manners("forgets-command-key", "many", "says TransferComplete without a CommandKey", forgets_command_key=True),
    _manners("drops-query", "some", "asks for files without the query of their URL", drops_query=True),
    _manners("multipart-upload", "some", "posts uploads as a form", multipart_upload=True),
    _manners("null-udp-address", "Calix 844E", "says that its address for UDP is (null)", null_udp_address=True),
    _manners("secrets-read-empty", "Nokia Beacon G6", "reads all secrets back empty", secrets_read_empty=True),
    _manners(
        "secrets-told",
        "some",
        "reads secrets back as they are",
        settings={"read_back_secrets": True},
        secrets_told=True,
    ),
    _manners(
        "silent-after-wifi-write",
        "Nokia Beacon G6",
        "takes 150 seconds to answer a write to its WiFi",
        settings={"session_timeout": 240, "read_back": False},
        silent_after_wifi_write=150.0,
    ),
    _manners(
        "late-configuration",
        "Baicells eNB",
        "refuses (9001) to be configured for 600 seconds after it was switched on",
        settings={"config_delay": 600},
        config_delay=600.0,
    ),
    _manners(
        "slow-full-read",
        "Baicells eNB",
        "takes 168 seconds to read everything",
        settings={"session_timeout": 240},
        full_read_takes=168.0,
    ),
    _manners("no-parameter-key", "SpeedTouch 780", "has no ParameterKey", no_parameter_key=True),
    _manners(
        "no-bootstrap-after-config",
        "Zyxel VMG4927",
        "tells no bootstrap after a configuration file",
        no_bootstrap_after_config=True,
    ),
    _manners("reports-read-only", "many", "lists all its parameters as read-only", reports_read_only=True),
    *(
        _manners(
            f"serial-{serial}",
            "devices that were never given one",
            f"has the serial number {serial}, as others have",
            outcome="status 403",
            serial=serial,
        )
        for serial in ("0000", "001122334455", "99999")
    ),
    _manners(
        "spaces-in-product-class", "Technicolor TG784n", "has spaces in its product class", spaces_in_product_class=True
    ),
    _manners("numeric-booleans", "TP-Link W9970", "refuses (9007) booleans that are words", numeric_booleans=True),
    _manners(
        "worded-booleans",
        "some",
        "refuses (9007) booleans that are numbers",
        settings={"boolean_words": True},
        worded_booleans=True,
    ),
    _manners(
        "wants-milliseconds",
        "some",
        "refuses (9007) times without milliseconds",
        settings={"milliseconds": True},
        wants_milliseconds=True,
    ),
    _manners(
        "hangs-up-on-namespace",
        "several",
        "hangs up on another CWMP namespace than its own",
        hangs_up_on_namespace=True,
    ),
    _manners("hangs-up-on-declaration", "two clients", "hangs up on an XML declaration", hangs_up_on_declaration=True),
    _manners(
        "hangs-up-on-next-level",
        "some",
        "hangs up on a NextLevel that is a number",
        settings={"next_level_words": True},
        hangs_up_on_next_level=True,
    ),
    _manners("hangs-up-on-newlines", "one client", "hangs up on newlines between elements", hangs_up_on_newline=True),
)
"""All of them."""
