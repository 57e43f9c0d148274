import { createHash, createHmac, randomBytes } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { onTestFinished } from "vitest";
import { Secret } from "../../platform/index.ts";
import type { S3Settings } from "../bucket.ts";

export const S3_KEY = "AKIATESTTESTTESTTEST";
export const S3_SECRET = "s3-secret-0123456789abcdef0123456789";

/** What is done instead of a right answer. `lose`: done, and the answer cut off; `flip`: another byte arrives (a part), is kept, or is given; `stall`: half of it is given, and then nothing. */
export type Fault = "403" | "500" | "cut" | "lose" | "hang" | "stall" | "flip" | null;

export interface Asked {
  readonly method: string;
  /** Of the object; empty for the bucket. */
  readonly key: string;
  readonly query: URLSearchParams;
  /** As S3's documentation calls it. */
  readonly operation: "PutObject" | "GetObject" | "HeadObject" | "DeleteObject" | "ListObjectsV2" | "CreateMultipartUpload" | "UploadPart" | "CompleteMultipartUpload" | "AbortMultipartUpload" | "ListMultipartUploads";
}

interface Kept {
  readonly bytes: Buffer;
  readonly etag: string;
  readonly at: Date;
}

export interface S3Server {
  readonly url: string;
  readonly objects: Map<string, Kept>;
  readonly uploads: Map<string, { readonly key: string; readonly parts: Map<number, Buffer>; begunAt: Date }>;
  readonly asked: Asked[];
  /** Asked for each request. */
  fault: (asked: Asked) => Fault;
  /** ETags are no MD5, as where a provider encrypts. */
  opaque: boolean;
  settings(more?: Partial<S3Settings>): S3Settings;
}

const sha256 = (data: string | Buffer): string => createHash("sha256").update(data).digest("hex");
const hmac = (key: string | Buffer, data: string): Buffer => createHmac("sha256", key).update(data).digest();
const md5 = (data: Buffer): Buffer => createHash("md5").update(data).digest();
const encode = (part: string): string => encodeURIComponent(part).replaceAll(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);

/** AWS Signature Version 4, as its documentation has it: what the server makes of the request must be what stands in it. */
function isSigned(request: IncomingMessage, url: URL, body: Buffer): boolean {
  const [, scope = "", names = "", signature = ""] = /^AWS4-HMAC-SHA256 Credential=[^/]+\/([^,]+), SignedHeaders=([^,]+), Signature=([0-9a-f]{64})$/.exec(request.headers.authorization ?? "") ?? [];
  const header = (name: string): string => String(request.headers[name] ?? "").trim();
  if (header("x-amz-content-sha256") !== "UNSIGNED-PAYLOAD" && header("x-amz-content-sha256") !== sha256(body)) return false;
  const query = [...url.searchParams].map(([name, value]) => `${encode(name)}=${encode(value)}`).sort().join("&");
  const canonical = [request.method, url.pathname, query, ...names.split(";").map((name) => `${name}:${header(name)}`), "", names, header("x-amz-content-sha256")].join("\n");
  const [day = "", region = "", service = "", end = ""] = scope.split("/");
  const key = hmac(hmac(hmac(hmac(`AWS4${S3_SECRET}`, day), region), service), end);
  return hmac(key, ["AWS4-HMAC-SHA256", header("x-amz-date"), scope, sha256(canonical)].join("\n")).toString("hex") === signature;
}

function operationOf(method: string, key: string, query: URLSearchParams): Asked["operation"] {
  if (key === "") return query.has("uploads") ? "ListMultipartUploads" : "ListObjectsV2";
  if (method === "POST") return query.has("uploads") ? "CreateMultipartUpload" : "CompleteMultipartUpload";
  if (method === "PUT") return query.has("uploadId") ? "UploadPart" : "PutObject";
  if (method === "DELETE") return query.has("uploadId") ? "AbortMultipartUpload" : "DeleteObject";
  return method === "HEAD" ? "HeadObject" : "GetObject";
}

const escape = (value: string): string => value.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
const xml = (root: string, inside: string): string => `<?xml version="1.0" encoding="UTF-8"?>\n<${root} xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${inside}</${root}>`;
const flipped = (bytes: Buffer): Buffer => Buffer.from(bytes).fill((bytes[bytes.length >> 1] ?? 0) ^ 8, bytes.length >> 1, (bytes.length >> 1) + 1);

