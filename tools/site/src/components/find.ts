/** A heading of a page, and the text below it; also: other names of what it speaks of. */
export interface Entry {
  page: string;
  anchor: string;
  heading: string;
  text: string;
}

const fold = (text: string) => text.normalize("NFKC").toLowerCase().replace(/\s+/g, "");
const count = (text: string, part: string) => text.split(part).length - 1;

/** Entries that hold every part of what is asked; one in a heading counts ten times. */
export function find(entries: Entry[], asked: string): Entry[] {
  const parts = asked.trim().split(/\s+/).map(fold).filter(Boolean);
  if (!parts.length) return [];
  const scored = entries.map((entry) => {
    const heading = fold(entry.heading), text = fold(entry.text);
    const each = parts.map((part) => 10 * count(heading, part) + count(text, part));
    return { entry, score: each.every(Boolean) ? each.reduce((sum, one) => sum + one) : 0 };
  });
  return scored.filter(({ score }) => score).sort((a, b) => b.score - a.score).map(({ entry }) => entry);
}
