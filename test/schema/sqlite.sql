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
CREATE TABLE access_key ( id text primary key, name text not null, role text not null check (role in ('viewer', 'operator', 'admin')), digest text not null, created_at integer not null, created_by text not null, last_used_at integer, revoked_at integer, expires_at integer );
CREATE UNIQUE INDEX access_key_name on access_key (name) where revoked_at is null;
CREATE INDEX access_key_revoked on access_key (revoked_at) where revoked_at is not null;
CREATE TABLE access_link ( id text primary key, page text not null, name text not null, params text not null, created_at integer not null, created_by text not null, expires_at integer not null, revoked_at integer, last_used_at integer );
CREATE INDEX access_link_created on access_link (created_at);
CREATE TABLE access_secret (name text primary key, secret text not null);
CREATE TABLE access_session ( digest text primary key, id text not null unique, key_id text not null, key_proof text not null, created_at integer not null, last_used_at integer not null, ended_at integer, client text not null, address text not null );
CREATE INDEX access_session_created on access_session (created_at);
CREATE INDEX access_session_key on access_session (key_id, created_at);
CREATE TABLE alert ( id integer primary key autoincrement, rule text not null, state text not null, severity text not null, opened_at integer not null, fired_at integer, recovering_at integer, resolved_at integer, value real not null, summary text not null, updated_at integer not null , key text not null default '', subject text not null default '', title text not null default '', details text not null default '[]', todo text not null default '[]', stake_currency text, stake_minor integer, labels text not null default '{}', evidence text, started_at integer, acked_by text, acked_at integer, ack_note text, health text not null default 'ok', drill integer not null default 0, resolution text, feedback text, held integer not null default 0);
CREATE TABLE alert_event ( id integer primary key autoincrement, alert_id integer not null, at integer not null, kind text not null, actor_id text not null, actor_name text not null, reason text );
CREATE INDEX alert_event_alert on alert_event (alert_id, id);
CREATE TRIGGER alert_event_no_delete before delete on alert_event begin select raise(abort, 'the history of an alert is append-only'); end;
CREATE TRIGGER alert_event_no_update before update on alert_event begin select raise(abort, 'the history of an alert is append-only'); end;
CREATE INDEX alert_held on alert (key) where held = 1;
CREATE UNIQUE INDEX alert_open on alert (key) where resolved_at is null;
CREATE INDEX alert_opened on alert (opened_at, id);
CREATE INDEX alert_rule on alert (rule, id);
CREATE TABLE alert_usual (name text primary key, at integer not null, body text not null);
CREATE TABLE alert_watch (name text primary key, node text not null, until integer not null);
CREATE TABLE attempt ( payment_no integer not null, id text not null, live integer not null, account text not null, currency text not null, at integer not null, outcome text not null, cause text, code text, amount integer not null, primary key (payment_no, id) ) without rowid;
CREATE INDEX attempt_at on attempt (live, at);
CREATE INDEX attempt_sale on attempt (live, account, currency, at, amount) where outcome = 'succeeded' and amount > 0;
CREATE TABLE audit ( id integer primary key, at integer not null, actor_id text not null, actor_name text not null, action text not null, subject text not null, detail text not null, request_id text, outcome text not null, hash text not null );
CREATE INDEX audit_action on audit (action, id);
CREATE INDEX audit_actor on audit (actor_id, id);
CREATE TABLE audit_head (only_row integer primary key check (only_row = 1), id integer not null, hash text not null);
CREATE TRIGGER audit_no_delete before delete on audit begin select raise(abort, 'the audit trail is append-only'); end;
CREATE TRIGGER audit_no_update before update on audit begin select raise(abort, 'the audit trail is append-only'); end;
CREATE INDEX audit_subject on audit (subject, id);
CREATE TABLE backup ( no integer primary key autoincrement, backup_id text, target text not null, outcome text not null check (outcome in ('ok', 'failed')), snapshot_at integer not null, finished_at integer not null, bytes integer, encrypted integer not null, error text, removed_at integer );
CREATE INDEX backup_target on backup (target, outcome, no);
CREATE TABLE bookmark (name text primary key, value text not null, updated_at integer not null);
CREATE TABLE channel ( name text primary key, failures integer not null, wait_until integer not null, disabled_at integer, disabled_why text, succeeded_at integer, failed_at integer, error text, owner text, lease_until integer not null , failing_since integer, told_at integer, fingerprint text);
CREATE TABLE consumer (name text primary key, seq integer not null, updated_at integer not null);
CREATE TABLE delivery ( seq integer primary key autoincrement, received_at integer not null, outcome text not null, endpoint_id integer not null, status integer not null, event_seq integer, event_id text, event_type text, reason text, count integer not null default 1 );
CREATE TABLE delivery_metric ( grain text not null, start integer not null, endpoint text not null, accepted integer not null, duplicate integer not null, variant integer not null, malformed integer not null, failed integer not null, rejected integer not null, primary key (grain, start, endpoint) ) without rowid;
CREATE INDEX delivery_trouble on delivery (received_at) where outcome in ('malformed', 'failed', 'rejected');
CREATE INDEX delivery_unusual on delivery (outcome, seq) where outcome <> 'accepted';
CREATE TABLE drill ( no integer primary key autoincrement, started_at integer not null, finished_at integer not null, outcome text not null check (outcome in ('verified', 'failed', 'inconclusive')), backup_id text, target text not null, recovery_time_ms integer, recovery_point_ms integer, evidence text not null );
CREATE INDEX drill_outcome on drill (outcome, no);
CREATE TABLE erased_event (event_id text primary key, erasure_no integer not null, sha256 text not null, erased_at integer not null);
CREATE INDEX erased_event_erasure on erased_event (erasure_no);
CREATE TABLE erasure ( no integer primary key autoincrement, state text not null check (state in ('running', 'done')), started_at integer not null, finished_at integer, made_by text not null, subjects text not null, events integer not null );
CREATE TABLE event ( seq integer primary key autoincrement, event_id text not null unique, type_id integer not null, received_at integer not null, created_at integer not null, live integer not null, account_id integer, version_id integer, source_id integer not null, object_id text, snapshot_event text, flags integer not null default 0, block_id integer not null, block_at integer not null, size integer not null );
CREATE TABLE event_block (id integer primary key autoincrement, codec text not null, raw_size integer not null, bytes blob not null);
CREATE TABLE event_failure ( event_seq integer primary key, failed_at integer not null, attempts integer not null, armed integer not null, error text not null );
CREATE INDEX event_failure_armed on event_failure (event_seq) where armed = 1;
CREATE INDEX event_failure_failed on event_failure (failed_at);
CREATE INDEX event_received on event (received_at, seq);
CREATE TABLE event_signature (event_id text primary key, signature text not null, received_at integer not null);
CREATE INDEX event_signature_received on event_signature (received_at);
CREATE INDEX event_type on event (type_id, received_at, seq);
CREATE TABLE event_variant ( id integer primary key autoincrement, event_seq integer not null, received_at integer not null, type text not null, bytes blob not null , fact text);
CREATE INDEX event_variant_event on event_variant (event_seq);
CREATE INDEX event_variant_fact on event_variant (event_seq, fact);
CREATE INDEX event_variants on event (received_at, seq) where (flags & 1) = 1;
CREATE TABLE forward_parked ( target text not null, event_seq integer not null, since integer not null, attempts integer not null, next_at integer, primary key (target, event_seq) ) without rowid;
CREATE INDEX forward_parked_due on forward_parked (target, next_at);
CREATE TABLE gap ( id integer primary key autoincrement, account text not null, from_at integer not null, to_at integer not null, events integer not null, seen integer not null, found_at integer not null, closed_at integer, cause text not null );
CREATE INDEX gap_from on gap (from_at);
CREATE TABLE health_since (name text primary key, state text not null, since integer not null);
CREATE TABLE metric ( grain text not null, live integer not null, account text not null, kind text not null, start integer not null, value text not null, attempts integer not null, succeeded integer not null, failed integer not null, failed_customer integer not null, failed_risk integer not null, failed_technical integer not null, payments integer not null, payments_succeeded integer not null, gross integer not null, captures integer not null, refunded integer not null, refunds integer not null, disputed integer not null, disputes integer not null, primary key (grain, live, account, kind, start, value) ) without rowid;
CREATE TABLE metric_setting (name text primary key, value text not null);
CREATE TABLE migration (name text primary key, applied_at integer not null);
CREATE TABLE node (node text primary key, pid integer not null, version text not null, url text not null, sandbox_url text, started_at integer not null, seen_at integer not null);
CREATE TABLE notice ( id integer primary key autoincrement, key text not null, route text not null, reason text not null, status text not null, severity text not null, title text not null, drill integer not null, created_at integer not null, body text not null );
CREATE TABLE notice_alert ( alert_id integer not null, notice_id integer not null, primary key (alert_id, notice_id) ) without rowid;
CREATE INDEX notice_alert_notice on notice_alert (notice_id);
CREATE TABLE notice_attempt ( id integer primary key autoincrement, outbox_id integer not null, channel text not null, started_at integer not null, latency_ms integer, outcome text, status integer, reason text );
CREATE INDEX notice_attempt_outbox on notice_attempt (outbox_id, id);
CREATE INDEX notice_created on notice (created_at);
CREATE TABLE notify_alert ( alert_id integer primary key, state text not null, known_at integer not null, acknowledged_at integer, updated_at integer not null, unplanned integer not null, closed_at integer, body text not null , suppressed text);
CREATE INDEX notify_alert_closed on notify_alert (closed_at) where closed_at is not null;
CREATE INDEX notify_alert_open on notify_alert (alert_id) where closed_at is null;
CREATE INDEX notify_alert_unplanned on notify_alert (alert_id) where unplanned = 1;
CREATE TABLE notify_chain ( alert_id integer primary key, route text not null, policy text not null, channels text not null, step integer not null, round integer not null, next_at integer, state text not null );
CREATE INDEX notify_chain_open on notify_chain (alert_id) where state <> 'done';
CREATE TABLE notify_drill ( id integer primary key autoincrement, alert_id integer not null, started_at integer not null, asked_by text not null, cause text not null, finished_at integer, outcome text not null, body text not null , secret text, event_at integer, event_seq integer);
CREATE INDEX notify_drill_open on notify_drill (alert_id) where finished_at is null;
CREATE INDEX notify_drill_started on notify_drill (started_at);
CREATE TABLE notify_key (name text primary key, secret text not null);
CREATE TABLE notify_news ( id integer primary key autoincrement, alert_id integer not null, change text not null, at integer not null, body text not null );
CREATE INDEX notify_news_alert on notify_news (alert_id, id);
CREATE INDEX notify_news_at on notify_news (at);
CREATE TABLE notify_plan ( only_row integer primary key check (only_row = 1), due_at integer not null, routing text not null );
CREATE TABLE notify_silence ( id integer primary key autoincrement, kind text not null, matchers text not null, author text not null, reason text not null, created_at integer not null, starts_at integer not null, ends_at integer, ended_at integer, ended_by text );
CREATE INDEX notify_silence_open on notify_silence (id) where ended_at is null;
CREATE TABLE notify_stream ( id integer primary key autoincrement, key text not null, channel text not null, route text not null, labels text not null, told text not null, sent_at integer not null );
CREATE UNIQUE INDEX notify_stream_key on notify_stream (key, channel);
CREATE TABLE oncall_feed ( id integer primary key autoincrement, token_hash text not null unique, rotation text, person text, created_by text not null, created_at integer not null, used_at integer, revoked_at integer );
CREATE TABLE oncall_override ( id integer primary key autoincrement, rotation text not null, person text not null, starts_at integer not null, ends_at integer not null, author text not null, reason text not null, created_at integer not null, cancelled_at integer, cancelled_by text );
CREATE INDEX oncall_override_time on oncall_override (rotation, ends_at) where cancelled_at is null;
CREATE TABLE operation ( id text primary key, no integer not null, kind text not null, state text not null, live integer not null, payment text, amount integer, currency text, request text not null, progress text not null, stripe_key text not null unique, request_key text, request_digest text not null, object_id text, object_status text, answer text, error_kind text, error_code text, error_text text, reason text, note text, actor_id text not null, actor_name text not null, request_id text, second_id text, second_name text, created_at integer not null, updated_at integer not null, sent_at integer, attempts integer not null, last_effect text, last_try_at integer, next_try_at integer, confirmed_at integer, missed_at integer );
CREATE UNIQUE INDEX operation_busy on operation (live, payment) where kind = 'refund' and state = 'sending';
CREATE INDEX operation_created on operation (kind, created_at);
CREATE INDEX operation_digest on operation (request_digest, created_at);
CREATE UNIQUE INDEX operation_no on operation (no);
CREATE INDEX operation_object on operation (object_id) where object_id is not null;
CREATE INDEX operation_open on operation (state, created_at) where state in ('sending', 'submitted', 'awaiting_approval');
CREATE INDEX operation_payment on operation (payment) where payment is not null;
CREATE UNIQUE INDEX operation_request on operation (live, kind, actor_id, request_key) where request_key is not null;
CREATE INDEX operation_sent on operation (kind, sent_at) where sent_at is not null;
CREATE TABLE operation_step (id integer primary key autoincrement, operation_id text not null, at integer not null, what text not null, text text not null, actor text not null);
CREATE INDEX operation_step_operation on operation_step (operation_id, id);
CREATE TABLE outbox ( id integer primary key autoincrement, notice_id integer not null, channel text not null, key text not null, state text not null, queued_at integer not null, attempts integer not null, settled_at integer, error text, merged_into integer );
CREATE INDEX outbox_merged on outbox (merged_into) where merged_into is not null;
CREATE INDEX outbox_notice on outbox (notice_id);
CREATE INDEX outbox_queued on outbox (channel, id) where state = 'queued';
CREATE INDEX outbox_settled on outbox (settled_at) where settled_at is not null;
CREATE TABLE payment ( no integer primary key, id text not null, live integer not null, account text not null, status text not null, final_outcome text, cause text, code text, currency text, amount integer not null, captured integer not null, refunded integer not null, disputed integer not null, email text, customer text, invoice text, method text, brand text, country text, created_at integer not null, updated_at integer not null, state text not null );
CREATE TABLE payment_alias ( alias text not null, live integer not null, account text not null, payment_no integer not null, primary key (alias, live, account) ) without rowid;
CREATE INDEX payment_alias_payment on payment_alias (payment_no);
CREATE INDEX payment_amount on payment (live, amount, created_at, no);
CREATE INDEX payment_cause on payment (live, cause, created_at, no) where cause is not null;
CREATE INDEX payment_code on payment (live, code, created_at, no) where code is not null;
CREATE INDEX payment_created on payment (live, created_at, no);
CREATE INDEX payment_email on payment (live, email, created_at, no) where email is not null;
CREATE TABLE payment_event ( payment_no integer not null, event_seq integer not null, primary key (payment_no, event_seq) ) without rowid;
CREATE INDEX payment_status on payment (live, status, created_at, no);
CREATE TABLE pricing_line ( subject text not null, line text not null, live integer not null, product text not null, price text, currency text not null, unit_amount integer not null, quantity integer not null, amount integer not null, renewal integer not null, told_at integer not null, primary key (subject, line, live) ) without rowid;
CREATE TABLE pricing_price ( id text not null, live integer not null, product text not null, currency text not null, unit_amount integer, recurring text, active integer not null, lookup_key text, told_at integer not null, primary key (id, live) ) without rowid;
CREATE INDEX pricing_price_product on pricing_price (live, product, currency);
CREATE TABLE pricing_product ( id text not null, live integer not null, name text not null, active integer not null, default_price text, told_at integer not null, primary key (id, live) ) without rowid;
CREATE TABLE pricing_run ( id integer primary key autoincrement, live integer not null, at integer not null, facts text not null );
CREATE INDEX pricing_run_at on pricing_run (live, at);
CREATE TABLE pricing_step ( id integer primary key autoincrement, suggestion_id text not null, at integer not null, what text not null, text text not null, actor text not null );
CREATE INDEX pricing_step_suggestion on pricing_step (suggestion_id, id);
CREATE TABLE pricing_subscription ( id text not null, live integer not null, product text not null, price text not null, first_amount integer, unit_amount integer, currency text not null, started_at integer not null, ended_at integer, told_at integer not null, primary key (id, live) ) without rowid;
CREATE TABLE pricing_suggestion ( id text primary key, no integer not null, kind text not null, state text not null, live integer not null, product text, price text, currency text, from_amount integer, to_amount integer, told text not null, basis text not null, proposer_id text not null, proposer_name text not null, first_id text, first_name text, second_id text, second_name text, reason text, progress text not null, new_price text, error_text text, attempts integer not null, sent_at integer, next_try_at integer, created_at integer not null, decided_at integer, applied_at integer, watch text, updated_at integer not null );
CREATE UNIQUE INDEX pricing_suggestion_moving on pricing_suggestion (live, product, currency) where state in ('applying', 'applied', 'rolling_back');
CREATE UNIQUE INDEX pricing_suggestion_no on pricing_suggestion (no);
CREATE INDEX pricing_suggestion_state on pricing_suggestion (state, next_try_at);
CREATE TABLE pulse (name text primary key, at integer not null);
CREATE TABLE quarantine (id integer primary key autoincrement, received_at integer not null, signature text not null, body blob not null, size integer not null);
CREATE TABLE receipt ( id text primary key, kind text not null, state text not null, via text not null, live integer not null, charge text not null, refund text, email text, copies integer not null, attempts integer not null, next_try_at integer not null, why text, created_at integer not null, updated_at integer not null, sent_at integer );
CREATE INDEX receipt_charge on receipt (charge);
CREATE INDEX receipt_created on receipt (created_at);
CREATE INDEX receipt_due on receipt (next_try_at) where state in ('due', 'sending');
CREATE TABLE receipt_start (only_row integer primary key check (only_row = 1), started_at integer not null);
CREATE TABLE refund ( payment_no integer not null, id text not null, live integer not null, account text not null, status text not null, currency text not null, amount integer not null, created_at integer not null, updated_at integer not null, primary key (payment_no, id) ) without rowid;
CREATE INDEX refund_created on refund (live, created_at);
CREATE TABLE refund_hint (charge text primary key, live integer not null, amount integer not null, look_at integer not null);
CREATE TABLE refund_record ( id text primary key, no integer not null, live integer not null, payment text, charge text, amount integer not null, currency text not null, status text not null, reason text, operation_id text, created_at integer not null, updated_at integer not null, logged_as text );
CREATE INDEX refund_record_charge on refund_record (charge);
CREATE INDEX refund_record_unlogged on refund_record (no) where logged_as is null or logged_as <> status;
CREATE TABLE slo_count ( indicator text not null, grain text not null, start integer not null, good integer not null, bad integer not null, primary key (indicator, grain, start) ) without rowid;
CREATE TABLE slo_day ( slo text not null, start integer not null, end_at integer not null, objective_ppm integer not null, good integer not null, total integer not null, period_good integer not null, period_total integer not null, updated_at integer not null, primary key (slo, start) ) without rowid;
CREATE TABLE slo_history (id integer primary key, from_at integer not null, until_at integer not null);
CREATE TABLE slo_state (slo text primary key, measured_at integer not null, state text not null);
CREATE TABLE task ( name text primary key, anchor_at integer not null, cursor_at integer, enabled integer not null, run_id integer, owner text, lease_until integer );
CREATE TABLE task_run ( id integer primary key autoincrement, task text not null, cause text not null, attempt integer not null, due_at integer not null, started_at integer not null, finished_at integer, duration_ms integer, outcome text not null, late integer not null, missed integer not null, owner text not null, error text, evidence text );
CREATE INDEX task_run_due on task_run (task, due_at, cause, attempt);
CREATE INDEX task_run_finished on task_run (finished_at);
CREATE INDEX task_run_task on task_run (task, id);
CREATE TABLE term (id integer primary key autoincrement, value text not null unique);
CREATE TABLE witness ( account text not null, start integer not null, sweep integer not null, seen integer not null, recovered integer not null, unreadable integer not null default 0, primary key (account, start) ) without rowid;