/** A bucket `backups` of S3 on a free port of loopback, as small as the protocol allows; signatures and sums are checked. */
export async function s3Server(): Promise<S3Server> {
  const server = createServer((request, response) => void serve(state, request, response).catch(() => response.destroy()));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  const url = `http://127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}`;
  const state: S3Server = {
    url,
    objects: new Map(),
    uploads: new Map(),
    asked: [],
    fault: () => null,
    opaque: false,
    settings: (more = {}) => ({ bucket: "backups", prefix: "shop", region: "eu-central-1", endpoint: url, pathStyle: true, allowPrivate: true, rotates: true, accessKeyId: new Secret(S3_KEY), secretAccessKey: new Secret(S3_SECRET), sessionToken: null, ...more }),
  };
  return state;
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
}

async function serve(state: S3Server, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? "/", state.url);
  const [, bucket = "", key = ""] = /^\/([^/]*)\/?(.*)$/.exec(decodeURIComponent(url.pathname)) ?? [];
  const asked: Asked = { method: request.method ?? "", key, query: url.searchParams, operation: operationOf(request.method ?? "", key, url.searchParams) };
  state.asked.push(asked);
  const fault = state.fault(asked);
  if (fault === "hang") return;
  if (fault === "cut" && asked.operation !== "GetObject") return void request.socket.destroy();
  const body = await bodyOf(request);
  const refuse = (status: number, code: string): void => void response.writeHead(status, { "content-type": "application/xml" }).end(asked.method === "HEAD" ? undefined : `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>for ${S3_KEY} with ${S3_SECRET}</Message></Error>`);
  if (fault === "403") return refuse(403, "AccessDenied");
  if (fault === "500") return refuse(500, "InternalError");
  if (bucket !== "backups") return refuse(404, "NoSuchBucket");
  if (!isSigned(request, url, body)) return refuse(403, "SignatureDoesNotMatch");
  const sum = request.headers["content-md5"];
  const came = fault === "flip" && asked.operation === "UploadPart" ? flipped(body) : body;
  if (sum !== undefined && sum !== md5(came).toString("base64")) return refuse(400, "BadDigest");
  const answer = (status: number, headers: Record<string, string>, content?: string | Buffer): void => void (fault === "lose" ? request.socket.destroy() : response.writeHead(status, headers).end(content));
  OPERATIONS[asked.operation]({ state, asked, body, fault, request, response, answer, refuse });
}

interface Call {
  readonly state: S3Server;
  readonly asked: Asked;
  readonly body: Buffer;
  readonly fault: Fault;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  answer(status: number, headers: Record<string, string>, content?: string | Buffer): void;
  refuse(status: number, code: string): void;
}

function keep({ state, asked: { key }, fault }: Call, bytes: Buffer, etag: string): Kept {
  const kept = { bytes: fault === "flip" ? flipped(bytes) : bytes, etag: state.opaque ? randomBytes(16).toString("hex") : fault === "flip" ? md5(flipped(bytes)).toString("hex") : etag, at: new Date() };
  state.objects.set(key, kept);
  return kept;
}

function give(call: Call): void {
  const { state, asked, fault, request, response, answer, refuse } = call;
  const kept = state.objects.get(asked.key);
  if (kept === undefined) return asked.method === "HEAD" ? answer(404, {}) : refuse(404, "NoSuchKey");
  if (request.headers["if-match"] !== undefined && request.headers["if-match"] !== `"${kept.etag}"`) return refuse(412, "PreconditionFailed");
  const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? "")?.[1] ?? 0);
  const bytes = (fault === "flip" ? flipped(kept.bytes) : kept.bytes).subarray(from);
  const headers = { etag: `"${kept.etag}"`, "content-length": String(bytes.length), "last-modified": kept.at.toUTCString(), ...(from > 0 ? { "content-range": `bytes ${from}-${kept.bytes.length - 1}/${kept.bytes.length}` } : {}) };
  if (asked.method === "HEAD") return answer(200, headers);
  if (fault !== "cut" && fault !== "stall") return answer(from > 0 ? 206 : 200, headers, bytes);
  response.writeHead(from > 0 ? 206 : 200, headers);
  response.write(bytes.subarray(0, Math.ceil(bytes.length / 2)), () => void (fault === "cut" && response.destroy()));
}

