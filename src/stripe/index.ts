/** Stripe as it is: signatures, and the only place that may name its SDK. */
export { type EndpointSecret, signatureHeader, TOLERANCE_S, type Verdict, verifySignature } from "./signature.ts";
