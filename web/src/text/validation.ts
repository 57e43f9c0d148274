/** The words of validation. */
export const text = {
  title: "Validation",
  lead: "Is the whole installation as it should be? Each line was found out by doing what it says: asking Stripe, opening the database, calling the address.",
  asking: "the validation, which asks Stripe and reads the database",
  again: "Look again",
  looking: "Looking…",
  print: "Page to print",
  verdict: { PASS: "Everything is as it should be", WARN: "Works, and could be better", FAIL: "Something must be mended" },
  grade: { PASS: "Pass", WARN: "Improve", FAIL: "Mend" },
  counts: (pass: number, warn: number, fail: number) => `${pass} passed, ${warn} to improve, ${fail} failed`,
  found: "Found out",
  all: "Show what passed too",
  fewer: "Show what to mend alone",
  nothing: { title: "Everything passed", body: "Nothing is to be mended or improved." },
} as const;
