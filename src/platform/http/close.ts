import type { Server } from "node:http";

const SWEEP_MS = 50;

/**
 * Lets requests under way end, then ends. `server.close` closes connections that are idle now, not those that become
 * idle later: without the sweep a keep-alive connection would hold the process for its whole idle time.
 *
 * @returns to be called when the server has closed.
 */
export function drain(server: Server, limitMs: number): () => void {
  const sweep = setInterval(() => server.closeIdleConnections(), SWEEP_MS);
  const cut = setTimeout(() => server.closeAllConnections(), limitMs);
  return () => {
    clearInterval(sweep);
    clearTimeout(cut);
  };
}
