import { createExaminer, type Validated, type Validation } from "../../health/index.ts";
import { isoSeconds } from "../../platform/index.ts";
import { unreachableLimits } from "../../slo/index.ts";
import { readTaskStatuses } from "../../tasks/index.ts";
import { ruleFindings } from "../alerts.ts";
import { healthChecks } from "../checks.ts";
import { liveNodes } from "../nodes.ts";
import { stripeLook } from "../stripe-checks.ts";
import { fail, pass, type ValidationParts, warn } from "./parts.ts";

/** That somebody would notice: the service, its rules, objectives and tasks. */

function configuration({ config }: ValidationParts): Validated {
  const warnings = config.warnings.filter((text) => !text.startsWith("slo ") && !text.startsWith("rule "));
  const where = config.file === null ? "no tillwatch.yaml; defaults and the environment" : `${config.file} and the environment`;
  return warnings.length === 0 ? pass(`read without a fault: ${where}`) : { ...warn(`${warnings.length} thing(s) that are probably not meant`, ...warnings), details: [where] };
}

async function running({ db, clock, config }: ValidationParts): Promise<Validated> {
  const nodes = await liveNodes(db.read, clock.now());
  if (nodes.length === 0) return fail("no service process gives signs of life on this database", "Start it: `make run`");
  if (nodes.length > 1 && config.database.kind === "sqlite") return warn(`${nodes.length} services run on one SQLite file`, "Stop all but one, or move to PostgreSQL");
  return pass(nodes.map(({ url, startedAt, version }) => `${url}, version ${version}, since ${isoSeconds(startedAt)}`).join("; "));
}

async function health(parts: ValidationParts): Promise<Validated> {
  const { db, config, clock, tasks } = parts;
  const checks = healthChecks({ db, config, clock, tasks, stripe: stripeLook(() => parts.stripe(), clock) });
  const { status, checks: found } = await createExaminer({ checks, clock, onError: () => {} }).examine();
  const bad = Object.entries(found).filter(([, { state }]) => state !== "ok");
  const details = bad.map(([name, { state, figure, todo }]) => `${name}: ${state}${figure === undefined ? "" : `, ${figure}`}${todo === undefined ? "" : `; ${todo}`}`);
  const told = `${Object.keys(found).length - bad.length} of ${Object.keys(found).length} checks are ok`;
  if (status === "healthy") return pass(told);
  return { ...(status === "down" ? fail(told, "See below, or `tillwatch health`") : warn(told, "See below, or `tillwatch health`")), details };
}

function objectives({ config }: ValidationParts): Validated {
  const { slos } = config.slo;
  if (slos.length === 0) return warn("every objective is switched off", "Leave slo.objectives out of tillwatch.yaml to have the defaults");
  return pass(`${slos.length} objective(s): ${slos.map(({ name, objectivePpm }) => `${name} ${objectivePpm / 10_000} %`).join(", ")}`);
}

/** Limits that no figure can pass, rules that always would fire, and trouble of which nobody would be told. */
async function neverFire({ db, config, clock }: ValidationParts): Promise<Validated> {
  const never = [...config.slo.slos.flatMap(unreachableLimits), ...(await ruleFindings(db, config, clock.now())).map(({ text, todo }) => `${text}; ${todo}`)];
  return never.length === 0 ? pass("every rule and every burn limit can be reached") : { ...warn(`${never.length} rule(s) can never fire, always would, or leave trouble untold`, "Change each as it says"), details: never };
}

async function scheduled({ db, tasks, clock }: ValidationParts): Promise<Validated> {
  const statuses = await readTaskStatuses(db, tasks, clock.now());
  const off = statuses.filter(({ task }) => task.enabled === false).map(({ task }) => task.name);
  const failing = statuses.filter(({ failuresInARow }) => failuresInARow > 0).map(({ task, lastRun }) => `${task.name}: ${lastRun?.error ?? lastRun?.outcome ?? "failed"}`);
  if (failing.length > 0) return { ...warn(`${failing.length} task(s) failed last time`, "See `tillwatch tasks`"), details: failing };
  return pass(`${statuses.length - off.length} task(s) are scheduled${off.length > 0 ? `; switched off: ${off.join(", ")}` : ""}`);
}

export function watchingValidations(parts: ValidationParts): Validation[] {
  return [
    { name: "configuration", area: "Service", title: "Configuration", timeoutMs: 1000, run: async () => configuration(parts) },
    { name: "service", area: "Service", title: "Running", timeoutMs: 3000, run: () => running(parts) },
    { name: "health", area: "Service", title: "Health", timeoutMs: 12_000, run: () => health(parts) },
    { name: "tasks", area: "Service", title: "Scheduled tasks", timeoutMs: 5000, run: () => scheduled(parts) },
    { name: "slo", area: "Watching", title: "Objectives configured", timeoutMs: 1000, run: async () => objectives(parts) },
    { name: "never_fire", area: "Watching", title: "Rules that can never fire", timeoutMs: 1000, run: () => neverFire(parts) },
  ];
}
