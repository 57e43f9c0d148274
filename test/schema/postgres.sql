-- access/0001_access
-- access/0002_links
-- access/0003_session
-- alerts/0001_alerts
-- alerts/0002_life
-- alerts/0003_watch
-- app/0001_node
-- app/0003_pulse
-- backup/0001_backups
-- health/0001_since
-- ingest/0001_sources
-- ingest/0002_quarantine
-- ingest/0003_forward
-- ingest/0004_signatures
-- ingest/0005_unreadable
-- ledger/0001_events
-- ledger/0002_narrow_indexes
-- ledger/0003_variant_facts
-- ledger/0004_erasures
-- metrics/0001_buckets
-- notify/0001_news
-- notify/0002_notices
-- notify/0003_chains
-- notify/0004_drill_events
-- oncall/0001_oncall
-- operations/0001_operations
-- operations/0002_receipts
-- operations/0003_refund_hints
-- operations/0004_keys_by_mode
-- payments/0001_payments
-- payments/0002_sales
-- pricing/0001_offers
-- pricing/0002_suggestions
-- slo/0001_objectives
-- slo/0002_history
-- tasks/0001_tasks
-- tasks/0002_attempts
access_key.id text not null
access_key.name text not null
access_key.role text not null
access_key.digest text not null
access_key.created_at bigint not null
access_key.created_by text not null
access_key.last_used_at bigint
access_key.revoked_at bigint
access_key.expires_at bigint
access_link.id text not null
access_link.page text not null
access_link.name text not null
access_link.params text not null
access_link.created_at bigint not null
access_link.created_by text not null
access_link.expires_at bigint not null
access_link.revoked_at bigint
access_link.last_used_at bigint
access_secret.name text not null
access_secret.secret text not null
access_session.digest text not null
access_session.id text not null
access_session.key_id text not null
access_session.key_proof text not null
access_session.created_at bigint not null
access_session.last_used_at bigint not null
access_session.ended_at bigint
access_session.client text not null
access_session.address text not null
alert.id bigint not null
alert.rule text not null
alert.state text not null
alert.severity text not null
alert.opened_at bigint not null
alert.fired_at bigint
alert.recovering_at bigint
alert.resolved_at bigint
alert.value double precision not null
alert.summary text not null
alert.updated_at bigint not null
alert.key text not null default ''::text
alert.subject text not null default ''::text
alert.title text not null default ''::text
alert.details text not null default '[]'::text
alert.todo text not null default '[]'::text
alert.stake_currency text
alert.stake_minor bigint
alert.labels text not null default '{}'::text
alert.evidence text
alert.started_at bigint
alert.acked_by text
alert.acked_at bigint
alert.ack_note text
alert.health text not null default 'ok'::text
alert.drill bigint not null default 0
alert.resolution text
alert.feedback text
alert.held bigint not null default 0
alert_event.id bigint not null
alert_event.alert_id bigint not null
alert_event.at bigint not null
alert_event.kind text not null
alert_event.actor_id text not null
alert_event.actor_name text not null
alert_event.reason text
alert_usual.name text not null
alert_usual.at bigint not null
alert_usual.body text not null
alert_watch.name text not null
alert_watch.node text not null
alert_watch.until bigint not null
attempt.payment_no bigint not null
attempt.id text not null
attempt.live bigint not null
attempt.account text not null
attempt.currency text not null
attempt.at bigint not null
attempt.outcome text not null
attempt.cause text
attempt.code text
attempt.amount bigint not null
audit.id bigint not null
audit.at bigint not null
audit.actor_id text not null
audit.actor_name text not null
audit.action text not null
audit.subject text not null
audit.detail text not null
audit.request_id text
audit.outcome text not null
audit.hash text not null
audit_head.only_row bigint not null
audit_head.id bigint not null
audit_head.hash text not null
backup.no bigint not null
backup.backup_id text
backup.target text not null
backup.outcome text not null
backup.snapshot_at bigint not null
backup.finished_at bigint not null
backup.bytes bigint
backup.encrypted bigint not null
backup.error text
backup.removed_at bigint
bookmark.name text not null
bookmark.value text not null
bookmark.updated_at bigint not null
channel.name text not null
channel.failures bigint not null
channel.wait_until bigint not null
channel.disabled_at bigint
channel.disabled_why text
channel.succeeded_at bigint
channel.failed_at bigint
channel.error text
channel.owner text
channel.lease_until bigint not null
channel.failing_since bigint
channel.told_at bigint
channel.fingerprint text
consumer.name text not null
consumer.seq bigint not null
consumer.updated_at bigint not null
delivery.seq bigint not null
delivery.received_at bigint not null
delivery.outcome text not null
delivery.endpoint_id bigint not null
delivery.status bigint not null
delivery.event_seq bigint
delivery.event_id text
delivery.event_type text
delivery.reason text
delivery.count bigint not null default 1
delivery_metric.grain text not null
delivery_metric.start bigint not null
delivery_metric.endpoint text not null
delivery_metric.accepted bigint not null
delivery_metric.duplicate bigint not null
delivery_metric.variant bigint not null
delivery_metric.malformed bigint not null
delivery_metric.failed bigint not null
delivery_metric.rejected bigint not null
drill.no bigint not null
drill.started_at bigint not null
drill.finished_at bigint not null
drill.outcome text not null
drill.backup_id text
drill.target text not null
drill.recovery_time_ms bigint
drill.recovery_point_ms bigint
drill.evidence text not null
erased_event.event_id text not null
erased_event.erasure_no bigint not null
erased_event.sha256 text not null
erased_event.erased_at bigint not null
erasure.no bigint not null
erasure.state text not null
erasure.started_at bigint not null
erasure.finished_at bigint
erasure.made_by text not null
erasure.subjects text not null
erasure.events bigint not null
event.seq bigint not null
event.event_id text not null
event.type_id bigint not null
event.received_at bigint not null
event.created_at bigint not null
event.live bigint not null
event.account_id bigint
event.version_id bigint
event.source_id bigint not null
event.object_id text
event.snapshot_event text
event.flags bigint not null default 0
event.block_id bigint not null
event.block_at bigint not null
event.size bigint not null
event_block.id bigint not null
event_block.codec text not null
event_block.raw_size bigint not null
event_block.bytes bytea not null
event_failure.event_seq bigint not null
event_failure.failed_at bigint not null
event_failure.attempts bigint not null
event_failure.armed bigint not null
event_failure.error text not null
event_signature.event_id text not null
event_signature.signature text not null
event_signature.received_at bigint not null
event_variant.id bigint not null
event_variant.event_seq bigint not null
event_variant.received_at bigint not null
event_variant.type text not null
event_variant.bytes bytea not null
event_variant.fact text
forward_parked.target text not null
forward_parked.event_seq bigint not null
forward_parked.since bigint not null
forward_parked.attempts bigint not null
forward_parked.next_at bigint
gap.id bigint not null
gap.account text not null
gap.from_at bigint not null
gap.to_at bigint not null
gap.events bigint not null
gap.seen bigint not null
gap.found_at bigint not null
gap.closed_at bigint
gap.cause text not null
health_since.name text not null
health_since.state text not null
health_since.since bigint not null
metric.grain text not null
metric.live bigint not null
metric.account text not null
metric.kind text not null
metric.start bigint not null
metric.value text not null
metric.attempts bigint not null
metric.succeeded bigint not null
metric.failed bigint not null
metric.failed_customer bigint not null
metric.failed_risk bigint not null
metric.failed_technical bigint not null
metric.payments bigint not null
metric.payments_succeeded bigint not null
metric.gross bigint not null
metric.captures bigint not null
metric.refunded bigint not null
metric.refunds bigint not null
metric.disputed bigint not null
metric.disputes bigint not null
metric_setting.name text not null
metric_setting.value text not null
migration.name text not null
migration.applied_at bigint not null
node.node text not null
node.pid bigint not null
node.version text not null
node.url text not null
node.sandbox_url text
node.started_at bigint not null
node.seen_at bigint not null
notice.id bigint not null
notice.key text not null
notice.route text not null
notice.reason text not null
notice.status text not null
notice.severity text not null
notice.title text not null
notice.drill bigint not null
notice.created_at bigint not null
notice.body text not null
notice_alert.alert_id bigint not null
notice_alert.notice_id bigint not null
notice_attempt.id bigint not null
notice_attempt.outbox_id bigint not null
notice_attempt.channel text not null
notice_attempt.started_at bigint not null
notice_attempt.latency_ms bigint
notice_attempt.outcome text
notice_attempt.status bigint
notice_attempt.reason text
notify_alert.alert_id bigint not null
notify_alert.state text not null
notify_alert.known_at bigint not null
notify_alert.acknowledged_at bigint
notify_alert.updated_at bigint not null
notify_alert.unplanned bigint not null
notify_alert.closed_at bigint
notify_alert.body text not null
notify_alert.suppressed text
notify_chain.alert_id bigint not null
notify_chain.route text not null
notify_chain.policy text not null
notify_chain.channels text not null
notify_chain.step bigint not null
notify_chain.round bigint not null
notify_chain.next_at bigint
notify_chain.state text not null
notify_drill.id bigint not null
notify_drill.alert_id bigint not null
notify_drill.started_at bigint not null
notify_drill.asked_by text not null
notify_drill.cause text not null
notify_drill.finished_at bigint
notify_drill.outcome text not null
notify_drill.body text not null
notify_drill.secret text
notify_drill.event_at bigint
notify_drill.event_seq bigint
notify_key.name text not null
notify_key.secret text not null
notify_news.id bigint not null
notify_news.alert_id bigint not null
notify_news.change text not null
notify_news.at bigint not null
notify_news.body text not null
notify_plan.only_row bigint not null
notify_plan.due_at bigint not null
notify_plan.routing text not null
notify_silence.id bigint not null
notify_silence.kind text not null
notify_silence.matchers text not null
notify_silence.author text not null
notify_silence.reason text not null
notify_silence.created_at bigint not null
notify_silence.starts_at bigint not null
notify_silence.ends_at bigint
notify_silence.ended_at bigint
notify_silence.ended_by text
notify_stream.id bigint not null
notify_stream.key text not null
notify_stream.channel text not null
notify_stream.route text not null
notify_stream.labels text not null
notify_stream.told text not null
notify_stream.sent_at bigint not null
oncall_feed.id bigint not null
oncall_feed.token_hash text not null
oncall_feed.rotation text
oncall_feed.person text
oncall_feed.created_by text not null
oncall_feed.created_at bigint not null
oncall_feed.used_at bigint
oncall_feed.revoked_at bigint
oncall_override.id bigint not null
oncall_override.rotation text not null
oncall_override.person text not null
oncall_override.starts_at bigint not null
oncall_override.ends_at bigint not null
oncall_override.author text not null
oncall_override.reason text not null
oncall_override.created_at bigint not null
oncall_override.cancelled_at bigint
oncall_override.cancelled_by text
operation.id text not null
operation.no bigint not null
operation.kind text not null
operation.state text not null
operation.live bigint not null
operation.payment text
operation.amount bigint
operation.currency text
operation.request text not null
operation.progress text not null
operation.stripe_key text not null
operation.request_key text
operation.request_digest text not null
operation.object_id text
operation.object_status text
operation.answer text
operation.error_kind text
operation.error_code text
operation.error_text text
operation.reason text
operation.note text
operation.actor_id text not null
operation.actor_name text not null
operation.request_id text
operation.second_id text
operation.second_name text
operation.created_at bigint not null
operation.updated_at bigint not null
operation.sent_at bigint
operation.attempts bigint not null
operation.last_effect text
operation.last_try_at bigint
operation.next_try_at bigint
operation.confirmed_at bigint
operation.missed_at bigint
operation_step.id bigint not null
operation_step.operation_id text not null
operation_step.at bigint not null
operation_step.what text not null
operation_step.text text not null
operation_step.actor text not null
outbox.id bigint not null
outbox.notice_id bigint not null
outbox.channel text not null
outbox.key text not null
outbox.state text not null
outbox.queued_at bigint not null
outbox.attempts bigint not null
outbox.settled_at bigint
outbox.error text
outbox.merged_into bigint
payment.no bigint not null
payment.id text not null
payment.live bigint not null
payment.account text not null
payment.status text not null
payment.final_outcome text
payment.cause text
payment.code text
payment.currency text
payment.amount bigint not null
payment.captured bigint not null
payment.refunded bigint not null
payment.disputed bigint not null
payment.email text
payment.customer text
payment.invoice text
payment.method text
payment.brand text
payment.country text
payment.created_at bigint not null
payment.updated_at bigint not null
payment.state text not null
payment_alias.alias text not null
payment_alias.live bigint not null
payment_alias.account text not null
payment_alias.payment_no bigint not null
payment_event.payment_no bigint not null
payment_event.event_seq bigint not null
pricing_line.subject text not null
pricing_line.line text not null
pricing_line.live bigint not null
pricing_line.product text not null
pricing_line.price text
pricing_line.currency text not null
pricing_line.unit_amount bigint not null
pricing_line.quantity bigint not null
pricing_line.amount bigint not null
pricing_line.renewal bigint not null
pricing_line.told_at bigint not null
pricing_price.id text not null
pricing_price.live bigint not null
pricing_price.product text not null
pricing_price.currency text not null
pricing_price.unit_amount bigint
pricing_price.recurring text
pricing_price.active bigint not null
pricing_price.lookup_key text
pricing_price.told_at bigint not null
pricing_product.id text not null
pricing_product.live bigint not null
pricing_product.name text not null
pricing_product.active bigint not null
pricing_product.default_price text
pricing_product.told_at bigint not null
pricing_run.id bigint not null
pricing_run.live bigint not null
pricing_run.at bigint not null
pricing_run.facts text not null
pricing_step.id bigint not null
pricing_step.suggestion_id text not null
pricing_step.at bigint not null
pricing_step.what text not null
pricing_step.text text not null
pricing_step.actor text not null
pricing_subscription.id text not null
pricing_subscription.live bigint not null
pricing_subscription.product text not null
pricing_subscription.price text not null
pricing_subscription.first_amount bigint
pricing_subscription.unit_amount bigint
pricing_subscription.currency text not null
pricing_subscription.started_at bigint not null
pricing_subscription.ended_at bigint
pricing_subscription.told_at bigint not null
pricing_suggestion.id text not null
pricing_suggestion.no bigint not null
pricing_suggestion.kind text not null
pricing_suggestion.state text not null
pricing_suggestion.live bigint not null
pricing_suggestion.product text
pricing_suggestion.price text
pricing_suggestion.currency text
pricing_suggestion.from_amount bigint
pricing_suggestion.to_amount bigint
pricing_suggestion.told text not null
pricing_suggestion.basis text not null
pricing_suggestion.proposer_id text not null
pricing_suggestion.proposer_name text not null
pricing_suggestion.first_id text
pricing_suggestion.first_name text
pricing_suggestion.second_id text
pricing_suggestion.second_name text
pricing_suggestion.reason text
pricing_suggestion.progress text not null
pricing_suggestion.new_price text
pricing_suggestion.error_text text
pricing_suggestion.attempts bigint not null
pricing_suggestion.sent_at bigint
pricing_suggestion.next_try_at bigint
pricing_suggestion.created_at bigint not null
pricing_suggestion.decided_at bigint
pricing_suggestion.applied_at bigint
pricing_suggestion.watch text
pricing_suggestion.updated_at bigint not null
pulse.name text not null
pulse.at bigint not null
quarantine.id bigint not null
quarantine.received_at bigint not null
quarantine.signature text not null
quarantine.body bytea not null
quarantine.size bigint not null
receipt.id text not null
receipt.kind text not null
receipt.state text not null
receipt.via text not null
receipt.live bigint not null
receipt.charge text not null
receipt.refund text
receipt.email text
receipt.copies bigint not null
receipt.attempts bigint not null
receipt.next_try_at bigint not null
receipt.why text
receipt.created_at bigint not null
receipt.updated_at bigint not null
receipt.sent_at bigint
receipt_start.only_row bigint not null
receipt_start.started_at bigint not null
refund.payment_no bigint not null
refund.id text not null
refund.live bigint not null
refund.account text not null
refund.status text not null
refund.currency text not null
refund.amount bigint not null
refund.created_at bigint not null
refund.updated_at bigint not null
refund_hint.charge text not null
refund_hint.live bigint not null
refund_hint.amount bigint not null
refund_hint.look_at bigint not null
refund_record.id text not null
refund_record.no bigint not null
refund_record.live bigint not null
refund_record.payment text
refund_record.charge text
refund_record.amount bigint not null
refund_record.currency text not null
refund_record.status text not null
refund_record.reason text
refund_record.operation_id text
refund_record.created_at bigint not null
refund_record.updated_at bigint not null
refund_record.logged_as text
slo_count.indicator text not null
slo_count.grain text not null
slo_count.start bigint not null
slo_count.good bigint not null
slo_count.bad bigint not null
slo_day.slo text not null
slo_day.start bigint not null
slo_day.end_at bigint not null
slo_day.objective_ppm bigint not null
slo_day.good bigint not null
slo_day.total bigint not null
slo_day.period_good bigint not null
slo_day.period_total bigint not null
slo_day.updated_at bigint not null
slo_history.id bigint not null
slo_history.from_at bigint not null
slo_history.until_at bigint not null
slo_state.slo text not null
slo_state.measured_at bigint not null
slo_state.state text not null
task.name text not null
task.anchor_at bigint not null
task.cursor_at bigint
task.enabled bigint not null
task.run_id bigint
task.owner text
task.lease_until bigint
task_run.id bigint not null
task_run.task text not null
task_run.cause text not null
task_run.attempt bigint not null
task_run.due_at bigint not null
task_run.started_at bigint not null
task_run.finished_at bigint
task_run.duration_ms bigint
task_run.outcome text not null
task_run.late bigint not null
task_run.missed bigint not null
task_run.owner text not null
task_run.error text
task_run.evidence text
term.id bigint not null
term.value text not null
witness.account text not null
witness.start bigint not null
witness.sweep bigint not null
witness.seen bigint not null
witness.recovered bigint not null
witness.unreadable bigint not null default 0
CREATE UNIQUE INDEX access_key_name ON access_key USING btree (name) WHERE (revoked_at IS NULL)
CREATE UNIQUE INDEX access_key_pkey ON access_key USING btree (id)
CREATE INDEX access_key_revoked ON access_key USING btree (revoked_at) WHERE (revoked_at IS NOT NULL)
CREATE INDEX access_link_created ON access_link USING btree (created_at)
CREATE UNIQUE INDEX access_link_pkey ON access_link USING btree (id)
CREATE UNIQUE INDEX access_secret_pkey ON access_secret USING btree (name)
CREATE INDEX access_session_created ON access_session USING btree (created_at)
CREATE UNIQUE INDEX access_session_id_key ON access_session USING btree (id)
CREATE INDEX access_session_key ON access_session USING btree (key_id, created_at)
CREATE UNIQUE INDEX access_session_pkey ON access_session USING btree (digest)
CREATE INDEX alert_event_alert ON alert_event USING btree (alert_id, id)
CREATE UNIQUE INDEX alert_event_pkey ON alert_event USING btree (id)
CREATE INDEX alert_held ON alert USING btree (key) WHERE (held = 1)
CREATE UNIQUE INDEX alert_open ON alert USING btree (key) WHERE (resolved_at IS NULL)
CREATE INDEX alert_opened ON alert USING btree (opened_at, id)
CREATE UNIQUE INDEX alert_pkey ON alert USING btree (id)
CREATE INDEX alert_rule ON alert USING btree (rule, id)
CREATE UNIQUE INDEX alert_usual_pkey ON alert_usual USING btree (name)
CREATE UNIQUE INDEX alert_watch_pkey ON alert_watch USING btree (name)
CREATE INDEX attempt_at ON attempt USING btree (live, at)
CREATE UNIQUE INDEX attempt_pkey ON attempt USING btree (payment_no, id)
CREATE INDEX attempt_sale ON attempt USING btree (live, account, currency, at, amount) WHERE ((outcome = 'succeeded'::text) AND (amount > 0))
CREATE INDEX audit_action ON audit USING btree (action, id)
CREATE INDEX audit_actor ON audit USING btree (actor_id, id)
CREATE UNIQUE INDEX audit_head_pkey ON audit_head USING btree (only_row)
CREATE UNIQUE INDEX audit_pkey ON audit USING btree (id)
CREATE INDEX audit_subject ON audit USING btree (subject, id)
CREATE UNIQUE INDEX backup_pkey ON backup USING btree (no)
CREATE INDEX backup_target ON backup USING btree (target, outcome, no)
CREATE UNIQUE INDEX bookmark_pkey ON bookmark USING btree (name)
CREATE UNIQUE INDEX channel_pkey ON channel USING btree (name)
CREATE UNIQUE INDEX consumer_pkey ON consumer USING btree (name)
CREATE UNIQUE INDEX delivery_metric_pkey ON delivery_metric USING btree (grain, start, endpoint)
CREATE UNIQUE INDEX delivery_pkey ON delivery USING btree (seq)
CREATE INDEX delivery_trouble ON delivery USING btree (received_at) WHERE (outcome = ANY (ARRAY['malformed'::text, 'failed'::text, 'rejected'::text]))
CREATE INDEX delivery_unusual ON delivery USING btree (outcome, seq) WHERE (outcome <> 'accepted'::text)
CREATE INDEX drill_outcome ON drill USING btree (outcome, no)
CREATE UNIQUE INDEX drill_pkey ON drill USING btree (no)
CREATE INDEX erased_event_erasure ON erased_event USING btree (erasure_no)
CREATE UNIQUE INDEX erased_event_pkey ON erased_event USING btree (event_id)
CREATE UNIQUE INDEX erasure_pkey ON erasure USING btree (no)
CREATE UNIQUE INDEX event_block_pkey ON event_block USING btree (id)
CREATE UNIQUE INDEX event_event_id_key ON event USING btree (event_id)
CREATE INDEX event_failure_armed ON event_failure USING btree (event_seq) WHERE (armed = 1)
CREATE INDEX event_failure_failed ON event_failure USING btree (failed_at)
CREATE UNIQUE INDEX event_failure_pkey ON event_failure USING btree (event_seq)
CREATE UNIQUE INDEX event_pkey ON event USING btree (seq)
CREATE INDEX event_received ON event USING btree (received_at, seq)
CREATE UNIQUE INDEX event_signature_pkey ON event_signature USING btree (event_id)
CREATE INDEX event_signature_received ON event_signature USING btree (received_at)
CREATE INDEX event_type ON event USING btree (type_id, received_at, seq)
CREATE INDEX event_variant_event ON event_variant USING btree (event_seq)
CREATE INDEX event_variant_fact ON event_variant USING btree (event_seq, fact)
CREATE UNIQUE INDEX event_variant_pkey ON event_variant USING btree (id)
CREATE INDEX event_variants ON event USING btree (received_at, seq) WHERE ((flags & (1)::bigint) = 1)
CREATE INDEX forward_parked_due ON forward_parked USING btree (target, next_at)
CREATE UNIQUE INDEX forward_parked_pkey ON forward_parked USING btree (target, event_seq)
CREATE INDEX gap_from ON gap USING btree (from_at)
CREATE UNIQUE INDEX gap_pkey ON gap USING btree (id)
CREATE UNIQUE INDEX health_since_pkey ON health_since USING btree (name)
CREATE UNIQUE INDEX metric_pkey ON metric USING btree (grain, live, account, kind, start, value)
CREATE UNIQUE INDEX metric_setting_pkey ON metric_setting USING btree (name)
CREATE UNIQUE INDEX migration_pkey ON migration USING btree (name)
CREATE UNIQUE INDEX node_pkey ON node USING btree (node)
CREATE INDEX notice_alert_notice ON notice_alert USING btree (notice_id)
CREATE UNIQUE INDEX notice_alert_pkey ON notice_alert USING btree (alert_id, notice_id)
CREATE INDEX notice_attempt_outbox ON notice_attempt USING btree (outbox_id, id)
CREATE UNIQUE INDEX notice_attempt_pkey ON notice_attempt USING btree (id)
CREATE INDEX notice_created ON notice USING btree (created_at)
CREATE UNIQUE INDEX notice_pkey ON notice USING btree (id)
CREATE INDEX notify_alert_closed ON notify_alert USING btree (closed_at) WHERE (closed_at IS NOT NULL)
CREATE INDEX notify_alert_open ON notify_alert USING btree (alert_id) WHERE (closed_at IS NULL)
CREATE UNIQUE INDEX notify_alert_pkey ON notify_alert USING btree (alert_id)
CREATE INDEX notify_alert_unplanned ON notify_alert USING btree (alert_id) WHERE (unplanned = 1)
CREATE INDEX notify_chain_open ON notify_chain USING btree (alert_id) WHERE (state <> 'done'::text)
CREATE UNIQUE INDEX notify_chain_pkey ON notify_chain USING btree (alert_id)
CREATE INDEX notify_drill_open ON notify_drill USING btree (alert_id) WHERE (finished_at IS NULL)
CREATE UNIQUE INDEX notify_drill_pkey ON notify_drill USING btree (id)
CREATE INDEX notify_drill_started ON notify_drill USING btree (started_at)
CREATE UNIQUE INDEX notify_key_pkey ON notify_key USING btree (name)
CREATE INDEX notify_news_alert ON notify_news USING btree (alert_id, id)
CREATE INDEX notify_news_at ON notify_news USING btree (at)
CREATE UNIQUE INDEX notify_news_pkey ON notify_news USING btree (id)
CREATE UNIQUE INDEX notify_plan_pkey ON notify_plan USING btree (only_row)
CREATE INDEX notify_silence_open ON notify_silence USING btree (id) WHERE (ended_at IS NULL)
CREATE UNIQUE INDEX notify_silence_pkey ON notify_silence USING btree (id)
CREATE UNIQUE INDEX notify_stream_key ON notify_stream USING btree (key, channel)
CREATE UNIQUE INDEX notify_stream_pkey ON notify_stream USING btree (id)
CREATE UNIQUE INDEX oncall_feed_pkey ON oncall_feed USING btree (id)
CREATE UNIQUE INDEX oncall_feed_token_hash_key ON oncall_feed USING btree (token_hash)
CREATE UNIQUE INDEX oncall_override_pkey ON oncall_override USING btree (id)
CREATE INDEX oncall_override_time ON oncall_override USING btree (rotation, ends_at) WHERE (cancelled_at IS NULL)
CREATE UNIQUE INDEX operation_busy ON operation USING btree (live, payment) WHERE ((kind = 'refund'::text) AND (state = 'sending'::text))
CREATE INDEX operation_created ON operation USING btree (kind, created_at)
CREATE INDEX operation_digest ON operation USING btree (request_digest, created_at)
CREATE UNIQUE INDEX operation_no ON operation USING btree (no)
CREATE INDEX operation_object ON operation USING btree (object_id) WHERE (object_id IS NOT NULL)
CREATE INDEX operation_open ON operation USING btree (state, created_at) WHERE (state = ANY (ARRAY['sending'::text, 'submitted'::text, 'awaiting_approval'::text]))
CREATE INDEX operation_payment ON operation USING btree (payment) WHERE (payment IS NOT NULL)
CREATE UNIQUE INDEX operation_pkey ON operation USING btree (id)
CREATE UNIQUE INDEX operation_request ON operation USING btree (live, kind, actor_id, request_key) WHERE (request_key IS NOT NULL)
CREATE INDEX operation_sent ON operation USING btree (kind, sent_at) WHERE (sent_at IS NOT NULL)
CREATE INDEX operation_step_operation ON operation_step USING btree (operation_id, id)
CREATE UNIQUE INDEX operation_step_pkey ON operation_step USING btree (id)
CREATE UNIQUE INDEX operation_stripe_key_key ON operation USING btree (stripe_key)
CREATE INDEX outbox_merged ON outbox USING btree (merged_into) WHERE (merged_into IS NOT NULL)
CREATE INDEX outbox_notice ON outbox USING btree (notice_id)
CREATE UNIQUE INDEX outbox_pkey ON outbox USING btree (id)
CREATE INDEX outbox_queued ON outbox USING btree (channel, id) WHERE (state = 'queued'::text)
CREATE INDEX outbox_settled ON outbox USING btree (settled_at) WHERE (settled_at IS NOT NULL)
CREATE INDEX payment_alias_payment ON payment_alias USING btree (payment_no)
CREATE UNIQUE INDEX payment_alias_pkey ON payment_alias USING btree (alias, live, account)
CREATE INDEX payment_amount ON payment USING btree (live, amount, created_at, no)
CREATE INDEX payment_cause ON payment USING btree (live, cause, created_at, no) WHERE (cause IS NOT NULL)
CREATE INDEX payment_code ON payment USING btree (live, code, created_at, no) WHERE (code IS NOT NULL)
CREATE INDEX payment_created ON payment USING btree (live, created_at, no)
CREATE INDEX payment_email ON payment USING btree (live, email, created_at, no) WHERE (email IS NOT NULL)
CREATE UNIQUE INDEX payment_event_pkey ON payment_event USING btree (payment_no, event_seq)
CREATE UNIQUE INDEX payment_pkey ON payment USING btree (no)
CREATE INDEX payment_status ON payment USING btree (live, status, created_at, no)
CREATE UNIQUE INDEX pricing_line_pkey ON pricing_line USING btree (subject, line, live)
CREATE UNIQUE INDEX pricing_price_pkey ON pricing_price USING btree (id, live)
CREATE INDEX pricing_price_product ON pricing_price USING btree (live, product, currency)
CREATE UNIQUE INDEX pricing_product_pkey ON pricing_product USING btree (id, live)
CREATE INDEX pricing_run_at ON pricing_run USING btree (live, at)
CREATE UNIQUE INDEX pricing_run_pkey ON pricing_run USING btree (id)
CREATE UNIQUE INDEX pricing_step_pkey ON pricing_step USING btree (id)
CREATE INDEX pricing_step_suggestion ON pricing_step USING btree (suggestion_id, id)
CREATE UNIQUE INDEX pricing_subscription_pkey ON pricing_subscription USING btree (id, live)
CREATE UNIQUE INDEX pricing_suggestion_moving ON pricing_suggestion USING btree (live, product, currency) WHERE (state = ANY (ARRAY['applying'::text, 'applied'::text, 'rolling_back'::text]))
CREATE UNIQUE INDEX pricing_suggestion_no ON pricing_suggestion USING btree (no)
CREATE UNIQUE INDEX pricing_suggestion_pkey ON pricing_suggestion USING btree (id)
CREATE INDEX pricing_suggestion_state ON pricing_suggestion USING btree (state, next_try_at)
CREATE UNIQUE INDEX pulse_pkey ON pulse USING btree (name)
CREATE UNIQUE INDEX quarantine_pkey ON quarantine USING btree (id)
CREATE INDEX receipt_charge ON receipt USING btree (charge)
CREATE INDEX receipt_created ON receipt USING btree (created_at)
CREATE INDEX receipt_due ON receipt USING btree (next_try_at) WHERE (state = ANY (ARRAY['due'::text, 'sending'::text]))
CREATE UNIQUE INDEX receipt_pkey ON receipt USING btree (id)
CREATE UNIQUE INDEX receipt_start_pkey ON receipt_start USING btree (only_row)
CREATE INDEX refund_created ON refund USING btree (live, created_at)
CREATE UNIQUE INDEX refund_hint_pkey ON refund_hint USING btree (charge)
CREATE UNIQUE INDEX refund_pkey ON refund USING btree (payment_no, id)
CREATE INDEX refund_record_charge ON refund_record USING btree (charge)
CREATE UNIQUE INDEX refund_record_pkey ON refund_record USING btree (id)
CREATE INDEX refund_record_unlogged ON refund_record USING btree (no) WHERE ((logged_as IS NULL) OR (logged_as <> status))
CREATE UNIQUE INDEX slo_count_pkey ON slo_count USING btree (indicator, grain, start)
CREATE UNIQUE INDEX slo_day_pkey ON slo_day USING btree (slo, start)
CREATE UNIQUE INDEX slo_history_pkey ON slo_history USING btree (id)
CREATE UNIQUE INDEX slo_state_pkey ON slo_state USING btree (slo)
CREATE UNIQUE INDEX task_pkey ON task USING btree (name)
CREATE INDEX task_run_due ON task_run USING btree (task, due_at, cause, attempt)
CREATE INDEX task_run_finished ON task_run USING btree (finished_at)
CREATE UNIQUE INDEX task_run_pkey ON task_run USING btree (id)
CREATE INDEX task_run_task ON task_run USING btree (task, id)
CREATE UNIQUE INDEX term_pkey ON term USING btree (id)
CREATE UNIQUE INDEX term_value_key ON term USING btree (value)
CREATE UNIQUE INDEX witness_pkey ON witness USING btree (account, start)
alert_event_no_change on alert_event
audit_no_change on audit
audit_no_truncate on audit
