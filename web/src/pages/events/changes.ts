/** A field of an object that is not what it was. `undefined`: not there. */
export interface Change {
  readonly path: string;
  readonly was: string | undefined;
  readonly is: string | undefined;
}

/** Deep enough for any object of Stripe; what is nested deeper is compared as text. */
const DEPTH = 12;

function flatten(value: unknown, path: string, depth: number, into: Map<string, string>): void {
  if (typeof value === "object" && value !== null && depth < DEPTH && Object.keys(value).length > 0) {
    for (const [name, inner] of Object.entries(value)) flatten(inner, path === "" ? name : `${path}.${name}`, depth + 1, into);
    return;
  }
  into.set(path, JSON.stringify(value) ?? "null");
}

/** Field by field, in the order of the newer object, then what is gone. */
export function changesBetween(before: unknown, after: unknown): Change[] {
  const [was, is] = [new Map<string, string>(), new Map<string, string>()];
  flatten(before, "", 0, was);
  flatten(after, "", 0, is);
  const changed = [...is].filter(([path, value]) => was.get(path) !== value).map(([path, value]) => ({ path, was: was.get(path), is: value }));
  const gone = [...was].filter(([path]) => !is.has(path)).map(([path, value]) => ({ path, was: value, is: undefined }));
  return [...changed, ...gone];
}
