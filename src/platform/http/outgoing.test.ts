import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, it, onTestFinished } from "vitest";
import { askOutside, isPrivateAddress, type Outgoing } from "./outgoing.ts";

it.each(["127.0.0.1", "10.1.2.3", "172.31.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1", "255.255.255.255", "::1", "::", "fe80::1", "fd00::1", "ff02::1", "::ffff:10.0.0.1", "::ffff:a00:1", "64:ff9b::169.254.169.254"])("%s is inside", (address) => {
  expect(isPrivateAddress(address)).toBe(true);
});

it.each(["1.1.1.1", "172.32.0.1", "192.169.0.1", "100.128.0.1", "2606:4700::1111", "::ffff:1.1.1.1", "64:ff9b::101:101"])("%s is outside", (address) => {
  expect(isPrivateAddress(address)).toBe(false);
});

async function server(answer: (path: string) => { status: number; body?: string; headers?: Record<string, string> }): Promise<{ url: string; asked: string[] }> {
  const asked: string[] = [];
  const made = createServer((request, response) => {
    asked.push(`${request.method} ${request.url} ${request.headers.host}`);
    const { status, body, headers } = answer(request.url ?? "");
    response.writeHead(status, headers).end(body ?? "");
  });
  await new Promise<void>((resolve) => made.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    made.closeAllConnections();
    made.close();
  });
  return { url: `http://localhost:${(made.address() as AddressInfo).port}`, asked };
}

const request = (url: string, over: Partial<Outgoing> = {}): Outgoing => ({ method: "POST", url, headers: {}, body: "{}", timeoutMs: 2000, allowPrivate: true, ...over });

it("asks, follows no redirect, and reads no more than it keeps", async () => {
  const { url, asked } = await server((path) => (path === "/away" ? { status: 302, headers: { location: "/elsewhere" } } : { status: 200, body: "x".repeat(1_000_000) }));
  expect(await askOutside(request(`${url}/away`))).toMatchObject({ kind: "answered", status: 302 });
  const large = await askOutside(request(`${url}/large?a=b`));
  expect(large).toMatchObject({ kind: "answered", status: 200 });
  expect(large.kind === "answered" ? large.body.length : 0).toBeLessThanOrEqual(16 * 1024);
  expect(asked).toEqual([`POST /away ${new URL(url).host}`, `POST /large?a=b ${new URL(url).host}`]);
});

it.each(["http://localhost:1/", "http://127.0.0.1:1/", "http://[::1]:1/", "http://[::ffff:127.0.0.1]:1/", "http://0x7f000001:1/", "http://2130706433:1/", "http://169.254.169.254/latest/meta-data"])("%s is asked by nobody unless allowed", async (url) => {
  expect(await askOutside(request(url, { allowPrivate: false }))).toMatchObject({ kind: "forbidden" });
});

it("tells nobody there from a name that is none, and says no address", async () => {
  const secret = "sEcReT0123";
  expect(await askOutside(request(`http://127.0.0.1:9/${secret}`))).toEqual({ kind: "away", reason: "cannot be reached (ECONNREFUSED)" });
  expect(await askOutside(request(`http://nowhere.invalid/${secret}`))).toEqual({ kind: "away", reason: "its name cannot be looked up" });
  expect(await askOutside(request("ftp://example.com/x"))).toMatchObject({ kind: "forbidden" });
});
