import type { World } from "../world.ts";
import { Problem } from "./problem.ts";

export interface Caller {
  key: string;
  livemode: boolean;
  /** null: a full secret key, allowed everything. */
  permissions: readonly string[] | null;
}

const SECRET_KEY = /^(sk|rk)_(test|live)_[A-Za-z0-9_]+$/;

/** Who is calling. @throws the API's 401 */
export function callerOf(world: World, authorization: string | undefined): Caller {
  const key = keyFrom(authorization);
  if (key === null) {
    throw unauthorized("You did not provide an API key. You need to provide your API key in the Authorization header, using Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY'). See https://stripe.com/docs/api#authentication for details, or we can help at https://support.stripe.com/.");
  }
  if (key.startsWith("pk_")) {
    throw new Problem(403, "This API call cannot be made with a publishable API key. Please use a secret API key. You can find a list of your API keys at https://dashboard.stripe.com/account/apikeys.", { code: "secret_key_required", beforeWork: true });
  }
  const match = SECRET_KEY.exec(key);
  if (match === null || world.revokedKeys.has(key)) {
    throw match !== null && world.revokedKeys.has(key)
      ? unauthorized(`Expired API Key provided: ${masked(key)}`, "api_key_expired")
      : unauthorized(`Invalid API Key provided: ${masked(key)}`);
  }
  return { key, livemode: match[2] === "live", permissions: match[1] === "rk" ? (world.restrictedKeys.get(key) ?? []) : null };
}

/** A key may write what it names with `_write`, and read what it may write. @throws the API's 403 naming what is missing */
export function demand(caller: Caller, account: string, permission: string, writes: boolean): void {
  if (caller.permissions === null) return;
  const granted = new Set(caller.permissions.map((one) => one.replace(/^rak_/, "")));
  if (granted.has(`${permission}_write`) || (!writes && granted.has(`${permission}_read`))) return;
  const needed = `rak_${permission}_${writes ? "write" : "read"}`;
  throw new Problem(
    403,
    `The provided key '${masked(caller.key)}' does not have the required permissions for this endpoint on account '${account}'. Having the '${needed}' permission would allow this request to continue.`,
    { beforeWork: true },
  );
}

function unauthorized(message: string, code?: string): Problem {
  return new Problem(401, message, { beforeWork: true, ...(code === undefined ? {} : { code }) });
}

/** Basic with the key as user name, or Bearer. */
function keyFrom(authorization: string | undefined): string | null {
  const [scheme = "", value = ""] = (authorization ?? "").trim().split(/\s+/, 2);
  if (scheme.toLowerCase() === "bearer") return value === "" ? null : value;
  if (scheme.toLowerCase() !== "basic") return null;
  const user = Buffer.from(value, "base64").toString("utf8").split(":")[0] ?? "";
  return user === "" ? null : user;
}

function masked(key: string): string {
  const tail = key.slice(-4);
  const head = /^[a-z]+_(test|live)_/.exec(key)?.[0] ?? key.slice(0, 3);
  return `${head}${"*".repeat(Math.max(4, key.length - head.length - 4))}${tail}`;
}
