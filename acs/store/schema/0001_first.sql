-- Times are seconds since 1970. JSON is kept as text: it is read by programs, never searched.
-- Columns whose text may be sealed say so; what is sealed is bound to its table, row and column.
-- Unique indexes are named table__column__column: an error is told from that.

CREATE TABLE organization (
    id {id},
    name TEXT NOT NULL,
    description TEXT NOT NULL DEFAULT '',
    created DOUBLE PRECISION NOT NULL
);
CREATE UNIQUE INDEX organization__name ON organization (name);

CREATE TABLE location (
    id {id},
    name TEXT NOT NULL,
    short_name TEXT NOT NULL DEFAULT '',
    organization_id BIGINT REFERENCES organization (id),
    latitude TEXT NOT NULL DEFAULT '',
    longitude TEXT NOT NULL DEFAULT '',
    created DOUBLE PRECISION NOT NULL
);
CREATE UNIQUE INDEX location__name ON location (name);
CREATE INDEX location_of_organization ON location (organization_id, id);

CREATE TABLE firmware_image (
    id {id},
    name TEXT NOT NULL,
    version TEXT NOT NULL,
    file_name TEXT NOT NULL,
    file_type TEXT NOT NULL,
    size BIGINT NOT NULL,
    sha256 TEXT NOT NULL,
    file_key TEXT NOT NULL DEFAULT '',
    applicability TEXT NOT NULL DEFAULT '{}',
    created DOUBLE PRECISION NOT NULL
);
CREATE UNIQUE INDEX firmware_image__name ON firmware_image (name);
CREATE INDEX firmware_image_by_file ON firmware_image (file_key);

CREATE TABLE device_type (
    id {id},
    name TEXT NOT NULL,
    short_name TEXT NOT NULL,
    description TEXT NOT NULL DEFAULT '',
    onboarding_enabled BOOLEAN NOT NULL DEFAULT FALSE,
    manufacturer TEXT NOT NULL DEFAULT '',
    oui TEXT NOT NULL DEFAULT '',
    product_class TEXT NOT NULL DEFAULT '',
    serial_prefix TEXT NOT NULL DEFAULT '',
    update_frequency BIGINT,
    helpers TEXT NOT NULL DEFAULT '[]',
    managed TEXT NOT NULL DEFAULT '[]',
    quirks TEXT NOT NULL DEFAULT '{}',
    firmware_image_id BIGINT REFERENCES firmware_image (id),
    revision BIGINT NOT NULL DEFAULT 0,
    created DOUBLE PRECISION NOT NULL,
    updated DOUBLE PRECISION NOT NULL
);
CREATE UNIQUE INDEX device_type__name ON device_type (name);
CREATE UNIQUE INDEX device_type__short_name ON device_type (short_name);
CREATE INDEX device_type_by_firmware_image ON device_type (firmware_image_id);

CREATE TABLE device (
    id {id},
    uuid TEXT NOT NULL,
    name TEXT{by_octets} NOT NULL,
    customer_id TEXT NOT NULL DEFAULT '',
    is_active BOOLEAN NOT NULL DEFAULT TRUE,
    is_quarantined BOOLEAN NOT NULL DEFAULT FALSE,
    is_registered BOOLEAN NOT NULL DEFAULT FALSE,
    type_id BIGINT REFERENCES device_type (id),
    oui TEXT NOT NULL DEFAULT '',
    product_class TEXT NOT NULL DEFAULT '',
    serial_number TEXT NOT NULL DEFAULT '',
    serial_number_alt TEXT NOT NULL DEFAULT '',
    manufacturer TEXT NOT NULL DEFAULT '',
    description TEXT NOT NULL DEFAULT '',
    organization_id BIGINT REFERENCES organization (id),
    location_id BIGINT REFERENCES location (id),
    latitude TEXT NOT NULL DEFAULT '',
    longitude TEXT NOT NULL DEFAULT '',
    tags TEXT NOT NULL DEFAULT '[]',
    debug BOOLEAN NOT NULL DEFAULT FALSE,
    update_frequency BIGINT,
    software_version TEXT NOT NULL DEFAULT '',
    hardware_version TEXT NOT NULL DEFAULT '',
    cwmp_version TEXT NOT NULL DEFAULT '',
    firmware_image_id BIGINT REFERENCES firmware_image (id),
    firmware_image_is_pending BOOLEAN NOT NULL DEFAULT FALSE,
    revision BIGINT NOT NULL DEFAULT 0,
    created DOUBLE PRECISION NOT NULL,
    last_change DOUBLE PRECISION NOT NULL
);
CREATE UNIQUE INDEX device__name ON device (name);
CREATE UNIQUE INDEX device__uuid ON device (uuid);
CREATE UNIQUE INDEX device__oui__product_class__serial_number ON device (oui, product_class, serial_number) WHERE serial_number <> '';
CREATE INDEX device_by_serial_number ON device (serial_number);
CREATE INDEX device_by_type ON device (type_id);
CREATE INDEX device_by_organization ON device (organization_id);
CREATE INDEX device_by_location ON device (location_id);
CREATE INDEX device_by_firmware_image ON device (firmware_image_id);

