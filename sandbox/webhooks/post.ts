import http from "node:http";
import https from "node:https";
import type { AttemptResult } from "./schedule.ts";

/** Sends one delivery. Never throws: what goes wrong is a result like any other. */
export type Post = (url: string, body: string, headers: Record<string, string>, timeoutMs: number) => Promise<AttemptResult>;

/** Over kept-alive connections; plain `node:http`, because a load test sends thousands a second. */
export function httpPost(connections: number): { post: Post; close: () => void } {
  const agents = {
    "http:": new http.Agent({ keepAlive: true, maxSockets: connections }),
    "https:": new https.Agent({ keepAlive: true, maxSockets: connections }),
  };
  const post: Post = (url, body, headers, timeoutMs) =>
    new Promise((resolve) => {
      const target = new URL(url);
      const secure = target.protocol === "https:";
      const request = (secure ? https : http).request(
        target,
        { method: "POST", agent: agents[secure ? "https:" : "http:"], timeout: timeoutMs, headers: { ...headers, "content-length": String(Buffer.byteLength(body)) } },
        (response) => {
          response.resume();
          response.on("end", () => resolve({ kind: "status", status: response.statusCode ?? 0 }));
          response.on("error", (error) => resolve({ kind: "unreachable", reason: error.message }));
        },
      );
      request.on("timeout", () => request.destroy(new Error(`no answer within ${timeoutMs} ms`)));
      request.on("error", (error) => resolve({ kind: "unreachable", reason: error.message }));
      request.end(body);
    });
  return {
    post,
    close: () => {
      agents["http:"].destroy();
      agents["https:"].destroy();
    },
  };
}
