-- Requests for many devices. Each change of one, of its executions or of their devices gives the request a new version
-- in the same commit, and is void if another hand has done so since it was read.
-- ``due_at`` is when the request is to be looked at: when it is to begin, or at any time while it is being carried out.

-- The request is always sealed; its row is the public id.
CREATE TABLE bulk (
    id {id},
    public_id TEXT NOT NULL,
    version BIGINT NOT NULL DEFAULT 0,
    kind TEXT NOT NULL,
    state TEXT NOT NULL,
    request TEXT NOT NULL,
    actor TEXT NOT NULL DEFAULT '',
    notification TEXT NOT NULL DEFAULT '',
    notified TEXT NOT NULL DEFAULT '',
    scheduled_for DOUBLE PRECISION NOT NULL,
    next_at DOUBLE PRECISION,
    due_at DOUBLE PRECISION,
    executions BIGINT NOT NULL DEFAULT 0,
    targets BIGINT NOT NULL,
    created DOUBLE PRECISION NOT NULL,
    updated DOUBLE PRECISION NOT NULL,
    completed_at DOUBLE PRECISION
);
CREATE UNIQUE INDEX bulk__public_id ON bulk (public_id);
CREATE INDEX bulk_due ON bulk (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX bulk_done ON bulk (completed_at) WHERE completed_at IS NOT NULL;

-- Whose devices it is for; 0 is nobody. Who does not see all of these does not see the request.
CREATE TABLE bulk_organization (
    bulk_id BIGINT NOT NULL REFERENCES bulk (id) ON DELETE CASCADE,
    organization_id BIGINT NOT NULL,
    PRIMARY KEY (bulk_id, organization_id)
){without_rowid};

-- ``place`` is how far the devices are taken, in their order; ``stop`` why no more of them are begun.
CREATE TABLE bulk_execution (
    id {id},
    bulk_id BIGINT NOT NULL REFERENCES bulk (id) ON DELETE CASCADE,
    number BIGINT NOT NULL,
    state TEXT NOT NULL,
    stop TEXT NOT NULL DEFAULT '',
    is_taken BOOLEAN NOT NULL DEFAULT FALSE,
    place BIGINT NOT NULL DEFAULT 0,
    total BIGINT NOT NULL DEFAULT 0,
    in_flight BIGINT NOT NULL DEFAULT 0,
    completed BIGINT NOT NULL DEFAULT 0,
    failed BIGINT NOT NULL DEFAULT 0,
    dropped BIGINT NOT NULL DEFAULT 0,
    errors TEXT NOT NULL DEFAULT '{}',
    started_at DOUBLE PRECISION NOT NULL,
    completed_at DOUBLE PRECISION
);
CREATE UNIQUE INDEX bulk_execution__bulk_id__number ON bulk_execution (bulk_id, number);
CREATE INDEX bulk_execution_done ON bulk_execution (completed_at) WHERE completed_at IS NOT NULL;

-- What became of a device. It stays when the device is deleted: no reference.
CREATE TABLE bulk_device (
    id {id},
    execution_id BIGINT NOT NULL REFERENCES bulk_execution (id) ON DELETE CASCADE,
    device_id BIGINT NOT NULL,
    organization_id BIGINT,
    name TEXT NOT NULL,
    serial_number TEXT NOT NULL,
    state TEXT NOT NULL,
    operation TEXT NOT NULL DEFAULT '',
    error TEXT NOT NULL DEFAULT '',
    detail TEXT NOT NULL DEFAULT '',
    until DOUBLE PRECISION,
    started_at DOUBLE PRECISION,
    completed_at DOUBLE PRECISION
);
CREATE UNIQUE INDEX bulk_device__execution_id__device_id ON bulk_device (execution_id, device_id);
CREATE INDEX bulk_device_by_state ON bulk_device (execution_id, state, device_id);
CREATE INDEX bulk_device_doubtful ON bulk_device (id) WHERE error IN ('unknown_outcomes', 'unproven');
