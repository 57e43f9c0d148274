import { createServer, type Socket } from "node:net";
import { onTestFinished } from "vitest";

export interface ReceivedMail {
  readonly from: string;
  readonly to: string;
  /** Headers and body, as they came. */
  readonly text: string;
}

/** What the server does with the next mails, in order; takes them when there is nothing left. */
export type Behaviour = "take" | "refuse_login" | "refuse_recipient" | "try_later" | "take_and_vanish" | "refuse_connection";

/** A mail server as small as SMTP allows: takes mail on a free port, or misbehaves as told. */
export async function mailServer(): Promise<{ port: number; mails: ReceivedMail[]; next(...behaviours: Behaviour[]): void }> {
  const mails: ReceivedMail[] = [];
  const queue: Behaviour[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket)).on("error", () => {});
    serve(socket, queue.shift() ?? "take", mails);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const address = server.address();
  return { port: typeof address === "object" && address !== null ? address.port : 0, mails, next: (...behaviours) => void queue.push(...behaviours) };
}

function serve(socket: Socket, behaviour: Behaviour, mails: ReceivedMail[]): void {
  const say = (line: string): void => void socket.write(`${line}\r\n`);
  if (behaviour === "refuse_connection") {
    say("421 busy");
    socket.end();
    return;
  }
  say("220 test");
  let [buffer, from, to, text] = ["", "", "", ""];
  let inText = false;
  socket.on("data", (chunk: Buffer) => {
    buffer += chunk.toString("utf8");
    for (let end = buffer.indexOf("\r\n"); end !== -1; end = buffer.indexOf("\r\n")) {
      const line = buffer.slice(0, end);
      buffer = buffer.slice(end + 2);
      if (inText) {
        if (line !== ".") {
          // A line that begins with a dot came with a second one (RFC 5321, 4.5.2).
          text += `${line.startsWith(".") ? line.slice(1) : line}\n`;
          continue;
        }
        inText = false;
        mails.push({ from, to, text });
        if (behaviour === "take_and_vanish") socket.destroy();
        else say("250 taken");
      } else if (/^(EHLO|HELO)/i.test(line)) say(behaviour === "refuse_login" ? "250-test\r\n250 AUTH PLAIN" : "250 test");
      // Worse than any real one: it says back what it was given, as it came and in plain.
      else if (/^AUTH/i.test(line)) say(`535 no: ${line} ${Buffer.from(line.slice("AUTH PLAIN ".length), "base64").toString().replaceAll("\0", " ")}`);
      else if (/^MAIL FROM/i.test(line)) {
        from = line;
        say("250 ok");
      } else if (/^RCPT TO/i.test(line)) {
        to = line;
        say(behaviour === "refuse_recipient" ? "550 no such user" : behaviour === "try_later" ? "451 later" : "250 ok");
      } else if (/^DATA/i.test(line)) {
        inText = true;
        say("354 go on");
      } else if (/^QUIT/i.test(line)) {
        say("221 bye");
        socket.end();
      } else say("250 ok");
    }
  });
}
