import { stripeTrouble } from "./trouble.ts";

/** Runs a call of the SDK. @throws StripeTrouble */
export async function askStripe<T>(call: Promise<T>): Promise<T> {
  try {
    return await call;
  } catch (error) {
    throw stripeTrouble(error);
  }
}
