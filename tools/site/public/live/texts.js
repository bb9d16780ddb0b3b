// Messages and numbers as Python writes them.

/** Fill a message's {places}; {{ and }} stand for braces. */
export const fill = (message, values) =>
  message.replace(/\{\{|\}\}|\{(\w+)\}/g, (found, name) => (name === undefined ? found[0] : values[name]));

/** f"{number:,.2f}": commas, so many digits, a tie to the even digit. */
export function fixed(number, digits) {
  let text = number.toFixed(digits);
  const [, rest] = number.toFixed(digits + 60).split(".");
  const isTie = rest && /^50*$/.test(rest.slice(digits));
  if (isTie) {
    const [low, high] = [-0.5, 0.5].map((step) => (number + step / 10 ** digits).toFixed(digits));
    text = Number(low.at(-1)) % 2 === 0 ? low : high;
  }
  const [whole, part] = text.split(".");
  const grouped = whole.replace(/\B(?=(\d{3})+(?!\d))/g, ",");
  return part === undefined ? grouped : `${grouped}.${part}`;
}
