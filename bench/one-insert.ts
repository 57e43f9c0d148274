import { createServer } from "node:http";
import pg from "pg";

/** The plain way on PostgreSQL, for comparison: one insert, one commit per request. */
const pool = new pg.Pool({ connectionString: process.argv[3], max: 16 });
await pool.query("create table one_insert (id text primary key, body bytea not null)");
let number = 0;
createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on("data", (chunk: Buffer) => chunks.push(chunk));
  request.on("end", () => {
    number += 1;
    pool.query("insert into one_insert values ($1, $2)", [`evt_${number}`, Buffer.concat(chunks)]).then(
      () => response.end("ok"),
      () => {
        response.statusCode = 503;
        response.end();
      },
    );
  });
}).listen(Number(process.argv[2]), "127.0.0.1");
