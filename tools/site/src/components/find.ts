/** A heading of a page, and the text below it; also: other names of what it speaks of. */
export interface Entry {
  page: string;
  anchor: string;
  heading: string;
  text: string;
}

const fold = (text: string) => text.normalize("NFKC").toLowerCase().replace(/\s+/g, "");
const count = (text: string, part: string) => text.split(part).length - 1;

/** Entries that hold every part of what is asked: those first in whose headings more parts stand. */
export function find(entries: Entry[], asked: string): Entry[] {
  const parts = asked.trim().split(/\s+/).map(fold).filter(Boolean);
  if (!parts.length) return [];
  const scored = entries.map((entry) => {
    const heading = fold(entry.heading), whole = heading + fold(entry.text);
    const each = parts.map((part) => count(whole, part));
    const sum = each.every(Boolean) ? each.reduce((total, one) => total + one) : 0;
    return { entry, sum, inHeading: parts.filter((part) => heading.includes(part)).length };
  });
  const better = (a: typeof scored[0], b: typeof scored[0]) => b.inHeading - a.inHeading || b.sum - a.sum;
  return scored.filter(({ sum }) => sum).sort(better).map(({ entry }) => entry);
}