-- What every Inform touches, kept narrow: when the device was heard, and who holds its session. The fence is raised by
-- each session; a worker that still believes in an older one can write nothing. ``down_at`` is when the device is to be
-- looked at again: it may be too early, never too late, so that an Inform need not move it and its place in the index.
CREATE TABLE contact (
    device_id {key} REFERENCES device (id) ON DELETE CASCADE,
    fence BIGINT NOT NULL DEFAULT 0,
    is_up BOOLEAN NOT NULL DEFAULT FALSE,
    status_change DOUBLE PRECISION NOT NULL,
    down_at DOUBLE PRECISION,
    down_after DOUBLE PRECISION,
    last_inform DOUBLE PRECISION,
    last_configuration DOUBLE PRECISION,
    booted_at DOUBLE PRECISION,
    informs BIGINT NOT NULL DEFAULT 0,
    events TEXT NOT NULL DEFAULT '',
    address TEXT NOT NULL DEFAULT '',
    inform_interval BIGINT,
    connection_request_url TEXT NOT NULL DEFAULT '',
    has_settings BOOLEAN NOT NULL DEFAULT FALSE,
    settings_due BOOLEAN NOT NULL DEFAULT FALSE,
    credentials_due BOOLEAN NOT NULL DEFAULT FALSE,
    batches TEXT NOT NULL DEFAULT '',
    session_key TEXT,
    lease_until DOUBLE PRECISION,
    snapshot TEXT NOT NULL DEFAULT '',
    reach TEXT NOT NULL DEFAULT '',
    reach_at DOUBLE PRECISION,
    reach_latency DOUBLE PRECISION,
    reach_detail TEXT NOT NULL DEFAULT ''
);
CREATE INDEX contact_going_down ON contact (down_at) WHERE down_at IS NOT NULL;

-- Passwords that must be sent or checked again: sealed. A device has at most one of each purpose that is confirmed and
-- one that was pushed and is not confirmed yet.
CREATE TABLE credential (
    id {id},
    purpose TEXT NOT NULL,
    device_id BIGINT REFERENCES device (id) ON DELETE CASCADE,
    type_id BIGINT REFERENCES device_type (id) ON DELETE CASCADE,
    username TEXT NOT NULL,
    password TEXT NOT NULL,
    is_confirmed BOOLEAN NOT NULL,
    uuid TEXT NOT NULL,
    created DOUBLE PRECISION NOT NULL
);
CREATE INDEX credential_by_username ON credential (username);
CREATE UNIQUE INDEX credential__device_id__purpose__is_confirmed ON credential (device_id, purpose, is_confirmed) WHERE device_id IS NOT NULL;
CREATE UNIQUE INDEX credential__type_id__purpose ON credential (type_id, purpose) WHERE type_id IS NOT NULL;

CREATE TABLE quarantine (
    id {id},
    oui TEXT NOT NULL,
    product_class TEXT NOT NULL,
    serial_number TEXT NOT NULL,
    manufacturer TEXT NOT NULL DEFAULT '',
    address TEXT NOT NULL DEFAULT '',
    username TEXT NOT NULL DEFAULT '',
    software_version TEXT NOT NULL DEFAULT '',
    reason TEXT NOT NULL,
    device_id BIGINT REFERENCES device (id) ON DELETE CASCADE,
    informs BIGINT NOT NULL DEFAULT 1,
    first_seen DOUBLE PRECISION NOT NULL,
    last_seen DOUBLE PRECISION NOT NULL
);
CREATE UNIQUE INDEX quarantine__oui__product_class__serial_number ON quarantine (oui, product_class, serial_number);
CREATE INDEX quarantine_by_device ON quarantine (device_id);

