import type { IncomingMessage, ServerResponse } from "node:http";
import type { Http } from "./http.ts";
import { requestIds } from "./request-id.ts";

export type FastHandler = (request: IncomingMessage, response: ServerResponse, requestId: string) => void;

/**
 * Answers one method and path straight on the server, before the shell: for the one route where the shell would cost as
 * much as the work. The handler bounds and answers for itself; the server's limits on connections, headers and times
 * hold. To be called before `listen`.
 */
export function fastPath(http: Http, method: "GET" | "POST", path: string, handler: FastHandler): void {
  const ids = requestIds();
  // The shell's own routes must know the address, so that another method there is told 405 and not 404.
  http.route({ method, url: path, schema: { hide: true }, handler: (_request, reply) => reply.code(500).send() });
  const listeners = http.server.listeners("request");
  http.server.removeAllListeners("request");
  http.server.on("request", (request, response) => {
    const { url } = request;
    if (request.method === method && (url === path || url?.startsWith(`${path}?`) === true)) handler(request, response, ids(request));
    else for (const listener of listeners) listener.call(http.server, request, response);
  });
}
