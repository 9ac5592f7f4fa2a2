-- What is to be told to whom, until it was told or given up. No references: the news outlives what it is about.

CREATE TABLE delivery (
    id {id},
    public_id TEXT NOT NULL,
    subject TEXT NOT NULL,
    subject_id TEXT NOT NULL,
    organization_id BIGINT,
    channel TEXT NOT NULL,
    target TEXT NOT NULL,
    event TEXT NOT NULL,
    payload TEXT NOT NULL,
    state TEXT NOT NULL DEFAULT 'waiting',
    attempts BIGINT NOT NULL DEFAULT 0,
    next_at DOUBLE PRECISION NOT NULL,
    last_error TEXT NOT NULL DEFAULT '',
    created DOUBLE PRECISION NOT NULL,
    ended DOUBLE PRECISION
);
CREATE UNIQUE INDEX delivery__public_id ON delivery (public_id);
CREATE INDEX delivery_of_subject ON delivery (subject, subject_id, id);
CREATE INDEX delivery_of_organization ON delivery (organization_id, id) WHERE organization_id IS NOT NULL;
CREATE INDEX delivery_due ON delivery (next_at) WHERE state = 'waiting';
CREATE INDEX delivery_ended ON delivery (ended) WHERE ended IS NOT NULL;
CREATE INDEX operation_untold ON operation (id) WHERE notification <> '' AND completed_at IS NOT NULL AND notified <> state;

-- Each end of a request for many devices is told; and its cancellation, if it never began.
ALTER TABLE bulk_execution ADD COLUMN notified TEXT NOT NULL DEFAULT '';
CREATE INDEX bulk_execution_untold ON bulk_execution (id) WHERE completed_at IS NOT NULL AND notified <> state;
CREATE INDEX bulk_untold ON bulk (id) WHERE state = 'cancelled' AND executions = 0 AND notified <> state;