CREATE TABLE path (
    id {id},
    path TEXT{by_octets} NOT NULL
);
CREATE UNIQUE INDEX path__path ON path (path);

-- The value may be sealed.
CREATE TABLE parameter (
    device_id BIGINT NOT NULL REFERENCES device (id) ON DELETE CASCADE,
    path_id BIGINT NOT NULL REFERENCES path (id),
    value TEXT,
    type TEXT,
    writable BOOLEAN,
    updated DOUBLE PRECISION NOT NULL,
    PRIMARY KEY (device_id, path_id)
){without_rowid};
CREATE INDEX parameter_by_path ON parameter (path_id);

-- What a device is to have; the value may be sealed. Of a type: what its devices are to have.
CREATE TABLE setting (
    id {id},
    device_id BIGINT REFERENCES device (id) ON DELETE CASCADE,
    type_id BIGINT REFERENCES device_type (id) ON DELETE CASCADE,
    path TEXT NOT NULL,
    value TEXT NOT NULL,
    value_type TEXT,
    uuid TEXT NOT NULL,
    updated DOUBLE PRECISION NOT NULL
);
CREATE UNIQUE INDEX setting__device_id__path ON setting (device_id, path) WHERE device_id IS NOT NULL;
CREATE UNIQUE INDEX setting__type_id__path ON setting (type_id, path) WHERE type_id IS NOT NULL;

-- What became of a setting on a device: the uuid is that of the setting it was, so a changed one is pending again.
-- ``shown`` is what the device shows since, where it writes a value in its own way; it may be sealed.
CREATE TABLE setting_state (
    device_id BIGINT NOT NULL REFERENCES device (id) ON DELETE CASCADE,
    path TEXT NOT NULL,
    uuid TEXT NOT NULL,
    state TEXT NOT NULL,
    fault TEXT NOT NULL DEFAULT '',
    shown TEXT,
    updated DOUBLE PRECISION NOT NULL,
    PRIMARY KEY (device_id, path)
){without_rowid};

-- The request, the progress and the outcome may be sealed; their row is the public id.
CREATE TABLE operation (
    id {id},
    public_id TEXT NOT NULL,
    device_id BIGINT NOT NULL REFERENCES device (id) ON DELETE CASCADE,
    kind TEXT NOT NULL,
    origin TEXT NOT NULL,
    state TEXT NOT NULL,
    phase TEXT NOT NULL DEFAULT '',
    priority BIGINT NOT NULL DEFAULT 0,
    request TEXT NOT NULL,
    progress TEXT NOT NULL DEFAULT '',
    outcome TEXT NOT NULL DEFAULT '',
    fault TEXT NOT NULL DEFAULT '',
    command_key TEXT NOT NULL,
    sent TEXT NOT NULL DEFAULT '',
    fence BIGINT NOT NULL DEFAULT 0,
    attempts BIGINT NOT NULL DEFAULT 0,
    max_attempts BIGINT NOT NULL,
    retry_delay DOUBLE PRECISION NOT NULL,
    wakes BOOLEAN NOT NULL DEFAULT TRUE,
    scheduled_at DOUBLE PRECISION NOT NULL,
    ready_at DOUBLE PRECISION NOT NULL,
    wake_at DOUBLE PRECISION,
    expires_at DOUBLE PRECISION,
    proof_by DOUBLE PRECISION,
    created DOUBLE PRECISION NOT NULL,
    started_at DOUBLE PRECISION,
    completed_at DOUBLE PRECISION,
    updated DOUBLE PRECISION NOT NULL
);
CREATE UNIQUE INDEX operation__public_id ON operation (public_id);
CREATE UNIQUE INDEX operation__command_key ON operation (command_key);
CREATE INDEX operation_of_device ON operation (device_id, id);
CREATE INDEX operation_open ON operation (device_id, priority, scheduled_at, id) WHERE state IN ('scheduled', 'queued', 'in_progress');
CREATE INDEX operation_unsettled ON operation (device_id) WHERE phase <> '';
CREATE INDEX operation_ready ON operation (ready_at) WHERE state IN ('scheduled', 'queued');
CREATE INDEX operation_waking ON operation (wake_at) WHERE wake_at IS NOT NULL;
CREATE INDEX operation_expiring ON operation (expires_at) WHERE state IN ('scheduled', 'queued') AND expires_at IS NOT NULL;
CREATE INDEX operation_unproven ON operation (proof_by) WHERE state = 'in_progress' AND proof_by IS NOT NULL;
CREATE INDEX operation_done ON operation (completed_at) WHERE completed_at IS NOT NULL;

