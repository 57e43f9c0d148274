import { createServer } from "node:http";

/** What intake is measured against: a server that reads the same bodies and drops them. */
createServer((request, response) => {
  request.on("data", () => {});
  request.on("end", () => response.end("ok"));
}).listen(Number(process.argv[2]), "127.0.0.1");
