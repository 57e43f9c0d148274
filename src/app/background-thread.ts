import { randomUUID } from "node:crypto";
import { parentPort, workerData } from "node:worker_threads";
import { recordAudit } from "../access/index.ts";
import { createIntake, createQuarantine, keepingSignatures } from "../ingest/index.ts";
import { openAppend } from "../ledger/index.ts";
import { AppError, createLog, databaseTrouble, errorText, openJournal, startLoop, systemClock, type Tx } from "../platform/index.ts";
import type { TaskRun } from "../tasks/index.ts";
import type { EndpointSecret } from "../stripe/index.ts";
import { watchOf } from "./alerts.ts";
import { type Config, loadConfig } from "./config.ts";
import { connect } from "./database.ts";
import { takingDrills } from "./drill-event.ts";
import { startEngine } from "./engine.ts";
import { forwardsOf } from "./forward.ts";
import { serveIntake } from "./intake-channel.ts";
import { evaluationOf, taskDefinitions } from "./node-tasks.ts";
import { pricingStep } from "./pricing.ts";
import { startNotices } from "./notify.ts";
import { receiptDeps } from "./receipts.ts";
import { sloMeasurement } from "./slo.ts";
import { stripeSource } from "./stripe.ts";
import { tailOf } from "./tail.ts";
import type { FromWorker, ToWorker, WorkerStart } from "./worker-messages.ts";

function constantly<T>(value: T): () => T {
  return () => value;
}

/** The configured endpoints' secrets, and the sandbox's when it runs. */
function endpointSecrets(config: Config, sandboxSecret: string | null): EndpointSecret[] {
  const configured = config.stripe.webhookSecrets.map(({ endpoint, secret }) => ({ endpoint, secret: secret.reveal() }));
  return sandboxSecret === null ? configured : [...configured, { endpoint: "sandbox", secret: sandboxSecret }];
}

/**
 * The thread behind the requests: verifies and stores webhooks (so that neither a signature nor an fsync keeps a
 * request waiting to be read), derives from what is stored, judges and runs tasks.
 */
export async function runBackground(): Promise<void> {
  const port = parentPort;
  if (port === null) throw new Error("this runs as a worker thread only");
  const tell = (message: FromWorker): void => port.postMessage(message);
  const config = loadConfig(process.env);
  const clock = systemClock;
  const log = createLog();
  const journal = openJournal({
    dir: config.logDir,
    clock,
    onTrouble: (trouble) => log.error(trouble, trouble.kind === "lost" ? "mirror files cannot be written" : "mirror files are written again"),
  });
  const db = connect(config, { mostly: "writing", connections: 4, onIdleError: (error) => log.warn({ error: errorText(error) }, "the database cut a connection") });
  const stripe = stripeSource(config);
  const node = randomUUID();
  let sweepNow = (): void => {};
  const engine = await startEngine({
    db,
    stripe,
    receipts: receiptDeps(config, db, clock, stripe),
    clock,
    log,
    journal,
    mode: config.stripe.mode,
    timeZone: config.merchant.timeZone,
    evaluation: evaluationOf(config, db, clock),
    watch: watchOf(config, db, clock, log, node, () => sweepNow()),
    tasks: taskDefinitions(db, config, clock, journal),
    pricing: () => pricingStep(config, db, clock, stripe),
    slos: sloMeasurement(config, clock),
    processedWithinMs: config.slo.processedWithinMs,
    tail: tailOf(db, config, clock, log),
    forwards: forwardsOf(db, config, clock, node),
    node,
  });
  // Not waited for; when it runs already, or cannot, the next of its own accord is minutes away.
  sweepNow = () => void engine.scheduler.runNow("sweep").then(({ finished }) => finished, () => null).catch(() => null);
  const notices = await startNotices({ db, config, clock, log, node });
  const { sandboxSecret } = workerData as WorkerStart;
  // Connections of its own, so that loops which wait for each other's locks keep no delivery waiting.
  const intakeDb = db.kind === "postgres" ? connect(config, { connections: 2, onIdleError: (error) => log.warn({ error: errorText(error) }, "the database cut a connection") }) : db;
  const intake = createIntake({
    append: openAppend(intakeDb),
    secrets: constantly(endpointSecrets(config, sandboxSecret)),
    clock,
    onTrouble: (error) => log.error({ error: errorText(error) }, `deliveries were not stored: ${databaseTrouble(error)}`),
    onCommitted: engine.wake,
  });
  const quarantine = createQuarantine({ db, clock });
  const wanted = config.ingest.forward.some(({ signature }) => signature === "original");
  const accept = wanted ? keepingSignatures({ db: intakeDb, clock, accept: intake.acceptBatch, onTrouble: (error) => log.error({ error: errorText(error) }, "signatures could not be kept") }) : intake.acceptBatch;
  // Before what is rejected is kept: a drill's event is signed by no secret that admits it later.
  serveIntake(port, takingDrills({ db: intakeDb, clock, accept: quarantine.watch(accept), onTaken: engine.judge }));
  const flush = startLoop(intake.flush, { pollMs: 1000, onError: (error) => log.error({ error: errorText(error) }, "refused deliveries could not be recorded") });
  const keep = startLoop(quarantine.flush, { pollMs: 1000, onError: (error) => log.error({ error: errorText(error) }, "rejected deliveries could not be kept") });
  const stop = async (): Promise<void> => {
    await Promise.all([engine.stop(), flush.stop(), keep.stop()]);
    await notices.stop();
    await intake.flush();
    await journal.close();
    if (intakeDb !== db) await intakeDb.close();
    await db.close();
    tell({ kind: "stopped" });
    port.close();
  };
  port.on("message", (message: ToWorker) => {
    switch (message.kind) {
      case "batch":
        return;
      case "refused": {
        const { outcome, status, reason } = message;
        intake.refuse({ outcome, receivedAt: clock.now(), endpoint: "unknown", status, reason, eventId: null, eventType: null, count: 1 });
        return;
      }
      case "sandbox":
        stripe.useSandbox(message.url);
        return;
      case "run_task":
        void engine.scheduler.runNow(message.task, noteOf(message)).then(
          ({ run }) => tell({ kind: "task_begun", id: message.id, run }),
          (error: unknown) => tell({ kind: "task_refused", id: message.id, error: error instanceof AppError ? { kind: error.kind, code: error.code, text: error.message } : null }),
        );
        return;
      case "stop":
        void stop();
        return;
    }
  });
  tell({ kind: "ready" });
}

/** Who asked for a run, for the audit trail. */
function noteOf({ actor, requestId }: ToWorker & { kind: "run_task" }) {
  return async (tx: Tx, run: TaskRun): Promise<void> => {
    await recordAudit(tx, { at: run.startedAt, actor, action: "task.run", subject: run.task, detail: { run: run.id }, requestId, outcome: "ok" });
  };
}
