import { connect } from "node:net";

/** Sends bytes as they are and gives back what came until the server closed the connection. */
export async function rawRequest(port: number, bytes: string): Promise<string> {
  const socket = connect(port, "127.0.0.1");
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  let text = "";
  socket.on("data", (chunk: Buffer) => {
    text += chunk.toString("latin1");
  });
  socket.on("close", () => resolve(text));
  socket.on("error", reject);
  socket.write(bytes);
  return await promise;
}