/** Two to a page, so that paging is needed. */
function listObjects({ state, asked: { query }, answer }: Call): void {
  const prefix = query.get("prefix") ?? "";
  const after = query.get("continuation-token") ?? "";
  const names = [...state.objects.keys()].filter((name) => name.startsWith(prefix) && !name.slice(prefix.length).includes("/") && name > after).sort();
  const page = names.slice(0, 2);
  const more = names.length > 2 ? `<NextContinuationToken>${escape(page.at(-1) ?? "")}</NextContinuationToken>` : "";
  const contents = page.map((name) => `<Contents><Key>${escape(name)}</Key><LastModified>${state.objects.get(name)?.at.toISOString()}</LastModified><Size>${state.objects.get(name)?.bytes.length}</Size></Contents>`);
  answer(200, { "content-type": "application/xml" }, xml("ListBucketResult", `<IsTruncated>${names.length > 2}</IsTruncated>${more}${contents.join("")}`));
}

function complete(call: Call): void {
  const { state, asked, body, answer, refuse } = call;
  const upload = state.uploads.get(asked.query.get("uploadId") ?? "");
  if (upload === undefined) return refuse(404, "NoSuchUpload");
  const named = [...body.toString().matchAll(/<Part>.*?<\/Part>/gs)].map(([part]) => ({ number: Number(/<PartNumber>(\d+)</.exec(part)?.[1]), etag: /<ETag>(?:&quot;|")?([0-9a-f]{32})/.exec(part)?.[1] }));
  const parts = named.map(({ number, etag }) => ({ bytes: upload.parts.get(number), etag }));
  if (parts.some(({ bytes, etag }) => bytes === undefined || md5(bytes).toString("hex") !== etag)) return refuse(400, "InvalidPart");
  const all = parts.flatMap(({ bytes }) => bytes ?? []);
  state.uploads.delete(asked.query.get("uploadId") ?? "");
  const { etag } = keep(call, Buffer.concat(all), `${md5(Buffer.concat(all.map(md5))).toString("hex")}-${all.length}`);
  answer(200, { "content-type": "application/xml" }, xml("CompleteMultipartUploadResult", `<Key>${escape(asked.key)}</Key><ETag>&quot;${etag}&quot;</ETag>`));
}

const OPERATIONS: Readonly<Record<Asked["operation"], (call: Call) => void>> = {
  PutObject: (call) => call.answer(200, { etag: `"${keep(call, call.body, md5(call.body).toString("hex")).etag}"` }),
  GetObject: give,
  HeadObject: give,
  DeleteObject: ({ state, asked, answer }) => {
    state.objects.delete(asked.key);
    answer(204, {});
  },
  ListObjectsV2: listObjects,
  CreateMultipartUpload: ({ state, asked, answer }) => {
    const id = randomBytes(8).toString("hex");
    state.uploads.set(id, { key: asked.key, parts: new Map(), begunAt: new Date() });
    answer(200, { "content-type": "application/xml" }, xml("InitiateMultipartUploadResult", `<Key>${escape(asked.key)}</Key><UploadId>${id}</UploadId>`));
  },
  UploadPart: ({ state, asked, body, answer, refuse }) => {
    const upload = state.uploads.get(asked.query.get("uploadId") ?? "");
    if (upload === undefined) return refuse(404, "NoSuchUpload");
    upload.parts.set(Number(asked.query.get("partNumber")), body);
    answer(200, { etag: `"${md5(body).toString("hex")}"` });
  },
  CompleteMultipartUpload: complete,
  AbortMultipartUpload: ({ state, asked, answer }) => {
    state.uploads.delete(asked.query.get("uploadId") ?? "");
    answer(204, {});
  },
  ListMultipartUploads: ({ state, asked: { query }, answer }) => {
    const uploads = [...state.uploads].filter(([, { key }]) => key.startsWith(query.get("prefix") ?? ""));
    answer(200, { "content-type": "application/xml" }, xml("ListMultipartUploadsResult", uploads.map(([id, { key, begunAt }]) => `<Upload><Key>${escape(key)}</Key><UploadId>${id}</UploadId><Initiated>${begunAt.toISOString()}</Initiated></Upload>`).join("")));
  },
};
