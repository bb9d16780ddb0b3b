// Numbers as people type them, exact: helpers/language/typed_numbers.py, rule by rule.

const NUMBER = /^([+-]?(?:[0-9]{1,3}(?:,[0-9]{3})+(?![0-9])|[0-9]+(?=\.?)|(?=\.[0-9]))(?:\.[0-9]*)?(?:[eE][+-]?[0-9]{1,3})?)\s*([千万萬億亿兆]*)\s*([^\n]*)$/u;
const SCALE = { 千: 3, 万: 4, 萬: 4, 億: 8, 亿: 8, 兆: 12 };
const DIGITS = Object.fromEntries(
  ["〇零", "一", "二兩两", "三", "四", "五", "六", "七", "八", "九"].flatMap((names, n) => [...names].map((c) => [c, n])),
);
const TENS = { 十: 10n, 百: 100n, 千: 1000n };

/** The text is no number; rest: what stands behind the number, if there was one. */
export class NotANumber extends Error {
  constructor(rest = "") {
    super(rest);
    this.rest = rest;
  }
}

/** Read １２．５, 12万, 三十六, "12.2 GiB" (a unit of units); raised: characters such as ². */
export function readNumber(typed, units, raised) {
  if ([...typed].some((c) => raised.includes(c))) throw new NotANumber();
  let text = plain(typed);
  const unit = units.filter((u) => text.endsWith(u)).reduce((a, b) => (b.length > a.length ? b : a), "");
  text = text.slice(0, text.length - unit.length).trimEnd();
  const isNumeral = [...text].every((c) => c in DIGITS || c in TENS || c in SCALE);
  if (text && isNumeral && !"万萬億亿兆".includes(text[0])) return { digits: numeral(text), exponent: 0 };
  const found = NUMBER.exec(text);
  if (!found || !/^(?:$|\p{L}|%$)/u.test(found[3])) throw new NotANumber();
  if (found[3]) throw new NotANumber(found[3]);
  const exponent = [...found[2]].reduce((sum, c) => sum + SCALE[c], 0);
  const number = decimal(found[1].replaceAll(",", ""));
  return { ...number, exponent: number.exponent + exponent };
}

/** Full-width characters and the minus sign become ASCII's. */
export const plain = (text) => text.normalize("NFKC").replaceAll("\u2212", "-").trim();

/** "12.5e3" as digits · 10^exponent, exactly. */
export function decimal(text) {
  const [, sign, whole, part = "", power = "0"] = /^([+-]?)([0-9]*)\.?([0-9]*)(?:[eE]([+-]?[0-9]+))?$/.exec(text);
  return { digits: BigInt(`${sign === "-" ? "-" : ""}${whole}${part}` || 0), exponent: Number(power) - part.length };
}

/** Is |a − b| ≤ tolerance?  Exactly: 12.3 lies within 0.1 of 12.2, which it does not in binary. */
export function isNear(a, b, tolerance) {
  const lowest = Math.min(a.exponent, b.exponent, tolerance.exponent);
  const [x, y, most] = [a, b, tolerance].map((n) => n.digits * 10n ** BigInt(n.exponent - lowest));
  return (x > y ? x - y : y - x) <= most;
}

// 三十六 → 36, 二〇 → 20, 一千零二十四 → 1024, 十二万 → 120000
function numeral(text) {
  let total = 0n, section = 0n, digits = 0n;
  for (const c of text) {
    if (c in DIGITS) digits = 10n * digits + BigInt(DIGITS[c]);
    else if (c in TENS) [section, digits] = [section + (digits || 1n) * TENS[c], 0n];
    else {
      total += (section + digits) * 10n ** BigInt(SCALE[c]);
      section = digits = 0n;
    }
  }
  return total + section + digits;
}
