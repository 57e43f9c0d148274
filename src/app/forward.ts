import { principalOf, recordAudit } from "../access/index.ts";
import type { HealthCheck } from "../health/index.ts";
import { createForward, type Forward, type ForwardRoutes, forwardStatus, type ForwardTarget, sendOver } from "../ingest/index.ts";
import type { Clock, Database } from "../platform/index.ts";
import type { Config } from "./config.ts";

function targetsOf(config: Pick<Config, "ingest" | "stripe">): ForwardTarget[] {
  return config.ingest.forward.flatMap((target) => {
    const signing = config.stripe.forwardSecrets.find(({ endpoint }) => endpoint === target.name);
    return signing === undefined ? [] : [{ ...target, secret: signing.secret.reveal() }];
  });
}

/** One per application that is configured. */
export function forwardsOf(db: Database, config: Config, clock: Clock, node: string): Forward[] {
  return targetsOf(config).map((target) => createForward({ db, clock, target, send: sendOver, owner: node }));
}

export function forwardChecks({ db, config, clock }: { db: Database; config: Config; clock: Clock }): HealthCheck[] {
  return config.ingest.forward.map(({ name }) => ({
    name: `forward_${name}`,
    timeoutMs: 3000,
    run: async () => {
      const status = await forwardStatus(db.read, name);
      if (status === null) return { state: "unknown", figure: "nothing passed on yet", todo: "it begins when the service runs" };
      const figure = `${status.behind} events waiting, ${status.parked} tried again by themselves, ${status.dead} given up`;
      if (status.waitingUntil !== null && status.behind > 0) {
        const long = clock.now() - (status.lastTakenAt ?? 0) > 15 * 60_000;
        return { state: long ? "down" : "degraded", figure, todo: `the application ${name} does not take events (${status.lastError ?? "unknown"}); they wait and go in their order when it is back` };
      }
      if (status.dead > 0) return { state: "degraded", figure, todo: `mend the application and send them again: tillwatch events replay --dead --to ${name}` };
      if (status.parked > 0) return { state: "degraded", figure, todo: `the application ${name} refuses single events (${status.lastError ?? "see its log"})` };
      return { state: "ok", figure };
    },
  }));
}

/** Who had events sent again stands in the audit trail. */
export function forwardNote(clock: Clock): ForwardRoutes["note"] {
  return async (tx, request, target, detail) => {
    await recordAudit(tx, { at: clock.now(), actor: principalOf(request), action: "event.replay", subject: target, detail, requestId: request.id, outcome: "ok" });
  };
}
