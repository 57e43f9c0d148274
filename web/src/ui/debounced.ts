import { useEffect, useState } from "react";

/** The value as it is once it has been still for a while: no request for each letter or each step of a slider. */
export function useDebounced<T>(value: T, ms: number): T {
  const [still, setStill] = useState(value);
  const name = JSON.stringify(value);
  useEffect(() => {
    const timer = window.setTimeout(() => setStill(value), ms);
    return () => window.clearTimeout(timer);
    // By content: an object that is made anew with each drawing is no change.
    // oxlint-disable-next-line react-hooks/exhaustive-deps -- see above
  }, [name, ms]);
  return still;
}
