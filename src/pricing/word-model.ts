import { askOutside, type Secret } from "../platform/index.ts";
import type { WordModel, Wording } from "./wording.ts";

export interface WordModelSettings {
  /** Of an OpenAI-compatible endpoint, up to and with its version: `https://api.example.com/v1`. */
  readonly url: string;
  readonly model: string;
  readonly timeoutMs: number;
  /** The endpoint may be inside this machine or its networks. */
  readonly allowPrivate: boolean;
  /** Null: it asks for none. */
  readonly key: Secret | null;
}

const MOST_ASKED_BYTES = 8 * 1024;
const MOST_TOKENS = 300;

function record(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Readonly<Record<string, unknown>>) : {};
}

/** `choices[0].message.content` of a chat completion; null for anything else. */
function contentOf(body: string): string | null {
  let parsed: unknown;
  try {
    parsed = JSON.parse(body);
  } catch {
    return null;
  }
  const choices = record(parsed)["choices"];
  const content = record(record(Array.isArray(choices) ? choices[0] : null)["message"])["content"];
  return typeof content === "string" ? content : null;
}

/** A model behind an OpenAI-compatible endpoint (`POST …/chat/completions`). Asked once, without retries; its answer is bounded. */
export function chatModel({ url, model, timeoutMs, allowPrivate, key }: WordModelSettings): WordModel {
  const none = (reason: string): Wording => ({ kind: "none", reason });
  return {
    name: model,
    ask: async (system, user) => {
      const body = JSON.stringify({ model, temperature: 0, max_tokens: MOST_TOKENS, stream: false, messages: [{ role: "system", content: system }, { role: "user", content: user }] });
      if (Buffer.byteLength(body) > MOST_ASKED_BYTES) return none("the figures are too many to be sent");
      const headers = { "content-type": "application/json", accept: "application/json", ...(key === null ? {} : { authorization: `Bearer ${key.reveal()}` }) };
      const answered = await askOutside({ method: "POST", url: `${url.replace(/\/+$/, "")}/chat/completions`, headers, body, timeoutMs, allowPrivate });
      if (answered.kind !== "answered") return none(`the language model: ${answered.reason}`);
      if (answered.status !== 200) return none(`the language model answered with status ${answered.status}`);
      const content = contentOf(answered.body);
      if (content === null) return none("the language model's answer could not be read");
      // An endpoint that sends back what it was sent must not put the key on a page.
      if (key !== null && content.replaceAll(/\s/g, "").toLowerCase().includes(key.reveal().toLowerCase())) return none("the language model's answer held what must not be shown");
      return { kind: "words", text: content };
    },
  };
}
