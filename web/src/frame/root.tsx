import { useEffect, useRef } from "react";
import { Problem } from "../api/client.ts";
import { text } from "../text/frame.ts";
import { ProblemBox } from "../ui/problem.tsx";
import { Waiting } from "../ui/waiting.tsx";
import { Shell } from "./shell.tsx";
import { SignIn } from "./sign-in.tsx";
import { useWho } from "./who.ts";

/** Signed in: the frame and the page. Not signed in: the way in. Nobody answers: that, and another try. */
export function Root() {
  const who = useWho();
  const was = useRef(false);
  const signedOut = who.error instanceof Problem && who.error.status === 401;
  useEffect(() => {
    if (who.data !== undefined && !signedOut) was.current = true;
  }, [who.data, signedOut]);
  if (signedOut) return <SignIn ended={was.current} />;
  if (who.data !== undefined) return <Shell />;
  return (
    <main className="mx-auto max-w-lg p-6">
      <h1 className="sr-only">{text.product}</h1>
      {who.error === null ? <Waiting what={text.product} /> : <ProblemBox error={who.error} retry={() => void who.refetch()} busy={who.isFetching} />}
    </main>
  );
}
