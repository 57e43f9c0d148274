/** What a language model's words must stand up to before they are shown beside the figures they were made from. */
export type WordsVerdict = { readonly kind: "good"; readonly text: string } | { readonly kind: "bad"; readonly reason: string };

const MAX_WORDS = 700;

/** A letter that is none of these is refused, unless the figures hold it: digits of other scripts, invisible characters, signs of fractions. */
const PLAIN = /[A-Za-z0-9 .,;:!?'"()%+$€£¥‘’“”–—−-]/u;
const MARKUP = /[<>{}[\]`*_#|\\&~^=@]|\/\/|\bwww\b|\b(?:https?|mailto|javascript|data|ftp):|[a-z0-9]\.[a-z]{2,}/i;

/**
 * Numbers in words carry claims past a check of digits. English first, then the commonest of languages that are written
 * with the same letters; "one" is caught by `ONE`, since it is also just a word.
 */
const SPELLED = new RegExp(
  `\\b(?:${[
    "(?:zero|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|(?:thir|four|fif|six|seven|eigh|nine)teen|dozen|half|third|quarter|fourth|fifth|sixth|eighth|ninth|twelfth)(?:s|es|th|ths|ly|fold)?",
    "(?:twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety|twent|thirt|fort|fift|sixt|sevent|eight|ninet)(?:ies|ieths?|[a-z]*)",
    "[a-z]*(?:hundred|thousand|million|billion|trillion)[a-z]*|(?:hal[fv]|doubl|tripl|trebl|quadrupl|quintupl)(?:e|es|ed|ing)|twice|thrice|[a-z]+fold|basis points?|bps|per ?mille?|a couple|a score|umpteen",
    "[a-z]*(?:zwanzig|dreissig|vierzig|sechzig|siebzig|achtzig|neunzig|hundert|tausend|prozent)[a-z]*|zwei|drei|vier|sechs|sieben|acht|neun|zehn|elf|doppelt",
    "deux|trois|quatre|cinq|sept|huit|neuf|dix|onze|douze|quinze|vingt|trente|quarante|cinquante|soixante|cents?|mille|demi",
    "dos|tres|cuatro|cinco|seis|siete|ocho|nueve|diez|veinte|treinta|cuarenta|cincuenta|cien|ciento|mitad|tre|quattro|cinque|sette|otto|nove|dieci|venti|trenta|cento|dois|quatro|sete|oito|dez|vinte|metade|twee|drie|vijf|zes|zeven|negen|tien|twintig|dertig|honderd|helft",
  ].join("|")})\\b`,
  "giu",
);

/** "One" as a quantity: before what is counted or divided. */
const ONE = /\b(?:one|a|single)[ -](?:per ?cent|%|percent\w*|in|out|of every|third|half|quarter|fifth|tenth|hundred|thousand|million|billion|dozen|point|score)\b|\bone\b(?! another)|\bonce in\b/i;

const ROMAN = /\b[IVXLCDM]{2,}\b/;

interface Quantity {
  /** Digits and point, separators of thousands taken out. */
  readonly digits: string;
  readonly negative: boolean;
  readonly percent: boolean;
  /** The currency's sign that stands before it, or nothing. */
  readonly currency: string;
}

function quantities(text: string): Quantity[] {
  return [...text.matchAll(/(?<before>[-−–]?)(?<currency>[$€£¥]?)(?<digits>\d[\d.,]*)(?<after>\s*%)?/gu)].map((found) => {
    const { before = "", currency = "", digits = "", after } = found.groups ?? {};
    const attached = /[\p{L}\d]$/u.test(text.slice(0, found.index));
    return { digits: digits.replaceAll(",", "").replace(/\.+$/, ""), negative: before !== "" && !attached, percent: after !== undefined, currency };
  });
}

const same = (one: Quantity, other: Quantity): boolean => one.digits === other.digits && one.negative === other.negative && one.percent === other.percent && (one.currency === other.currency || one.currency === "");

const plain = (text: string): string => text.replace(/\bper ?cents?\b/gi, "%").replaceAll(/[−–]/g, "-").replaceAll(/\s+/g, " ").replaceAll(" %", "%").toLowerCase();

/** Two numbers that make a third by standing beside each other: "3 in 4", "1/3", "1 200", "2 x 5". Ranges join with "to" and "and". */
const JOINED = /\d[\d.,]*%? ?(?:in|out of|of|for every|:|\/|x|×|±|times|by|per|'|’|-| )+ ?[$€£¥]?\d[\d.,]*/gi;

/**
 * May these words be shown? Every number must be among the figures: the same digits, sign, per cent or not, and no other
 * currency. Numbers in words, as fractions or put together from two are refused unless the figures say the very same.
 * No reason quotes the words: they are somebody else's, and may be anything.
 *
 * @param figures the sentences that the words were made from.
 */
export function checkWords(words: string, figures: readonly string[]): WordsVerdict {
  const bad = (reason: string): WordsVerdict => ({ kind: "bad", reason });
  const text = words.replace(/[ \t\r\n]+/g, " ").trim();
  if (text === "") return bad("there were none");
  if (text.length > MAX_WORDS) return bad(`they were longer than ${MAX_WORDS} characters`);
  if (MARKUP.test(text)) return bad("they held markup or a link");
  const given = figures.join(" ; ");
  if (Array.from(text).some((letter) => !PLAIN.test(letter) && (/[\p{N}\p{C}]/u.test(letter) || !given.includes(letter)))) return bad("they held characters that are not plain English");
  if (/\p{L}\d|\d\p{L}/u.test(text) || /(?:\b[a-z] ){4,}/i.test(text)) return bad("they held a number that was not given");
  const source = plain(given);
  const said = plain(text);
  const known = figures.flatMap((figure) => quantities(plain(figure)));
  if (quantities(said).some((quantity) => !known.some((one) => same(quantity, one)))) return bad("they held a number that was not given");
  if ([...said.matchAll(JOINED)].some(([joined]) => !source.includes(joined))) return bad("they put numbers together that were given apart");
  const spelled = [...said.matchAll(SPELLED)].map(([word]) => word);
  if (spelled.some((word) => !new RegExp(`\\b${word}\\b`, "u").test(source)) || ROMAN.test(text)) return bad("they held a number in words that was not given");
  if (ONE.test(said) && !ONE.test(source)) return bad("they held a number in words that was not given");
  return { kind: "good", text };
}
