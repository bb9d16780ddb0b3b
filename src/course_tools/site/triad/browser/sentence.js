// Step 1: a sentence, chosen or typed.
import { choice, el } from "./dom.js";

const LONGEST = 56; // 64 positions, less what stands around a text

export function sentence(place, shared) {
  const { say, sentences } = shared;
  const note = el("p", { className: "note", role: "status" });
  const field = el("input", { type: "text", maxLength: LONGEST, autocomplete: "off", lang: shared.lang });
  const options = sentences.map((one, n) => [n, one.lang === shared.lang ? one.text : say("of_block_lesson", { text: one.text })]);
  const choose = (n) => { field.value = sentences[n].text; note.textContent = ""; shared.choose(sentences[n]); };
  const type = () => {
    const text = field.value.trim(), unknown = shared.reader.unknown(text);
    note.textContent = !text ? say("empty") : unknown.length ? say("unknown", { characters: unknown.join(say("comma")) }) : "";
    if (text) shared.choose(sentences.find((one) => one.text === text) ?? typed(text, shared));
  };
  let waiting;
  const later = () => { clearTimeout(waiting); waiting = setTimeout(type, 300); };
  field.addEventListener("input", (event) => event.isComposing || later());
  field.addEventListener("compositionend", later);
  field.value = shared.chosen.text;
  place.append(choice(say("choose"), options, 0, choose), el("label", { className: "control" }, el("span", {}, say("type")), field), note);
}

/** A sentence of one's own: each character can be the blank, and exchanged for any of the offered sentences. */
function typed(text, shared) {
  const all = [...new Set(shared.sentences.filter((one) => one.lang === shared.lang).flatMap((one) => [...one.text]))].sort();
  const words = [...text].map((word, at) => ({ name: "", at, word, choices: all.filter((other) => other !== word) }));
  const blanks = Object.fromEntries([...text].map((_, at) => [at, { at }]));
  return { lang: shared.lang, text, blanks, words, translation: null };
}
