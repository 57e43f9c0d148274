import type { FastifyInstance, FastifyReply } from "fastify";
import { formatAmount } from "../currency.ts";
import type { Charge } from "../shapes/charge.ts";
import type { World } from "../world.ts";
import { scopeOf } from "../world.ts";
import { answerOnPage, showChallenge } from "./challenge-page.ts";
import { payCheckout, showCheckout } from "./checkout-page.ts";
import { PAGE_HEADERS, html, page } from "./html.ts";
import type { PageAnswer } from "./invoice-page.ts";
import { payInvoice, showInvoice } from "./invoice-page.ts";

/** The pages a customer sees: invoice, Checkout, 3-D Secure, receipt. */
export function addPages(server: FastifyInstance, world: World): void {
  server.get<{ Params: { account: string; token: string } }>("/i/:account/:token", async (request, reply) => send(reply, showInvoice(world, request.params.account, request.params.token)));
  server.post<{ Params: { account: string; token: string } }>("/i/:account/:token", async (request, reply) =>
    send(reply, payInvoice(world, request.params.account, request.params.token, (request.body ?? {}) as Record<string, unknown>)));
  server.get<{ Params: { id: string } }>("/c/pay/:id", async (request, reply) => send(reply, showCheckout(world, request.params.id)));
  server.post<{ Params: { id: string } }>("/c/pay/:id", async (request, reply) => send(reply, payCheckout(world, request.params.id, (request.body ?? {}) as Record<string, unknown>)));
  server.get<{ Params: { id: string } }>("/authenticate/:id", async (request, reply) => send(reply, showChallenge(world, request.params.id)));
  server.post<{ Params: { id: string } }>("/authenticate/:id", async (request, reply) => send(reply, answerOnPage(world, request.params.id, (request.body ?? {}) as Record<string, unknown>)));
  server.get<{ Params: { id: string } }>("/receipts/:id", async (request, reply) => send(reply, receipt(world, request.params.id)));
}

function send(reply: FastifyReply, answer: PageAnswer): FastifyReply {
  reply.code(answer.status).headers(PAGE_HEADERS);
  return (answer.location === undefined ? reply : reply.header("location", answer.location)).send(answer.html);
}

function receipt(world: World, id: string): PageAnswer {
  for (const livemode of [false, true]) {
    const found = world.objects.get(scopeOf(world.settings.account, livemode), id);
    if (found?.object !== "charge") continue;
    const charge = found as Charge;
    const back = charge.amount_refunded > 0 ? html`<p>Refunded: ${formatAmount(charge.amount_refunded, charge.currency)}</p>` : "";
    return { status: 200, html: page("Receipt", html`<h1>Receipt from ${world.settings.merchantName}</h1><p class="amount">${formatAmount(charge.amount, charge.currency)}</p><p>${charge.description ?? ""}</p>${back}`) };
  }
  return { status: 404, html: page("Not found", html`<h1>There is no such receipt.</h1>`) };
}