CREATE TABLE transfer (
    id {id},
    device_id BIGINT NOT NULL REFERENCES device (id) ON DELETE CASCADE,
    operation_id BIGINT NOT NULL REFERENCES operation (id) ON DELETE CASCADE,
    direction TEXT NOT NULL,
    state TEXT NOT NULL,
    command_key TEXT NOT NULL,
    file_type TEXT NOT NULL,
    file_name TEXT NOT NULL DEFAULT '',
    firmware_image_id BIGINT REFERENCES firmware_image (id) ON DELETE SET NULL,
    version TEXT NOT NULL DEFAULT '',
    ran_before BOOLEAN NOT NULL DEFAULT FALSE,
    size BIGINT,
    sha256 TEXT NOT NULL DEFAULT '',
    file_key TEXT NOT NULL DEFAULT '',
    content_type TEXT NOT NULL DEFAULT '',
    content_encoding TEXT NOT NULL DEFAULT '',
    received_at DOUBLE PRECISION,
    reported TEXT NOT NULL DEFAULT '',
    expires_at DOUBLE PRECISION NOT NULL,
    created DOUBLE PRECISION NOT NULL,
    updated DOUBLE PRECISION NOT NULL
);
CREATE UNIQUE INDEX transfer__operation_id ON transfer (operation_id);
CREATE INDEX transfer_of_device ON transfer (device_id);
CREATE INDEX transfer_open ON transfer (device_id, id) WHERE state = 'open';
CREATE INDEX transfer_by_file ON transfer (file_key) WHERE file_key <> '';
CREATE INDEX transfer_expiring ON transfer (expires_at) WHERE state = 'open';
CREATE INDEX transfer_by_firmware_image ON transfer (firmware_image_id);

-- What happened to a device, in its words and ours; secrets are masked before they come here.
CREATE TABLE history (
    id {id},
    device_id BIGINT NOT NULL REFERENCES device (id) ON DELETE CASCADE,
    at DOUBLE PRECISION NOT NULL,
    kind TEXT NOT NULL,
    subject TEXT NOT NULL DEFAULT '',
    old TEXT,
    new TEXT,
    actor TEXT NOT NULL DEFAULT ''
);
CREATE INDEX history_of_device ON history (device_id, id);
CREATE INDEX history_by_age ON history (at);

CREATE TABLE token (
    id {id},
    name TEXT NOT NULL,
    role TEXT NOT NULL,
    organizations TEXT,
    hash TEXT NOT NULL,
    created DOUBLE PRECISION NOT NULL,
    expires_at DOUBLE PRECISION,
    revoked_at DOUBLE PRECISION,
    last_used DOUBLE PRECISION
);
CREATE UNIQUE INDEX token__hash ON token (hash);

-- Stays when what it tells of is deleted: no references.
CREATE TABLE audit (
    id {id},
    at DOUBLE PRECISION NOT NULL,
    actor TEXT NOT NULL,
    address TEXT NOT NULL DEFAULT '',
    action TEXT NOT NULL,
    resource TEXT NOT NULL,
    resource_id TEXT NOT NULL DEFAULT '',
    organization_id BIGINT,
    before TEXT NOT NULL DEFAULT '',
    after TEXT NOT NULL DEFAULT ''
);
CREATE INDEX audit_by_age ON audit (at);
CREATE INDEX audit_of_resource ON audit (resource, resource_id, id);
CREATE INDEX audit_of_organization ON audit (organization_id, id) WHERE organization_id IS NOT NULL;

CREATE TABLE idempotency_key (
    owner TEXT NOT NULL,
    key TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    status BIGINT NOT NULL,
    answer TEXT NOT NULL,
    created DOUBLE PRECISION NOT NULL,
    PRIMARY KEY (owner, key)
);
CREATE INDEX idempotency_key_by_age ON idempotency_key (created);
